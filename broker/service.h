// A service that keeps a state of its own beside the Broker's: its operations are members of its
// class, a row of the operation table each. Owned by the Broker, and as it is: touched in the
// core's turns only, never rolled back, built again from the store when a commit has failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/names.h"
#include "broker/context.h"
#include "broker/deadlines.h"
#include "broker/result.h"
#include "broker/world.h"
#include "storage/store.h"

namespace signalbox::broker {

struct Bus;
struct DeliveryFailure;
struct HandedOut;
struct Outbox;
struct Queue;
struct Settings;

// What is waited for has an id: a queue's own, or one above these.
constexpr std::uint64_t worker_waits = std::uint64_t{1} << 62;      // and a function's id
constexpr std::uint64_t invocation_waits = std::uint64_t{1} << 63;  // and an invocation's number

// What services need of the Broker.
class ServiceHost {
 public:
  virtual ~ServiceHost() = default;

  // The world of a caller, made when it is new. An error: there are too many.
  virtual Result<World*> world_of(const Caller& caller, Context& ctx) = 0;
  // Null: no record of the store names such a world.
  virtual World* world_with_id(std::uint32_t id) const = 0;
  // An id that nothing has; stored as given.
  virtual std::uint64_t new_id(Context& ctx) = 0;
  // Buses of the world that check their events have other schemas to check them against.
  virtual void validation_changed(const World& world) = 0;
  // What is to be done when the decision has been made; whoever waits for something (Wait) is run
  // again by its id among the wakes.
  virtual Outbox& outbox() = 0;
  // Clients that wait for that now.
  virtual std::size_t waiting_count(std::uint64_t wait_id) const = 0;
  virtual Deadlines& deadlines() = 0;
  virtual const Settings& settings() const = 0;
  // Null: there is no such bus.
  virtual Bus* bus_with_arn(const std::string& arn, Context& ctx) = 0;
  virtual Queue* find_queue_by_arn(std::string_view arn) const = 0;

  // Operations, as clients have them.
  virtual Answer<api::ReceiveMessageResponse> receive_message(const api::ReceiveMessageRequest&,
                                                              Context&) = 0;
  virtual Answer<api::DeleteMessageBatchResponse> delete_message_batch(
      const api::DeleteMessageBatchRequest&, Context&) = 0;
  virtual void give_back(const std::vector<HandedOut>& handed_out, Context& ctx) = 0;
  // The same in the name of a caller, not prepared yet; why it could not be, if so.
  virtual Answer<std::optional<DeliveryFailure>> invoke_send_message(api::SendMessageRequest,
                                                                     const Caller&, Context&) = 0;
  virtual std::optional<DeliveryFailure> invoke_put_events(api::PutEventsRequest, const Caller&,
                                                           Context&) = 0;
};

class Service {
 public:
  virtual ~Service() = default;
  // Rebuilds the state from a store, once the Broker has its worlds and buses. Returns an empty
  // string, or what cannot be understood and in which key.
  virtual std::string load(const storage::View& view, Context& ctx) = 0;
};

}  // namespace signalbox::broker
