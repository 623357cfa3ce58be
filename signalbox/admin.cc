#include "signalbox/admin.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "broker/core_thread.h"
#include "broker/engine.h"
#include "broker/functions/functions.h"
#include "broker/functions/mappings.h"
#include "broker/reader_pool.h"
#include "protocol/dispatcher.h"
#include "protocol/json_codec.h"
#include "protocol/query_codec.h"
#include "signalbox/admin_explain.h"
#include "signalbox/admin_reply.h"
#include "signalbox/store_keeper.h"

namespace signalbox {

namespace {

// Between two looks at what functions do.
constexpr std::chrono::milliseconds clock_wait{2};
constexpr std::string_view malformed_query = "The query string is malformed.";

class ReplyTask final : public protocol::IoTask {
 public:
  ReplyTask(std::shared_ptr<protocol::Exchange> exchange, protocol::HttpReply reply)
      : exchange_(std::move(exchange)), reply_(std::move(reply)) {}
  void run() override { exchange_->reply(std::move(reply_)); }

 private:
  std::shared_ptr<protocol::Exchange> exchange_;
  protocol::HttpReply reply_;
};

// False: the query string is malformed.
bool read_query(const protocol::HttpRequest& request, protocol::QueryParameters& parameters,
                std::string_view form = {}) {
  const auto mark = request.target.find('?');
  const auto query = mark == std::string::npos ? std::string_view{}
                                               : std::string_view(request.target).substr(mark + 1);
  return !protocol::QueryParameters::parse(form, query, parameters);
}

std::string gauge(std::string_view name, std::string_view help, std::uint64_t value) {
  return fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
}

std::string schedule_counters(const broker::Broker& broker) {
  return fmt::format(
      "# HELP signalbox_schedules_total What came up since the start, by whose schedule.\n"
      "# TYPE signalbox_schedules_total counter\n"
      "signalbox_schedules_total{{of=\"rule\"}} {}\n"
      "signalbox_schedules_total{{of=\"scheduler\"}} {}\n"
      "# HELP signalbox_schedule_failures_total Of these, what could not be sent at once.\n"
      "# TYPE signalbox_schedule_failures_total counter\n"
      "signalbox_schedule_failures_total {}\n",
      broker.bus_counters().rules_fired, broker.schedule_counters().invocations,
      broker.schedule_counters().failures);
}

std::string function_counters(const broker::Services& services) {
  const auto& functions = services.functions->counters;
  const auto& mappings = services.mappings->counters;
  return fmt::format(
      "# HELP signalbox_invocations_total Invocations of functions that have ended.\n"
      "# TYPE signalbox_invocations_total counter\n"
      "signalbox_invocations_total {}\n"
      "# HELP signalbox_invocation_errors_total Of these, those with a function error.\n"
      "# TYPE signalbox_invocation_errors_total counter\n"
      "signalbox_invocation_errors_total {}\n"
      "# HELP signalbox_invocation_timeouts_total Of these, those whose time was up.\n"
      "# TYPE signalbox_invocation_timeouts_total counter\n"
      "signalbox_invocation_timeouts_total {}\n"
      "# HELP signalbox_invocation_throttles_total Invocations refused: too many at a time.\n"
      "# TYPE signalbox_invocation_throttles_total counter\n"
      "signalbox_invocation_throttles_total {}\n"
      "# HELP signalbox_function_events_total Events of functions that are done with, by how.\n"
      "# TYPE signalbox_function_events_total counter\n"
      "signalbox_function_events_total{{outcome=\"succeeded\"}} {}\n"
      "signalbox_function_events_total{{outcome=\"failed\"}} {}\n"
      "# HELP signalbox_function_destinations_failed_total Of these, what could not be told to a "
      "destination or dead-letter queue.\n"
      "# TYPE signalbox_function_destinations_failed_total counter\n"
      "signalbox_function_destinations_failed_total {}\n"
      "# HELP signalbox_mapping_messages_total Messages of event source mappings, by what became "
      "of them.\n"
      "# TYPE signalbox_mapping_messages_total counter\n"
      "signalbox_mapping_messages_total{{outcome=\"deleted\"}} {}\n"
      "signalbox_mapping_messages_total{{outcome=\"failed\"}} {}\n"
      "signalbox_mapping_messages_total{{outcome=\"filtered\"}} {}\n",
      functions.invocations, functions.errors, functions.timeouts, functions.throttles,
      functions.events_succeeded, functions.events_failed, functions.destinations_failed,
      mappings.deleted, mappings.failed, mappings.filtered);
}

std::string delivery_counters(const broker::BusCounters& counters) {
  std::string text =
      "# HELP signalbox_events_total Events accepted since the start, and what became of them.\n"
      "# TYPE signalbox_events_total counter\n";
  const auto add = [&](std::string_view outcome, std::uint64_t value) {
    text += fmt::format("signalbox_events_total{{outcome=\"{}\"}} {}\n", outcome, value);
  };
  add("accepted", counters.events_accepted);
  add("bus_missing", counters.events_to_missing_buses);
  add("schema_rejected", counters.schema_rejections);
  add("schema_warned", counters.schema_warnings);
  add("archived", counters.events_archived);
  add("replayed", counters.events_replayed);
  add("delivered", counters.deliveries);
  add("dead_letters", counters.dead_letters);
  add("lost", counters.lost);
  add("undelivered_target_kind", counters.undelivered_targets);
  add("undelivered_queue_missing", counters.undelivered_missing);
  add("undelivered_too_large", counters.undelivered_oversize);
  add("undelivered_input_not_json", counters.undelivered_input);
  text += fmt::format(
      "# HELP signalbox_delivery_attempts_total Attempts on targets that are not queues.\n"
      "# TYPE signalbox_delivery_attempts_total counter\n"
      "signalbox_delivery_attempts_total{{outcome=\"delivered\"}} {}\n"
      "signalbox_delivery_attempts_total{{outcome=\"failed\"}} {}\n",
      counters.attempts_delivered, counters.attempts_failed);
  return text;
}

}  // namespace

void Health::set_failed(std::string error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
}

std::string Health::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::optional<broker::Duration> parse_iso_duration(std::string_view text) {
  if (!text.starts_with('P') || text.size() < 3) return std::nullopt;
  text.remove_prefix(1);
  double total_s = 0;
  bool in_time = false;
  while (!text.empty()) {
    if (text.front() == 'T' && !in_time) {
      in_time = true;
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
      continue;
    }
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size() || number < 0) return std::nullopt;
    const char unit = *end;
    const double unit_s = !in_time && unit == 'D'  ? 86'400
                          : in_time && unit == 'H' ? 3600
                          : in_time && unit == 'M' ? 60
                          : in_time && unit == 'S' ? 1
                                                   : 0;
    if (unit_s == 0) return std::nullopt;
    total_s += number * unit_s;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  constexpr double ten_years_s = 3.2e8;
  if (total_s > ten_years_s) return std::nullopt;
  return broker::Duration(static_cast<std::int64_t>(total_s * 1000));
}

Admin::Admin(const broker::Clock& clock, const Health& health, broker::CoreThread& core,
             broker::Engine& engine, const protocol::Dispatcher& dispatcher,
             broker::ReaderPool& readers, const StoreKeeper& keeper, const Log& log)
    : clock_(clock),
      health_(health),
      core_(core),
      engine_(engine),
      dispatcher_(dispatcher),
      readers_(readers),
      keeper_(keeper),
      sqs_(dispatcher, log, [this](auto jobs) { core_.submit(std::move(jobs)); }),
      events_(core, engine, dispatcher, readers) {}

bool Admin::handle(const protocol::HttpRequest& request, ExchangePtr exchange) {
  const auto path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/_signalbox/health" || path == "/_localstack/health") {
    health(exchange);
  } else if (path == "/_signalbox/metrics") {
    metrics(exchange);
  } else if (path == "/_signalbox/clock" && request.method == "POST") {
    advance_clock(request, exchange);
  } else if (path == "/_signalbox/explain") {
    explain(request, exchange);
  } else if (AdminSqs::owns(path)) {
    queues(request, exchange);
  } else if (path == "/_signalbox/runtime-port" && request.method == "POST") {
    open_runtime_port(request, exchange);
  } else if (path == "/_signalbox/attached-worker" && request.method == "POST") {
    attached_worker(request, exchange);
  } else if (path == "/_signalbox/function-code" && request.method == "GET") {
    function_code(request, exchange);
  } else if (path == "/_signalbox/events") {
    events(request, exchange);
  } else {
    return false;
  }
  return true;
}

void Admin::health(const ExchangePtr& exchange) const {
  const auto error = health_.error();
  std::string services;
  for (const auto service : protocol::services) {
    if (service == protocol::Service::runtime) continue;  // nothing that clients know
    services += fmt::format("{}\"{}\":\"{}\"", services.empty() ? "" : ",",
                            protocol::service_name(service), error.empty() ? "available" : "error");
  }
  std::string body = fmt::format("{{\"status\":\"{}\",\"version\":\"{}\",\"services\":{{{}}}",
                                 error.empty() ? "ok" : "failed", SIGNALBOX_VERSION, services);
  if (!error.empty()) {
    body += ",\"error\":";
    protocol::append_json_string(body, error);
  }
  exchange->reply(json_reply(error.empty() ? 200 : 503, body += '}'));
}

void Admin::metrics(const ExchangePtr& exchange) const {
  core_.post([this, exchange] {
    const auto stats = keeper_.stats();
    std::string text = dispatcher_.metrics();
    const auto* broker = engine_.broker();
    text += gauge("signalbox_up", "1 while the store takes writes.", engine_.writable() ? 1 : 0);
    text += gauge("signalbox_queues", "Queues in all worlds.",
                  broker == nullptr ? 0 : broker->queue_count());
    text += gauge("signalbox_waiting_receives", "Long polls under way.", engine_.waiting_count());
    text += gauge("signalbox_waiting_pages", "Pages of /_signalbox/events that wait.",
                  events_.waiting_count());
    text += gauge("signalbox_commit_groups", "Groups written since the start.", stats.groups);
    text += gauge("signalbox_commit_bytes", "Bytes of those groups.", stats.group_bytes);
    text += gauge("signalbox_commit_syncs", "Syncs of the write-ahead log.", stats.syncs);
    text += gauge("signalbox_delivery_attempts", "Attempts on such targets under way.",
                  broker == nullptr ? 0 : broker->attempts_under_way());
    if (broker != nullptr) text += delivery_counters(broker->bus_counters());
    if (broker != nullptr) text += schedule_counters(*broker);
    if (broker != nullptr) text += function_counters(broker->services());
    protocol::HttpReply reply;
    reply.content_type = "text/plain; version=0.0.4";
    reply.body = std::move(text);
    reply_later(exchange, std::move(reply));
  });
}

void Admin::advance_clock(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  auto* clock = dynamic_cast<TestClock*>(const_cast<broker::Clock*>(&clock_));
  if (clock == nullptr) {
    exchange->reply(error_reply(403, "The clock can be moved only with --test-clock."));
    return;
  }
  simdjson::dom::parser parser;
  std::string_view text;
  const auto parsed = parser.parse(request.body)["advance"].get(text) == simdjson::SUCCESS
                          ? parse_iso_duration(text)
                          : std::nullopt;
  if (!parsed) {
    exchange->reply(error_reply(400,
                                "Expected {\"advance\":\"PT5M\"}: an ISO 8601 duration of "
                                "days, hours, minutes and seconds."));
    return;
  }
  core_.post([this, exchange, clock, left = *parsed] {
    const auto* const broker = engine_.broker();
    const auto number = broker == nullptr ? 0 : broker->services().functions->last_number();
    step_clock(exchange, {*clock, number}, left);
  });
}

// From deadline to deadline, as real time would meet them: an hour holds sixty firings of a rule of
// every minute. Answered once everything that became due has been done, so that a test can look at
// once. What functions do takes time of its own: the clock waits for what it has set going.
void Admin::step_clock(const ExchangePtr& exchange, const ClockStep& step, broker::Duration left) {
  engine_.turn();
  TestClock& clock = step.clock;
  const auto now = clock.now();
  const auto* const broker = engine_.broker();
  if (broker != nullptr &&
      broker->services().functions->runs_later_than(step.last_invocation, now)) {
    readers_.run([this, exchange, step, left] {
      std::this_thread::sleep_for(clock_wait);
      core_.post([this, exchange, step, left] { step_clock(exchange, step, left); });
    });
    return;
  }
  const auto next = engine_.next_deadline();
  const bool is_settled =
      (!next || *next > now) && engine_.committed() == engine_.sealed() && !engine_.is_reading();
  if (is_settled && left == broker::Duration(0)) {
    reply_later(exchange, json_reply(200, fmt::format("{{\"now_ms\":{}}}", broker::to_ms(now))));
    return;
  }
  if (is_settled) {
    const auto by = next ? std::min<broker::Duration>(left, *next - now) : left;
    clock.advance(by);
    left -= by;
  }
  core_.post([this, exchange, step, left] { step_clock(exchange, step, left); });
}

void Admin::events(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  const bool is_form = request.method == "POST";
  if (!is_form && request.method != "GET") {
    auto reply = error_reply(405,
                             "Ask with GET and a query like ?bus=default&from=now&wait=20, or with "
                             "POST and the same as a form.");
    reply.headers.emplace_back("Allow", "GET, POST");
    exchange->reply(std::move(reply));
    return;
  }
  protocol::QueryParameters parameters;
  EventsQuestion question;
  const bool is_read = read_query(request, parameters, is_form ? request.body : "");
  const auto problem =
      is_read ? parse_events_question(parameters, question) : std::string(malformed_query);
  if (!problem.empty()) {
    exchange->reply(error_reply(400, problem));
    return;
  }
  auto let_go = events_.answer(
      std::move(question), caller_of(parameters),
      [this, exchange](protocol::HttpReply reply) { reply_later(exchange, std::move(reply)); });
  exchange->watch_disconnect(std::move(let_go));
}

void Admin::open_runtime_port(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  simdjson::dom::parser parser;
  std::string_view arn;
  bool is_own = false;
  const auto body = parser.parse(request.body);
  const bool has_own = body["own"].get(is_own) == simdjson::SUCCESS;
  const bool is_arn =
      body["function_arn"].get(arn) == simdjson::SUCCESS && arn.size() <= 256 &&
      arn.starts_with("arn:aws:lambda:") &&
      arn.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:") ==
          std::string_view::npos;
  if (!is_arn) {
    exchange->reply(error_reply(
        400, "Expected {\"function_arn\":\"arn:aws:lambda:REGION:ACCOUNT:function:NAME\"}."));
    return;
  }
  core_.post([this, exchange, arn = std::string(arn), is_own = has_own && is_own] {
    if (function_with(arn) == nullptr) {
      return reply_later(exchange, error_reply(404, "There is no function of that ARN."));
    }
    const auto worker_id = is_own ? broker::functions::attached_ids + ++attached_count_ : 0;
    // Sockets are no work for the core's thread.
    readers_.run([this, exchange, arn, worker_id] {
      const auto opened =
          worker_id != 0 ? runtime_ports_.open_for(arn, worker_id) : runtime_ports_.port_of(arn);
      if (!opened.problem.empty()) return reply_later(exchange, error_reply(503, opened.problem));
      reply_later(exchange,
                  json_reply(200, fmt::format(R"({{"runtime_api":"127.0.0.1:{}","worker":{}}})",
                                              opened.port, worker_id)));
    });
  });
}

// What becomes of a worker that has a port of its own, told by who has started it.
void Admin::attached_worker(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  simdjson::dom::parser parser;
  const auto body = parser.parse(request.body);
  std::uint64_t worker_id = 0;
  std::string_view how;
  if (body["worker"].get(worker_id) != simdjson::SUCCESS ||
      worker_id < broker::functions::attached_ids) {
    return exchange->reply(
        error_reply(400, R"(Expected {"worker":N}, and with "left" how it exited once it has.)"));
  }
  const bool has_left = body["left"].get(how) == simdjson::SUCCESS;
  core_.post([this, exchange, worker_id, has_left, how = std::string(how)] {
    using Kind = broker::WorkerNews::Kind;
    engine_.worker_news({.kind = has_left ? Kind::left : Kind::leaves,
                         .worker_id = worker_id,
                         .epoch = engine_.epoch(),
                         .error_type = "Runtime.ExitError",
                         .text = how,
                         .request_id = {}});
    if (has_left) runtime_ports_.close_for(worker_id);
    reply_later(exchange, json_reply(200, "{}"));
  });
}

// On the core's own thread. Null: there is none.
const broker::functions::Function* Admin::function_with(const std::string& arn) const {
  const auto* const broker = engine_.broker();
  return broker == nullptr ? nullptr : broker->services().functions->find_by_arn(arn);
}

// What GetFunction's Code.Location leads to: the zip of a function or version.
void Admin::function_code(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  protocol::QueryParameters parameters;
  if (!read_query(request, parameters)) return exchange->reply(error_reply(400, malformed_query));
  core_.post([this, exchange, arn = std::string(parameters.find("function").value_or(""))] {
    const auto* const function = function_with(arn);
    const auto store = keeper_.store();
    if (function == nullptr || function->image_uri || store == nullptr) {
      return reply_later(exchange,
                         error_reply(404, "There is no function with a zip of that ARN."));
    }
    const auto key = storage::keys::function_code(broker::functions::latest_of(*function).id,
                                                  function->code_number);
    readers_.run([this, exchange, store, key] {
      protocol::HttpReply reply;
      reply.content_type = "application/zip";
      if (store->view()->get(key, reply.body) != storage::ReadStatus::found) {
        reply = error_reply(404, "The function's code was replaced meanwhile: ask again.");
      }
      reply_later(exchange, std::move(reply));
    });
  });
}

void Admin::explain(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  if (request.method != "POST") {
    auto reply = error_reply(405,
                             "Ask with POST and a body like "
                             "{\"bus\":\"default\",\"event\":{...}}.");
    reply.headers.emplace_back("Allow", "POST");
    exchange->reply(std::move(reply));
    return;
  }
  protocol::QueryParameters parameters;
  ExplainQuestion question;
  auto problem = read_query(request, parameters) ? parse_explain_question(request.body, question)
                                                 : std::string(malformed_query);
  if (!problem.empty()) {
    exchange->reply(error_reply(400, problem));
    return;
  }
  std::make_shared<BusExplanation>(
      std::move(question), caller_of(parameters), core_, engine_, readers_,
      [this, exchange](protocol::HttpReply reply) { reply_later(exchange, std::move(reply)); })
      ->start();
}

void Admin::queues(const protocol::HttpRequest& request, const ExchangePtr& exchange) {
  protocol::QueryParameters parameters;
  if (!read_query(request, parameters)) {
    exchange->reply(error_reply(400, malformed_query));
    return;
  }
  broker::Caller caller = caller_of(parameters);
  caller.base_url = fmt::format("http://{}", request.header("host"));
  sqs_.handle(request, std::move(caller), exchange);
}

broker::Caller Admin::caller_of(const protocol::QueryParameters& parameters) const {
  broker::Caller caller = dispatcher_.default_caller();
  if (const auto account = parameters.find("account")) caller.account = *account;
  if (const auto region = parameters.find("region")) caller.region = *region;
  return caller;
}

void Admin::reply_later(const ExchangePtr& exchange, protocol::HttpReply reply) const {
  http_->post(exchange->io_thread(), std::make_unique<ReplyTask>(exchange, std::move(reply)));
}

}  // namespace signalbox
