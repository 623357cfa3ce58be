// Events that functions are invoked with while nobody waits: stored with what caused them, handed
// to a worker when there is one, tried again when the function fails, and in the end told to where
// the function's configuration says. Core thread only.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/api/fields.h"
#include "broker/functions/invocation.h"
#include "broker/service.h"
#include "storage/keys.h"

namespace signalbox::broker::functions {

class Functions;

struct NewEvent {
  std::string request_id;
  std::string payload;
  std::string trace_header;
  std::string qualifier;  // that the function was named with: an alias has limits of its own
};

struct StoredEvent {
  std::string request_id;
  std::string qualifier;
  std::int64_t created_ms = 0;  // the clock of deadlines: its age counts from here
  std::uint32_t attempts = 0;
  std::string trace_header;
  std::string payload;
};
std::string encode_event(const StoredEvent& event);
bool decode_event(std::string_view bytes, StoredEvent& event);

// How long and how often an event is tried, and who is told in the end.
struct EventLimits {
  std::int64_t retries_max = 2;
  std::chrono::seconds age_max{21'600};
  std::optional<std::string> on_success;  // ARNs
  std::optional<std::string> on_failure;
};
// Whether somebody is told of an event that has failed.
bool tells_of_failure(const Function& function, const std::string& qualifier);
EventLimits event_limits(const Function& function, const std::string& qualifier);

class EventReading;

class EventInvocations final : public InvocationOwner {
 public:
  EventInvocations(ServiceHost& host, Functions& functions);
  std::string load(const storage::View& view, Context& ctx);

  // In the open batch: the function is invoked with it once that is durable.
  void accept(const Function& function, NewEvent event, Context& ctx);

  // Own work: the next events of the function that are due.
  Answer<api::Empty> start_due(std::uint64_t function_id, Context& ctx);
  // Its deadline: something is due, or work that was turned away is to be done again.
  void resume(std::uint64_t function_id, Context& ctx);

  void invocation_ended(const Invocation& invocation, Context& ctx) override;
  void has_room(const Function& function, Context& ctx) override;
  void function_deleted(const Function& function, Context& ctx) override;

 private:
  using Place = storage::keys::FunctionEventPlace;
  static constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

  struct Line {
    std::int64_t next_due_ms = never_ms;  // of those that are not running
    bool waits_for_room = false;
    std::uint64_t reading = 0;  // the number of the one under way; 0: none
    std::map<std::pair<std::int64_t, std::uint64_t>, StoredEvent> running;  // by due_ms and number
    Place passed;  // nothing that is not running is stored before this
  };

  void wait_or_start(std::uint64_t function_id, Line& line, Context& ctx);
  void start_read(Function& function, Line& line, EventReading& reading, Context& ctx);
  void start(Function& function, Line& line, const Place& place, StoredEvent event, Context& ctx);
  void retry_or_give_up(const Function& function, Line& line, const Place& place, StoredEvent event,
                        const Outcome& outcome, Context& ctx);
  // What the function's destination for that, and its dead-letter queue, are told.
  void tell(const Function& function, const StoredEvent& event, std::string_view condition,
            const Outcome* outcome, Context& ctx);
  bool send_to(const std::string& arn, const Function& function, std::string body,
               std::string_view condition, Context& ctx);
  bool send_dead_letter(const Function& function, const StoredEvent& event, const Outcome* outcome,
                        Context& ctx);

  ServiceHost& host_;
  Functions& functions_;
  std::unordered_map<std::uint64_t, Line> lines_;  // by function; those with events
  std::uint64_t reading_count_ = 0;
};

}  // namespace signalbox::broker::functions
