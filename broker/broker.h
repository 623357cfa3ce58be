// The domain: queues, buses, rules and deliveries. Synchronous and deterministic: no I/O, no
// blocking, no clock but the context's. Touched in the core's turns only (core_thread.h); nothing
// here is locked.
//
// An operation is one public function. It reads state, writes its effects to ctx.batch and changes
// the state in memory at once: later decisions see it, durable or not. Nothing is rolled back: when
// a commit fails the whole Broker is thrown away and loaded again from the store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "broker/api/names.h"
#include "broker/archives/replay.h"
#include "broker/bus.h"
#include "broker/delays.h"
#include "broker/delivery/lane.h"
#include "broker/delivery/step_record.h"
#include "broker/forward.h"
#include "broker/outbox.h"
#include "broker/queue.h"
#include "broker/receipt_handle.h"
#include "broker/rule_directory.h"
#include "broker/schedules/expression.h"
#include "broker/schedules/schedule_state.h"
#include "broker/schedules/time_zones.h"
#include "broker/services.h"
#include "broker/settings.h"

namespace signalbox::broker {

class Broker : private ServiceHost {
 public:
  // The directory is shared with the io threads: they match events against it.
  Broker(Settings settings, RuleDirectory& directory);
  ~Broker() override;

  // Rebuilds the state from a store. Returns an empty string, or what cannot be understood and in
  // which key. Reads metadata, leases and counters; never the backlog.
  std::string load(const storage::View& view, Context& ctx);

  // ---- SQS ----
  Result<api::CreateQueueResponse> create_queue(const api::CreateQueueRequest&, Context&);
  Result<api::GetQueueUrlResponse> get_queue_url(const api::GetQueueUrlRequest&, Context&);
  Result<api::ListQueuesResponse> list_queues(const api::ListQueuesRequest&, Context&);
  Result<api::GetQueueAttributesResponse> get_queue_attributes(
      const api::GetQueueAttributesRequest&, Context&);
  Status set_queue_attributes(const api::SetQueueAttributesRequest&, Context&);
  Status delete_queue(const api::DeleteQueueRequest&, Context&);
  Status purge_queue(const api::PurgeQueueRequest&, Context&);
  Status tag_queue(const api::TagQueueRequest&, Context&);
  Status add_permission(const api::AddPermissionRequest&, Context&);
  Status remove_permission(const api::RemovePermissionRequest&, Context&);
  Result<api::ListDeadLetterSourceQueuesResponse> list_dead_letter_source_queues(
      const api::ListDeadLetterSourceQueuesRequest&, Context&);
  Result<api::StartMessageMoveTaskResponse> start_message_move_task(
      const api::StartMessageMoveTaskRequest&, Context&);
  Result<api::ListMessageMoveTasksResponse> list_message_move_tasks(
      const api::ListMessageMoveTasksRequest&, Context&);
  Result<api::CancelMessageMoveTaskResponse> cancel_message_move_task(
      const api::CancelMessageMoveTaskRequest&, Context&);
  Status untag_queue(const api::UntagQueueRequest&, Context&);
  Result<api::ListQueueTagsResponse> list_queue_tags(const api::ListQueueTagsRequest&, Context&);
  Answer<api::SendMessageResponse> send_message(const api::SendMessageRequest&, Context&);
  Answer<api::SendMessageBatchResponse> send_message_batch(const api::SendMessageBatchRequest&,
                                                           Context&);
  Answer<api::ReceiveMessageResponse> receive_message(const api::ReceiveMessageRequest&,
                                                      Context&) override;
  Answer<api::Empty> delete_message(const api::DeleteMessageRequest&, Context&);
  Answer<api::DeleteMessageBatchResponse> delete_message_batch(
      const api::DeleteMessageBatchRequest&, Context&) override;
  Answer<api::Empty> change_message_visibility(const api::ChangeMessageVisibilityRequest&,
                                               Context&);
  Answer<api::ChangeMessageVisibilityBatchResponse> change_message_visibility_batch(
      const api::ChangeMessageVisibilityBatchRequest&, Context&);

  // ---- the server's own paths: looking after queues ----
  Result<api::DescribeQueuesResponse> describe_queues(const api::DescribeQueuesRequest&, Context&);
  Answer<api::PeekMessagesResponse> peek_messages(const api::PeekMessagesRequest&, Context&);
  Answer<api::ChangedMessage> discard_message(const api::DiscardMessageRequest&, Context&);
  Answer<api::ChangedMessage> edit_message(const api::EditMessageRequest&, Context&);

  // ---- EventBridge ----
  Result<api::CreateEventBusResponse> create_event_bus(const api::CreateEventBusRequest&, Context&);
  Result<api::UpdateEventBusResponse> update_event_bus(const api::UpdateEventBusRequest&, Context&);
  Status delete_event_bus(const api::DeleteEventBusRequest&, Context&);
  Result<api::DescribeEventBusResponse> describe_event_bus(const api::DescribeEventBusRequest&,
                                                           Context&);
  Result<api::ListEventBusesResponse> list_event_buses(const api::ListEventBusesRequest&, Context&);
  Result<api::PutRuleResponse> put_rule(const api::PutRuleRequest&, Context&);
  Status delete_rule(const api::DeleteRuleRequest&, Context&);
  Result<api::DescribeRuleResponse> describe_rule(const api::RuleRequest&, Context&);
  Status enable_rule(const api::RuleRequest&, Context&);
  Status disable_rule(const api::RuleRequest&, Context&);
  Result<api::ListRulesResponse> list_rules(const api::ListRulesRequest&, Context&);
  Result<api::ListRuleNamesByTargetResponse> list_rule_names_by_target(
      const api::ListRuleNamesByTargetRequest&, Context&);
  Result<api::TargetsResponse> put_targets(const api::PutTargetsRequest&, Context&);
  Result<api::TargetsResponse> remove_targets(const api::RemoveTargetsRequest&, Context&);
  Result<api::ListTargetsByRuleResponse> list_targets_by_rule(const api::ListTargetsByRuleRequest&,
                                                              Context&);
  Status put_permission(const api::PutPermissionRequest&, Context&);
  Status remove_bus_permission(const api::RemoveBusPermissionRequest&, Context&);
  Answer<api::PutEventsResponse> put_events(const api::PutEventsRequest&, Context&);
  Result<api::TestEventPatternResponse> test_event_pattern(const api::TestEventPatternRequest&,
                                                           Context&);
  Status tag_resource(const api::TagResourceRequest&, Context&);
  Status untag_resource(const api::UntagResourceRequest&, Context&);
  Result<api::ListTagsForResourceResponse> list_tags_for_resource(
      const api::ListTagsForResourceRequest&, Context&);

  // ---- Scheduler ----
  Answer<api::scheduler::ScheduleResponse> create_schedule(const api::scheduler::ScheduleRequest&,
                                                           Context&);
  Answer<api::scheduler::ScheduleResponse> update_schedule(const api::scheduler::ScheduleRequest&,
                                                           Context&);
  Answer<api::scheduler::GetScheduleResponse> get_schedule(
      const api::scheduler::GetScheduleRequest&, Context&);
  Answer<api::Empty> delete_schedule(const api::scheduler::DeleteScheduleRequest&, Context&);
  Answer<api::scheduler::ListSchedulesResponse> list_schedules(
      const api::scheduler::ListSchedulesRequest&, Context&);
  Result<api::scheduler::CreateScheduleGroupResponse> create_schedule_group(
      const api::scheduler::CreateScheduleGroupRequest&, Context&);
  Result<api::scheduler::GetScheduleGroupResponse> get_schedule_group(
      const api::scheduler::GetScheduleGroupRequest&, Context&);
  Status delete_schedule_group(const api::scheduler::DeleteScheduleGroupRequest&, Context&);
  Result<api::scheduler::ListScheduleGroupsResponse> list_schedule_groups(
      const api::scheduler::ListScheduleGroupsRequest&, Context&);
  Status tag_schedule_group(const api::scheduler::TagResourceRequest&, Context&);
  Status untag_schedule_group(const api::scheduler::UntagResourceRequest&, Context&);
  Result<api::scheduler::ListTagsForResourceResponse> list_tags_of_schedule_group(
      const api::scheduler::ListTagsForResourceRequest&, Context&);
  // ---- EventBridge: connections and API destinations ----
  Result<api::CreateConnectionResponse> create_connection(const api::CreateConnectionRequest&,
                                                          Context&);
  Result<api::ConnectionStateResponse> update_connection(const api::UpdateConnectionRequest&,
                                                         Context&);
  Result<api::ConnectionStateResponse> deauthorize_connection(const api::ConnectionRequest&,
                                                              Context&);
  Result<api::ConnectionStateResponse> delete_connection(const api::ConnectionRequest&, Context&);
  Result<api::DescribeConnectionResponse> describe_connection(const api::ConnectionRequest&,
                                                              Context&);
  Result<api::ListConnectionsResponse> list_connections(const api::ListConnectionsRequest&,
                                                        Context&);
  Result<api::ApiDestinationStateResponse> create_api_destination(
      const api::CreateApiDestinationRequest&, Context&);
  Result<api::ApiDestinationStateResponse> update_api_destination(
      const api::UpdateApiDestinationRequest&, Context&);
  Status delete_api_destination(const api::ApiDestinationRequest&, Context&);
  Result<api::DescribeApiDestinationResponse> describe_api_destination(
      const api::ApiDestinationRequest&, Context&);
  Result<api::ListApiDestinationsResponse> list_api_destinations(
      const api::ListApiDestinationsRequest&, Context&);

  // ---- EventBridge: archives and replays (archives/) ----
  Result<api::ArchiveResponse> create_archive(const api::CreateArchiveRequest&, Context&);
  Result<api::ArchiveResponse> update_archive(const api::UpdateArchiveRequest&, Context&);
  Status delete_archive(const api::ArchiveRequest&, Context&);
  Result<api::DescribeArchiveResponse> describe_archive(const api::ArchiveRequest&, Context&);
  Result<api::ListArchivesResponse> list_archives(const api::ListArchivesRequest&, Context&);
  Result<api::StartReplayResponse> start_replay(const api::StartReplayRequest&, Context&);
  Result<api::CancelReplayResponse> cancel_replay(const api::ReplayRequest&, Context&);
  Result<api::DescribeReplayResponse> describe_replay(const api::ReplayRequest&, Context&);
  Result<api::ListReplaysResponse> list_replays(const api::ListReplaysRequest&, Context&);
  // partner event sources (partners/)
  Result<api::CreatePartnerEventSourceResponse> create_partner_event_source(
      const api::PartnerEventSourceRequest&, Context&);
  Status delete_partner_event_source(const api::PartnerEventSourceRequest&, Context&);
  Result<api::PartnerEventSource> describe_partner_event_source(const api::EventSourceRequest&,
                                                                Context&);
  Result<api::ListPartnerEventSourcesResponse> list_partner_event_sources(
      const api::ListPartnerEventSourcesRequest&, Context&);
  Result<api::ListPartnerEventSourceAccountsResponse> list_partner_event_source_accounts(
      const api::ListPartnerEventSourceAccountsRequest&, Context&);
  Result<api::PutEventsResponse> put_partner_events(const api::PutPartnerEventsRequest&, Context&);
  Status activate_event_source(const api::EventSourceRequest&, Context&);
  Status deactivate_event_source(const api::EventSourceRequest&, Context&);
  Result<api::EventSource> describe_event_source(const api::EventSourceRequest&, Context&);
  Result<api::ListEventSourcesResponse> list_event_sources(const api::ListEventSourcesRequest&,
                                                           Context&);

  // ---- services of their own (service.h): whose member an operation is, by its type ----
  Broker& part(const Broker*) { return *this; }
  auto& part(const auto* which) { return services_.part(which); }
  const Services& services() const { return services_; }

  // ---- the engine's side ----

  // Batches are numbered by the engine: state changed from now on becomes durable with this one.
  void open_batch(storage::CommitNumber number) { open_commit_ = number; }
  // Adds the counters of the queues and bus logs the open batch touched, and returns those queues.
  struct Touched {
    std::uint64_t queue_id;
    std::uint64_t next_sequence;
  };
  std::vector<Touched> seal(storage::Batch& batch);
  // The batch is durable: its messages may be handed out.
  void published(storage::CommitNumber number, const std::vector<Touched>& touched);
  // Fires what is due, a bounded slice of it; next_deadline() says when to come again.
  void tick(Context& ctx);
  std::optional<Time> next_deadline() const { return deadlines_.next(); }

  // What operations and ticks have asked for since the last call.
  Outbox take_outbox() { return std::exchange(outbox_, {}); }
  void loaded(const LoadRequest& request, LoadResult result, Context& ctx);

  // Long polls end at a time of the engine's choosing: it sets them and learns which are over.
  void set_poll_deadline(std::uint64_t id, Time due) {
    deadlines_.set(DeadlineKind::long_poll, id, due);
  }
  void clear_poll_deadline(std::uint64_t id) { deadlines_.clear(DeadlineKind::long_poll, id); }
  Answer<api::Empty> do_own_work(const OwnWork& work, Context& ctx);

  void attempt_ended(const DeliveryId& id, const AttemptResult& result, Context& ctx);
  // Records of the steps of the open batch that buses' LogConfigs ask for.
  std::vector<StepRecord> take_steps() { return std::exchange(steps_, {}); }
  // These never reached their consumer: visible again at once, the receive counted. Not those of
  // FIFO queues, which a repeated receive attempt may still ask for.
  void give_back(const std::vector<HandedOut>& handed_out, Context& ctx) override;
  void give_back_invocation(const std::string& request_id, Context& ctx);
  // How many clients wait for something, by its id: what the engine knows.
  void set_waiting_count(std::function<std::size_t(std::uint64_t)> count) {
    waiting_count_ = std::move(count);
  }
  void worker_news(const WorkerNews& news, Context& ctx);

  const Settings& settings() const override { return settings_; }
  std::size_t queue_count() const { return queues_.size(); }
  const Queue* queue_by_id(std::uint64_t id) const;

  // Null: no such bus.
  const Bus* find_bus(const Caller& caller, std::string_view name) const;
  const BusCounters& bus_counters() const { return buses_.counters; }
  const ScheduleCounters& schedule_counters() const { return schedules_.counters; }
  std::size_t attempts_under_way() const { return deliveries_.slots.count(); }

 private:
  // worlds (worlds.cc)
  Result<World*> world_of(const Caller& caller, Context& ctx) override;
  World* world_with_id(std::uint32_t id) const override;
  World* find_world(std::string_view account, std::string_view region) const;
  World& add_world(std::uint32_t id, std::string account, std::string region);
  std::string load_worlds(const storage::View& view);
  std::string load_next_ids(const storage::View& view);
  std::uint64_t next_id() { return ++last_id_; }
  void put_next_ids(Context& ctx);
  std::uint64_t new_id(Context& ctx) override;
  Bus* bus_with_arn(const std::string& arn, Context& ctx) override;
  void validation_changed(const World& world) override;
  Outbox& outbox() override { return outbox_; }
  std::size_t waiting_count(std::uint64_t wait_id) const override {
    return waiting_count_ ? waiting_count_(wait_id) : 0;
  }
  Deadlines& deadlines() override { return deadlines_; }

  // queues (sqs_queues.cc)
  Result<Queue*> find_queue(std::string_view queue_url, Context& ctx);
  Queue* find_queue_by_arn(std::string_view arn) const override;
  Queue& add_queue(std::uint64_t id, World& world, std::string name);
  void put_queue_record(const Queue& queue, Context& ctx);
  void put_policy(Queue& queue, std::string text, Context& ctx);
  Status check_redrive_target(const World& world, std::string_view source_name,
                              const api::StringMap& attributes) const;
  void touch(Queue& queue);
  void forget_messages(Queue& queue);

  // sending (sqs_send.cc)
  // Stores a new message, visible after the delay (a FIFO queue has its own); returns its number.
  std::uint64_t enqueue(Queue& queue, NewMessage message, Duration delay, Context& ctx);
  std::uint64_t store_ready(Queue& queue, const NewMessage& message, Context& ctx);
  std::uint64_t store_delayed(Queue& queue, const NewMessage& message, Duration delay,
                              Context& ctx);
  // Puts a pointer to a stored body at the tail of the ready lane.
  void store_redirect(Queue& queue, WindowEntry entry, Context& ctx);
  void append_to_window(Queue& queue, WindowEntry entry, std::string_view group_id);

  // FIFO: sending (sqs_deduplication.cc)
  // Sends, unless a FIFO queue has accepted the message before: then it is the one of before.
  template <class Entry>
  Sent send_once(Queue& queue, const Entry& entry, Context& ctx);
  // The acceptance that counts, or null. When it is not known yet, ctx.fetched has keys missing.
  std::optional<Acceptance> find_acceptance(const Queue& queue, const DeduplicationDigest& digest,
                                            Context& ctx);
  void remember_acceptance(Queue& queue, const DeduplicationDigest& digest,
                           const Acceptance& acceptance, Context& ctx);
  void forget_acceptances(Queue& queue, Context& ctx);

  // Message groups on standard queues (sqs_fair.cc)
  static void use_groups(Queue& queue);
  void plan_fair(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan);

  // FIFO: receiving (sqs_fifo.cc)
  void plan_fifo(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan);
  void plan_group(Queue& queue, GroupIndex group, std::size_t count_max, Context& ctx,
                  ReceivePlan& plan);
  void arm_fifo_delay(Queue& queue, Context& ctx);
  // What the attempt received before, while all of it is still in flight; its time starts again.
  std::optional<std::vector<HandedOut>> receive_again(Queue& queue,
                                                      const std::optional<std::string>& attempt_id,
                                                      Duration visibility, Context& ctx);
  std::uint64_t delayed_count(const Queue& queue, Context& ctx) const;
  std::string load_recent_sends(const storage::View& view, Queue& queue, Context& ctx);

  // receiving (sqs_receive.cc)
  // False: not durable yet, so neither it nor anything behind it is handed out.
  bool plan_entry(const Queue& queue, const WindowEntry& entry, Context& ctx, ReceivePlan& plan);
  // False: it needs keys first.
  bool plan_receive(Queue& queue, std::size_t count_max, Context& ctx, ReceivePlan& plan);
  // Before and after the steps of a plan are carried out.
  void take_planned(Queue& queue, const ReceivePlan& plan);
  void release_planned(Queue& queue, const ReceivePlan& plan);
  void apply_receive(Queue& queue, const ReceivePlan& plan, Duration visibility, Context& ctx,
                     std::vector<HandedOut>& handed_out);
  HandedOut hand_out(Queue& queue, const WindowEntry& entry, Duration visibility, Context& ctx);
  void move_to_dead_letters(Queue& queue, const WindowEntry& entry, Context& ctx);
  void drop_expired(Queue& queue, const WindowEntry& entry, Context& ctx);
  void erase_message(Queue& queue, const WindowEntry& entry, Context& ctx);
  Queue* dead_letter_queue(const Queue& queue) const;
  void ask_for_window(Queue& queue, std::size_t count_max);
  // Whether more of the queue is to be read before nothing can be handed out.
  static bool can_look_further(const Queue& queue);
  bool has_more_to_look_at(const Queue& queue, Time now) const;
  void refill_ahead(Queue& queue);

  // message move tasks (sqs_move_tasks.cc)
  void resume_move_task(Queue& source, Context& ctx);
  Answer<api::Empty> move_slice(std::uint64_t source_id, Context& ctx);
  void store_move_task(const Queue& source, const MoveTask& task, Context& ctx);
  void end_move_task(Queue& source, MoveTask::Status status, std::string_view reason, Context& ctx);
  Status check_move_destination(const Queue& source, const std::string& arn) const;
  Queue* move_destination(const MoveTask& task, const MessageRecord& message) const;
  // As many of the plan's messages as can be moved now, and if another one cannot, why.
  std::vector<PlannedMove> planned_moves(const Queue& source, const MoveTask& task,
                                         const ReceivePlan& plan, Context& ctx,
                                         std::string_view& failure) const;
  void carry_out_moves(Queue& source, const ReceivePlan& plan,
                       const std::vector<PlannedMove>& moves, Context& ctx);
  void count_moves(const Queue& source, MoveTask& task, const std::vector<PlannedMove>& moves,
                   Context& ctx);

  // leases: delete and change visibility (sqs_leases.cc)
  enum class Found : std::uint8_t { leased, unleased, gone, unknown };
  Found find_message(Queue& queue, Slot slot, Context& ctx);
  void remove_message(Queue& queue, Slot slot, Found found, const IdBytes& id, Context& ctx);
  void take_out(Queue& queue, Slot slot, Found found, Context& ctx);
  void return_to_visible(Queue& queue, Slot slot, Lease& lease, Context& ctx);
  // Where queues without groups keep what is visible again.
  static void list_returned(Queue& queue, Slot slot, Lease& lease);
  static void pop_returned(Queue& queue);
  void end_flight(Queue& queue, Lease& lease, Context& ctx);
  void hide_until(Queue& queue, Slot slot, Lease& lease, std::int64_t visible_at_ms, Context& ctx);
  void arm_lease(Queue& queue, std::int64_t visible_at_ms, Slot slot);
  void arm_leases_deadline(Queue& queue);
  void end_leases(Queue& queue, Context& ctx);
  void put_lease(const Queue& queue, Slot slot, const Lease& lease, Context& ctx);
  void look_up_handle(Queue& queue, const std::optional<ReceiptHandle>& opened, Context& ctx);
  Answer<api::Empty> delete_one(Queue& queue, const std::string& handle,
                                const std::optional<ReceiptHandle>& opened, Context& ctx);
  Answer<api::Empty> change_one(Queue& queue, const std::string& handle,
                                const std::optional<ReceiptHandle>& opened,
                                std::optional<std::int64_t> timeout_s, Context& ctx);

  // looking after queues (sqs_peek.cc, sqs_operator.cc)
  Result<Queue*> find_queue_for_operator(std::string_view name, Context& ctx);
  api::QueueOverview overview_of(const Queue& queue, Context& ctx) const;
  Result<PeekPlan> plan_peek(const Queue& queue, const api::PeekMessagesRequest& request,
                             Context& ctx) const;
  struct Held {
    Slot slot;
    std::uint64_t redirect = 0;
    Found found = Found::unleased;
    const std::string* stored = nullptr;  // its record, in ctx.fetched
  };
  // The message there, when it may be changed.
  Answer<Held> hold_message(Queue& queue, const std::string& position, bool force, Context& ctx);
  void take_out(Queue& queue, const Held& held, Context& ctx);

  // time (sqs_timers.cc)
  void fire_delays(Context& ctx);
  void arm_delays();
  void expire_messages(Queue& queue, Context& ctx);
  std::size_t expire_in_groups(Queue& queue, std::size_t count_max, Context& ctx);
  void arm_retention(Queue& queue);
  // Lineage: what became of a message in the end, when the setting asks for it.
  void log_step(std::string_view step, const IdBytes& id, const Queue& queue, Context& ctx);

  std::string load_queues(const storage::View& view, Context& ctx);
  void load_fifo(Queue& queue, bool deduplicates_by_group, Context& ctx);
  std::string load_queue_state(const storage::View& view, Queue& queue);
  std::string load_move_tasks(const storage::View& view, Context& ctx);
  std::string load_leases(const storage::View& view, Queue& queue, Context& ctx);

  // buses (events_buses.cc)
  // Null: there is no such bus. A world's default bus is made in memory when first asked for.
  Result<Bus*> bus_at(const BusPlace& place, Context& ctx);
  Result<Bus*> find_bus_or_error(const std::optional<std::string>& name_or_arn,
                                 const BusAction& action, Context& ctx);
  Bus& add_bus(std::uint64_t id, World& world, std::string name);
  void store_bus(Bus& bus, Context& ctx);

  // permissions (events_permissions.cc)
  Status set_bus_policy(Bus& bus, std::string text, Context& ctx);  // empty: none

  // partner event sources (partners/)
  PartnerSource& add_partner_source(PartnerSource source);
  void set_source_state(PartnerSource& source, SourceState state, Context& ctx);
  void remove_partner_source(PartnerSource& source, Context& ctx);
  // Null: there is none, or nobody took it in time.
  static PartnerSource* find_event_source(const World& customer, const std::string& name,
                                          const Context& ctx);
  Result<PartnerSource*> find_event_source_or_error(const std::string& name, Context& ctx);
  Status change_event_source(const std::string& name, SourceState state, Context& ctx);
  // The source that the new bus is for, or null: it is for none.
  Result<PartnerSource*> source_of_new_bus(const api::CreateEventBusRequest& request, Context& ctx);
  void bus_of_source_deleted(World& customer, const std::string& name, Context& ctx);
  api::PutEventsResultEntry put_partner_event(const World& partner,
                                              const api::PutPartnerEventsRequestEntry& entry,
                                              FanOutBudget& budget, Context& ctx);
  std::string load_partner_sources(const storage::View& view);

  // rules and their targets (events_rules.cc, events_targets.cc)
  Result<Rule*> find_rule_or_error(Bus& bus, const std::string& name);
  void store_rule(const Rule& rule, Context& ctx);
  void rule_changed(const Rule& rule);
  // What the bus's rule set has under the id from now on; null: nothing.
  void set_pattern(Bus& bus, rules::RuleId id, std::shared_ptr<const rules::Pattern> pattern);
  void publish_again(Bus& bus);
  void publish_rules();
  Status set_rule_state(const api::RuleRequest& request, std::string_view state, Context& ctx);

  // rules with schedules (schedules/scheduled_rules.cc)
  // Its schedule, its state or the time has changed.
  void reschedule(Rule& rule, Context& ctx);
  // After a restart.
  void resume_schedule(Rule& rule, Context& ctx);
  void set_due(Rule& rule, std::optional<Time> due);
  void arm_due_rules(Context& ctx);
  void fire_due_rules(Context& ctx);
  void fire_rule(Rule& rule, Context& ctx);

  // tags (events_tags.cc)
  Result<Tagged> find_tagged(const std::string& arn, std::string_view action, Context& ctx);
  void store_tagged(const Tagged& tagged, Context& ctx);

  // events (events_put.cc, delivery/)
  api::PutEventsResultEntry put_event(const PreparedEvent& prepared, FanOutBudget& budget,
                                      Context& ctx);
  // Into the bus's log and its archives, and to the targets of the rules it meets; what is put into
  // the batch counts against the budget. An event that no io thread has matched (bus_version 0) is
  // matched here. Why it cannot be taken now, if so: then nothing has changed.
  std::optional<EntryFailure> accept_event(Bus& bus, const PreparedEvent& prepared,
                                           FanOutBudget& budget, Context& ctx);
  void append_to_log(Bus& bus, const AcceptedEvent& event, Context& ctx);
  LogLimits log_limits() const;
  // replay: null for an event that is not replayed.
  std::vector<Delivery> deliveries_of(const Bus& bus, const std::vector<rules::RuleId>& matched,
                                      const Replay* replay);
  // False: nothing is delivered to targets of its kind yet.
  bool is_deliverable(const Target& target);
  Outgoing plan_delivery(const Delivery& delivery, const AcceptedEvent& event, Context& ctx);
  std::optional<DeliveryFailure> plan_queue_delivery(Outgoing& outgoing,
                                                     const AcceptedEvent& event);
  // To a function (delivery/local_functions.cc).
  std::optional<DeliveryFailure> plan_function_delivery(Outgoing& outgoing,
                                                        const AcceptedEvent& event);
  void invoke_function(const functions::Function& function, const std::string& arn,
                       std::string payload, std::string trace_header, Context& ctx);
  void deliver(const Outgoing& outgoing, const AcceptedEvent& event, FanOutBudget& budget,
               Context& ctx);
  void deliver_to_queue(const Outgoing& outgoing, const AcceptedEvent& event, Context& ctx);
  // To another bus (delivery/forwarding.cc).
  std::optional<DeliveryFailure> plan_forwarding(Outgoing& outgoing, const AcceptedEvent& event,
                                                 Context& ctx);
  void forward(const Outgoing& outgoing, const AcceptedEvent& event, FanOutBudget& budget,
               Context& ctx);
  // To the target's dead-letter queue, if it has one.
  void send_dead_letter(const DeliverySource& source, const AcceptedEvent& event,
                        const DeadLetter& letter, Context& ctx);

  // deliveries that are not messages in local queues (delivery/lanes.cc)
  DeliveryLane& lane_of(const Delivery& delivery);
  DeliveryLane& schedule_lane(std::uint64_t lane_id);
  void start_delivery(const Delivery& delivery, const AcceptedEvent& event, Context& ctx);
  DeliveryId start_delivery(DeliveryLane& lane, DeliveryRecord record, Context& ctx);
  void end_lane_if_idle(std::uint64_t lane_id);
  void arm_lane(DeliveryLane& lane);
  void resume_lane(std::uint64_t lane_id, Context& ctx);
  void drop_lane(std::uint64_t lane_id, Context& ctx);
  void publish_lanes();
  std::string load_lanes(const storage::View& view, Context& ctx);
  void loaded_lane(const LoadRequest& request, const LoadResult& result);
  // attempts (delivery/attempts.cc)
  Answer<api::Empty> start_attempts(std::uint64_t lane_id, Context& ctx);
  void start_attempt(DeliveryLane& lane, const PendingDelivery& pending, Context& ctx);
  std::optional<Delivery> delivery_of(const DeliveryLane& lane) const;
  std::optional<DeliverySource> source_of_lane(const DeliveryLane& lane,
                                               const DeliveryRecord& record) const;
  static std::optional<std::string> body_of_attempt(const DeliverySource& source,
                                                    const RunningDelivery& running);
  void retry_or_give_up(DeliveryLane& lane, const DeliverySource& source, RunningDelivery running,
                        const AttemptResult& result, Context& ctx);
  void give_up(const DeliveryLane& lane, const DeliverySource& source,
               const RunningDelivery& running, DeadLetter letter, Context& ctx);
  void end_delivery(const DeliveryLane& lane, const PendingDelivery& pending, Context& ctx);
  void end_running(DeliveryLane& lane, const RunningDelivery& running);
  void let_next_lanes_go();

  // step records (delivery/steps.cc); nothing happens unless the bus's LogConfig asks for the step
  static bool logs_step(const Bus& bus, Step step);
  void note_step(const Bus& bus, StepFacts facts, Context& ctx);
  void note_event(const Bus& bus, Step step, const AcceptedEvent& event, Context& ctx);
  void note_violation(const Bus&, const AcceptedEvent&, std::string_view problem, Context&);
  void note_refusal(const Bus& bus, const EntryFailure& failure, Context& ctx);
  // That the event was taken in, and which rules it met.
  void note_matches(const Bus& bus, const std::vector<rules::RuleId>& matched,
                    const AcceptedEvent& event, Context& ctx);
  void note_invocation(const Delivery& delivery, Step step, const IdBytes& event_id,
                       const Invocation& invocation, Context& ctx);
  // All steps of a delivery that is made, or fails, in the event's batch; returns its invocation.
  IdBytes note_in_batch(const Outgoing& outgoing, const AcceptedEvent& event, Context& ctx);
  // How an attempt ended, and with the last one the delivery.
  void note_attempt(const Delivery& delivery, const IdBytes& event_id, const Invocation& invocation,
                    bool is_last, bool is_worth_retrying, Context& ctx);

  // schedule groups (schedules/groups.cc)
  ScheduleGroup& add_group(std::uint64_t id, World& world, std::string name);
  void store_group(ScheduleGroup& group, Context& ctx);
  // Null: there is no such group. A world's default group is made in memory when first asked for.
  Result<ScheduleGroup*> find_group(std::string_view name, Context& ctx);
  Result<ScheduleGroup*> find_group_or_error(std::string_view name, Context& ctx);
  Result<ScheduleGroup*> find_group_by_arn(const std::string& arn, Context& ctx);

  // schedules (schedules/schedules.cc)
  using Zone = TimeZones::Known;
  std::optional<std::unique_ptr<Schedule>> fetch_schedule(const ScheduleGroup& group,
                                                          std::string_view name, Context& ctx);
  // Nothing: it has not been read yet, and is now wanted.
  Zone find_zone(const std::string& name, Context& ctx);
  Result<ScheduleExpression> check_schedule(const api::scheduler::ScheduleRequest& request,
                                            const TimeZone* zone, Context& ctx) const;
  static std::optional<Time> next_time(const Schedule& schedule,
                                       const ScheduleExpression& expression, const TimeZone& zone,
                                       Time after);
  static std::optional<Time> first_time(const Schedule& schedule,
                                        const ScheduleExpression& expression, const TimeZone& zone,
                                        const Context& ctx);
  void put_schedule(const ScheduleGroup& group, Schedule& schedule, std::optional<Time> scheduled,
                    Context& ctx);
  void erase_due(const ScheduleGroup& group, const Schedule& schedule, Context& ctx);
  void use_lane(Schedule& schedule, Context& ctx);

  // schedules that come up (schedules/firing.cc, schedules/invoke.cc)
  void arm_schedules(Context& ctx);
  void fire_schedules(Context& ctx);
  void loaded_schedules(LoadResult& result, Context& ctx);
  std::string load_schedules(const storage::View& view, Context& ctx);
  std::optional<std::vector<Firing>> plan_firings(Context& ctx);
  Answer<api::Empty> fire_due_schedules(Context& ctx);
  void end_firing(const Firing& firing, Context& ctx);
  Answer<api::Empty> invoke(const Schedule& schedule, const ScheduleGroup& group, Context& ctx);
  // What its target is given, unless it is a URL; why it could not be.
  Answer<std::optional<DeliveryFailure>> invoke_here(const Schedule& schedule,
                                                     const ScheduleGroup& group,
                                                     const std::string& input, Context& ctx);
  Answer<std::optional<DeliveryFailure>> invoke_send_message(api::SendMessageRequest request,
                                                             const Caller& caller,
                                                             Context& ctx) override;
  std::optional<DeliveryFailure> invoke_put_events(api::PutEventsRequest request,
                                                   const Caller& caller, Context& ctx) override;
  // connections and API destinations (destinations/)
  Connection& add_connection(std::uint64_t id, World& world, Connection made);
  void store_connection(const Connection& connection, Context& ctx);
  Result<Connection*> find_connection_or_error(const std::string& name, Context& ctx) const;
  Connection* find_connection_by_arn(std::string_view arn) const;
  AuthorizationRules authorization_rules() const;
  ApiDestination& add_api_destination(std::uint64_t id, World& world, ApiDestination made);
  Result<ApiDestination*> find_api_destination_or_error(const std::string& name,
                                                        Context& ctx) const;
  ApiDestination* find_api_destination_by_arn(std::string_view arn) const;
  std::string state_of(const ApiDestination& destination) const;
  template <bool is_new>
  Status check_api_destination(const api::PutApiDestinationRequest<is_new>& request) const;
  template <bool is_new>
  api::ApiDestinationStateResponse change_api_destination(
      ApiDestination& destination, const api::PutApiDestinationRequest<is_new>& request,
      Context& ctx);
  std::string load_destinations(const storage::View& view, Context& ctx);

  // their authorization (destinations/authorizing.cc)
  // With the credentials that it has now; stores nothing.
  void start_authorization(Connection& connection, Context& ctx);
  TokenSource stop_authorization(Connection& connection);
  void lose_authorization(Connection& connection, std::string reason, Context& ctx);
  void publish_connections(storage::CommitNumber number);
  void resume_authorization(std::uint64_t connection_id);
  void fetch_token(Connection& connection);
  void token_ended(std::uint64_t fetch, const AttemptResult& result, Context& ctx);
  void token_failed(Connection& connection, const TokenFailure& failed, Context& ctx);
  void let_lanes_go(const std::vector<std::uint64_t>& lane_ids);

  // deliveries to them (destinations/admission.cc)
  // How many of the next deliveries may be attempted. None: it waits for a token, or its turn.
  std::size_t admit(DeliveryLane& lane, const Delivery& delivery,
                    const std::vector<PendingDelivery>& next, Context& ctx);
  void note_throttle(DeliveryLane& lane, const Delivery& delivery, const PendingDelivery& pending,
                     Context& ctx);
  void wait_for_token(DeliveryLane& lane, Connection& connection, Context& ctx);
  void wait_for_turn(DeliveryLane& lane, ApiDestination& destination, Context& ctx);
  void give_turn(std::uint64_t destination_id, Context& ctx);
  // What is sent, or how the attempt fails without.
  std::variant<HttpAttempt, AttemptResult> request_of(const DeliverySource& source,
                                                      RunningDelivery& running, std::string body,
                                                      Context& ctx);
  // What the answer means to the connection, and then to the delivery.
  AttemptResult judge(const DeliverySource& source, const RunningDelivery& running,
                      AttemptResult result);

  // wide fan-out (events_fan_out.cc)
  // False: too much is waiting already; nothing has changed.
  bool start_fan_out(const Bus& bus, const AcceptedEvent& event,
                     const std::vector<Delivery>& deliveries, Context& ctx);
  void expand_fan_out(std::uint64_t task_id, Context& ctx);
  void deliver_slice(FanOutTask& task, Context& ctx);
  void end_fan_out(const FanOutTask& task, Context& ctx);

  // archives (archives/archives.cc)
  Result<Archive*> find_archive_or_error(const std::string& name, Context& ctx);
  void store_archive(const Archive& archive, Context& ctx);
  void append_to_archives(Bus& bus, const std::vector<rules::RuleId>& matched,
                          const AcceptedEvent& event, Context& ctx);
  void arm_expiry(const Archive& archive);
  // The bus of the caller's own with that ARN; parameter: where the ARN was given.
  Result<Bus*> find_own_bus(const std::string& arn, std::string_view parameter, Context& ctx);
  // replays (archives/replays.cc)
  Result<Replay*> find_replay_or_error(const std::string& name, Context& ctx);
  Result<Archive*> find_archive_to_replay(const api::StartReplayRequest& request, Context& ctx);
  void store_progress(const Replay& replay, Context& ctx);
  void end_replay(Replay& replay, ReplayProgress::State state, std::string reason, Context& ctx);
  void forget_replay(std::uint64_t replay_id, Context& ctx);
  // and their slices (archives/replay_slices.cc)
  void resume_replays(Context& ctx);
  Answer<api::Empty> replay_slice(std::uint64_t replay_id, Context& ctx);
  ReplayPlan plan_replay(const Replay& replay, const Archive& archive) const;
  // False: the bus takes no more now.
  bool replay_events(Replay& replay, Archive& archive, ReplayReading& reading, Context& ctx);
  std::uint64_t records_of_others(const Context& ctx) const;  // so far
  void pace_replays(bool was_refused, Context& ctx);
  // the engine's side of both (archives/load.cc)
  std::string load_archives(const storage::View& view);
  std::string load_replays(const storage::View& view, Context& ctx);
  void seal_archives(storage::Batch& batch);
  LogOf log_of(std::uint64_t bus_or_archive_id);

  // the engine's side of buses (events_load.cc)
  std::string load_buses(const storage::View& view, Context& ctx);
  std::string load_rules(const storage::View& view, Context& ctx);
  std::string load_targets(const storage::View& view);
  std::string load_bus_logs(const storage::View& view);
  std::string load_fan_out(const storage::View& view, Context& ctx);
  void seal_bus_logs(storage::Batch& batch);
  void published_buses(storage::CommitNumber number);
  void expire_bus_log(std::uint64_t bus_or_archive_id, Context& ctx);

  const Settings settings_;
  RuleDirectory& directory_;
  Deadlines deadlines_;
  Delays delays_;
  Outbox outbox_;
  std::function<std::size_t(std::uint64_t)> waiting_count_;
  std::vector<StepRecord> steps_;

  std::vector<std::unique_ptr<World>> worlds_;
  std::map<std::pair<std::string, std::string>, World*, std::less<>> worlds_by_name_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Queue>> queues_;
  std::map<std::string, Time, std::less<>> deleted_queues_;  // ARN -> when
  std::vector<Queue*> touched_;
  BusState buses_;
  ArchiveState archives_;
  DeliveryState deliveries_;
  ScheduleState schedules_;
  const std::unique_ptr<DestinationState> destinations_;
  std::unordered_map<std::uint64_t, std::unique_ptr<PartnerSource>> partner_sources_;
  Services services_;

  std::uint64_t last_id_ = 0;        // of queues, buses, rules and tasks; stored
  std::uint64_t boot_epoch_ = 0;     // runs of this store so far: the top of receive numbers
  std::uint64_t receive_count_ = 0;  // in this run
  std::uint64_t step_count_ = 0;
  std::int64_t retention_clock_ms_ = 0;  // ctx.now of the latest tick or load
  storage::CommitNumber open_commit_ = 1;
  storage::CommitNumber durable_commit_ = 0;
};

}  // namespace signalbox::broker
