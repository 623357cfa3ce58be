// Event source mappings: queues whose messages functions are invoked with, in batches. A mapping
// waits for messages as a client does that polls, and only while its function has room; what the
// function has done is deleted, what it has not comes back when its visibility timeout ends. Core
// thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/api/lambda_mappings.h"
#include "broker/functions/functions.h"
#include "broker/functions/mapping_batch.h"
#include "broker/queue_url.h"

namespace signalbox::broker::functions {

struct Mapping {
  std::uint64_t id = 0;
  const World* world = nullptr;
  wire::EventSourceMappingConfiguration config;
  api::StringMap tags;
  Filters filters;

  // The piece of work that is getting it messages; 0: none.
  std::uint64_t poll = 0;
  std::deque<BatchMessage> gathered;         // for the next batches
  Time gathered_at{};                        // the first of them
  Time gathered_until{};                     // then they are visible again
  std::size_t batch_count = 0;               // with the function
  std::set<std::uint64_t> receives_at_work;  // of FIFO queues: whose messages are with it
  Duration batch_took = Duration::max();     // the last one

  bool is_enabled() const { return config.state == "Enabled"; }
  std::size_t batch_size() const {
    return static_cast<std::size_t>(config.batch_size.value_or(10));
  }
  std::chrono::seconds window() const {
    return std::chrono::seconds(config.maximum_batching_window_in_seconds.value_or(0));
  }
};

struct MappingCounters {
  std::uint64_t batches = 0;   // that functions have ended, and their messages:
  std::uint64_t deleted = 0;   // done
  std::uint64_t failed = 0;    // come again
  std::uint64_t filtered = 0;  // deleted, for no filter matched them
};

class Mappings final : public Service, public InvocationOwner {
 public:
  Mappings(ServiceHost& host, Functions& functions);
  std::string load(const storage::View& view, Context& ctx) override;

  // mappings (mappings.cc)
  Result<wire::EventSourceMappingConfiguration> create_event_source_mapping(
      const wire::CreateEventSourceMappingRequest&, Context&);
  Result<wire::EventSourceMappingConfiguration> get_event_source_mapping(
      const wire::EventSourceMappingRequest&, Context&);
  Result<wire::EventSourceMappingConfiguration> update_event_source_mapping(
      const wire::UpdateEventSourceMappingRequest&, Context&);
  Result<wire::EventSourceMappingConfiguration> delete_event_source_mapping(
      const wire::EventSourceMappingRequest&, Context&);
  Result<wire::ListEventSourceMappingsResponse> list_event_source_mappings(
      const wire::ListEventSourceMappingsRequest&, Context&);

  // tags, of mappings and of functions (mapping_tags.cc)
  Status tag_resource(const wire::TagResourceRequest&, Context&);
  Status untag_resource(const wire::UntagResourceRequest&, Context&);
  Result<wire::ListTagsResponse> list_tags(const wire::ListTagsRequest&, Context&);

  // ---- the engine's side (mapping_polling.cc) ----
  Answer<api::Empty> do_work(std::uint64_t number, Context& ctx);
  // Work that was turned away, or lost, is done again.
  void resume(std::uint64_t mapping_id, Context& ctx);

  void invocation_ended(const Invocation& invocation, Context& ctx) override;
  void has_room(const Function& function, Context& ctx) override;
  void function_deleted(const Function&, Context&) override {}

  MappingCounters counters;

 private:
  struct Work {
    enum class Kind : std::uint8_t { poll, read, remove } kind = Kind::poll;
    std::uint64_t mapping_id = 0;
    std::string queue_arn;
    std::vector<BatchMessage> received;  // to be read
    std::vector<BatchMessage> removed;   // to be deleted
    Time asked{};                        // for the last time
  };
  struct Batch {
    std::uint64_t mapping_id = 0;
    std::string queue_arn;
    std::vector<BatchMessage> messages;  // without their records
    Time started{};
  };

  Result<Mapping*> find(const std::string& uuid, Context& ctx);
  Mapping* find_by_id(std::uint64_t mapping_id);
  Mapping& add(Mapping mapping);
  void store(const Mapping& mapping, Context& ctx);
  Result<Function*> function_of(const std::string& name, Context& ctx);
  Status check(const Mapping& mapping, const Function& function) const;
  // Those of the function, whatever version of it they name.
  static std::string function_key(std::string_view function_arn);

  void kick(Mapping& mapping, Context& ctx);
  std::uint64_t push(Work work, Context& ctx);
  std::size_t free_batches(const Mapping& mapping, const Function& function, Time now) const;
  std::size_t wanted_messages(const Mapping& mapping, const Function& function, Time now) const;
  Answer<api::Empty> poll(std::uint64_t number, Work& work, Context& ctx);
  Answer<api::Empty> read(std::uint64_t number, Work& work, Context& ctx);
  Answer<api::Empty> remove(std::uint64_t number, const Work& work, Context& ctx);
  void end_poll(std::uint64_t number, Mapping& mapping);
  void start_batches(Mapping& mapping, Function& function, Context& ctx);
  std::vector<BatchMessage> next_batch(Mapping& mapping, std::size_t bytes_max) const;
  bool is_ready(const Mapping& mapping, Time now) const;
  std::vector<BatchMessage> receive(const Mapping& mapping, std::size_t wanted,
                                    Answer<api::ReceiveMessageResponse>& last, Context& ctx);
  void end_batch(Mapping& mapping, const Batch& batch, bool has_succeeded, Context& ctx);
  void let_go(const std::vector<BatchMessage>& messages, Context& ctx);
  void let_go(Mapping& mapping, Context& ctx);

  ServiceHost& host_;
  Functions& functions_;
  std::map<std::string, Mapping, std::less<>> by_uuid_;
  std::unordered_map<std::uint64_t, Mapping*> by_id_;
  std::map<std::string, std::set<std::uint64_t>, std::less<>> by_function_;
  std::map<std::uint64_t, Work> work_;
  std::unordered_map<std::uint64_t, Batch> batches_;
  std::uint64_t last_number_ = 0;  // of work, batches and receives
};

}  // namespace signalbox::broker::functions
