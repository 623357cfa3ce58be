// The Broker as the engine sees it: loading, time, and what a durable batch changes.
#include "broker/broker.h"

#include "broker/api/operator.h"
#include "broker/destinations/connection.h"
#include "broker/functions/functions.h"
#include "broker/functions/mappings.h"
#include "broker/partners/partner_source.h"

namespace signalbox::broker {

namespace {
constexpr std::size_t deadlines_per_tick = 64;
}

Broker::Broker(Settings settings, RuleDirectory& directory)
    : settings_(std::move(settings)),
      directory_(directory),
      delays_(settings_.due_horizon_count),
      deliveries_(settings_.delivery_concurrency_total),
      schedules_(settings_.due_horizon_count),
      destinations_(std::make_unique<DestinationState>()),
      services_(*this) {}

Broker::~Broker() = default;

std::string Broker::load(const storage::View& view, Context& ctx) {
  retention_clock_ms_ = to_ms(ctx.now);
  if (auto problem = load_next_ids(view); !problem.empty()) return problem;
  if (auto problem = load_worlds(view); !problem.empty()) return problem;
  if (auto problem = load_queues(view, ctx); !problem.empty()) return problem;
  if (auto problem = load_move_tasks(view, ctx); !problem.empty()) return problem;
  if (auto problem = load_destinations(view, ctx); !problem.empty()) return problem;
  if (auto problem = load_buses(view, ctx); !problem.empty()) return problem;
  if (auto problem = load_schedules(view, ctx); !problem.empty()) return problem;
  if (auto problem = load_partner_sources(view); !problem.empty()) return problem;
  if (auto problem = services_.load(view, ctx); !problem.empty()) return problem;
  publish_rules();
  ++boot_epoch_;
  put_next_ids(ctx);
  delays_.reset_to_disk();
  arm_delays();
  return {};
}

void Broker::published(storage::CommitNumber number, const std::vector<Touched>& touched) {
  durable_commit_ = number;
  for (const auto& each : touched) {
    const auto at = queues_.find(each.queue_id);
    if (at == queues_.end()) continue;
    at->second->durable_next_sequence = each.next_sequence;
  }
  // A delayed message that was due before it was durable waits for this.
  if (delays_.first() != nullptr) arm_delays();
  published_buses(number);
  publish_connections(number);
  publish_lanes();
}

Answer<api::Empty> Broker::do_own_work(const OwnWork& work, Context& ctx) {
  switch (work.kind) {
    case OwnWork::Kind::move_slice: return move_slice(work.id, ctx);
    case OwnWork::Kind::schedules: return fire_due_schedules(ctx);
    case OwnWork::Kind::replay_slice: return replay_slice(work.id, ctx);
    case OwnWork::Kind::function_events:
      return services_.functions->events().start_due(work.id, ctx);
    case OwnWork::Kind::mapping: return services_.mappings->do_work(work.id, ctx);
    case OwnWork::Kind::attempts: break;
  }
  return start_attempts(work.id, ctx);
}

void Broker::give_back_invocation(const std::string& request_id, Context& ctx) {
  services_.functions->give_back(request_id, ctx);
}

void Broker::worker_news(const WorkerNews& news, Context& ctx) {
  services_.functions->worker_news(news, ctx);
}

void Broker::tick(Context& ctx) {
  retention_clock_ms_ = to_ms(ctx.now);
  for (std::size_t i = 0; i < deadlines_per_tick; ++i) {
    const auto due = deadlines_.pop_due(ctx.now);
    if (!due) return;
    const auto [kind, id] = *due;
    const auto queue = queues_.find(id);
    switch (kind) {
      case DeadlineKind::leases:
        if (queue != queues_.end()) end_leases(*queue->second, ctx);
        break;
      case DeadlineKind::delays: fire_delays(ctx); break;
      case DeadlineKind::retention:
        if (queue != queues_.end()) expire_messages(*queue->second, ctx);
        break;
      case DeadlineKind::fan_out: expand_fan_out(id, ctx); break;
      case DeadlineKind::bus_log: expire_bus_log(id, ctx); break;
      case DeadlineKind::long_poll: outbox_.ended_polls.push_back(id); break;
      case DeadlineKind::fifo_delay: outbox_.wakes.push_back(id); break;
      case DeadlineKind::deduplication:
        if (queue != queues_.end()) forget_acceptances(*queue->second, ctx);
        break;
      case DeadlineKind::move_task:
        if (queue != queues_.end()) resume_move_task(*queue->second, ctx);
        break;
      case DeadlineKind::delivery: resume_lane(id, ctx); break;
      case DeadlineKind::due_rules: fire_due_rules(ctx); break;
      case DeadlineKind::schedules: fire_schedules(ctx); break;
      case DeadlineKind::authorization: resume_authorization(id); break;
      case DeadlineKind::invocation_turn: give_turn(id, ctx); break;
      case DeadlineKind::replay: resume_replays(ctx); break;
      case DeadlineKind::replay_record: forget_replay(id, ctx); break;
      case DeadlineKind::invocation: services_.functions->time_is_up(id, ctx); break;
      case DeadlineKind::function_events: services_.functions->events().resume(id, ctx); break;
      case DeadlineKind::worker: services_.functions->worker_is_idle(id); break;
      case DeadlineKind::mapping: services_.mappings->resume(id, ctx); break;
    }
  }
}

}  // namespace signalbox::broker
