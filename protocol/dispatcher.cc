#include "protocol/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/ids.h"
#include "protocol/query_codec.h"

namespace signalbox::protocol {

namespace {

constexpr std::size_t status_classes = 3;
constexpr std::string_view status_class_names[status_classes] = {"2xx", "4xx", "5xx"};

broker::IdSource& thread_ids() {
  static thread_local broker::RandomIds ids;
  return ids;
}

class AnswerTask final : public IoTask {
 public:
  explicit AnswerTask(std::unique_ptr<RequestJob> job) : job_(std::move(job)) {}
  void run() override { RequestJob::answer(std::move(job_)); }

 private:
  std::unique_ptr<RequestJob> job_;
};

// The jobs of this io thread that the core has not been told of yet.
std::vector<std::unique_ptr<broker::Job>>& pending_jobs() {
  static thread_local std::vector<std::unique_ptr<broker::Job>> jobs;
  return jobs;
}

class SubmitTask final : public IoTask {
 public:
  explicit SubmitTask(const DispatcherPorts& ports) : ports_(ports) {}
  void run() override { ports_.submit(std::exchange(pending_jobs(), {})); }

 private:
  const DispatcherPorts& ports_;
};

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view query_of(std::string_view target) {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

bool is_form(const HttpRequest& request) {
  constexpr std::string_view wanted = "application/x-www-form-urlencoded";
  const auto given = request.header("content-type").substr(0, wanted.size());
  return std::equal(given.begin(), given.end(), wanted.begin(), wanted.end(),
                    [](char one, char other) { return (one | 0x20) == (other | 0x20); });
}

// Queue URLs are told as the client addresses us.
std::string base_url_of(const HttpRequest& request) {
  return fmt::format("http://{}", request.header("host"));
}

std::string json_message(std::string_view type, std::string_view message) {
  std::string body = "{\"__type\":";
  append_json_string(body, type);
  body += ",\"message\":";
  append_json_string(body, message);
  return body += '}';
}

}  // namespace

// Which operation a request names and in which form its members come.
struct Dispatcher::Asked {
  const Row* row = nullptr;
  Wire wire = Wire::json_1_0;
  Service service = Service::sqs;
  QueryParameters parameters;
  RestParts rest;
  std::optional<broker::Error> error;  // set: nothing else counts but wire and service
};

Dispatcher::Dispatcher(DispatcherSettings settings, const broker::Clock& clock,
                       broker::RuleDirectory& directory, broker::HandleKey handle_key,
                       DispatcherPorts ports)
    : settings_(std::move(settings)),
      guard_(settings_.guard),
      clock_(clock),
      directory_(directory),
      handle_key_(handle_key),
      ports_(std::move(ports)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(operation_rows().size() *
                                                             status_classes)) {}

void Dispatcher::set_store(std::shared_ptr<storage::Store> store) {
  const std::lock_guard lock(store_mutex_);
  store_ = std::move(store);
}

std::shared_ptr<storage::Store> Dispatcher::store() const {
  const std::lock_guard lock(store_mutex_);
  return store_;
}

HttpReply Dispatcher::refusal(unsigned status, std::string_view reason) {
  HttpReply reply;
  reply.status = status;
  reply.body = json_message(
      status == 413 ? "RequestEntityTooLargeException" : "BadRequestException", reason);
  reply.close = true;
  return reply;
}

bool Dispatcher::find_operation_asked(const HttpRequest& request, Asked& asked) const {
  const auto target_header = request.header("x-amz-target");
  if (!target_header.empty()) {
    const auto target = parse_target(target_header);
    asked.service = target ? target->service : Service::sqs;
    asked.wire = asked.service == Service::sqs ? Wire::json_1_0 : Wire::json_1_1;
    if (target) asked.row = find_operation(operation_rows(), target->service, target->operation);
    if (asked.row == nullptr) {
      asked.error = broker::Error{broker::ErrorCode::unknown_operation, {}};
    }
    return true;
  }
  // The server's own paths take JSON, whatever curl calls it.
  if (path_of(request.target).starts_with("/_signalbox/")) return false;
  const auto query_string = query_of(request.target);
  const auto scope = parse_credential_scope(request.header("authorization"), query_string, {});
  if (const auto service = rest_service(scope.service)) {
    take_rest(
        request, *service,
        find_rest_operation(operation_rows(), *service, request.method, path_of(request.target)),
        asked);
    return true;
  }
  const bool names_action = query_string.find("Action=") != std::string_view::npos;
  // Whatever curl calls the body: a runtime written in sh sends forms.
  if (!names_action && scope.service.empty() && find_rest_asked(request, asked)) return true;
  const bool has_form = request.method == "POST" && is_form(request);
  if (!has_form && !names_action) return false;
  take_query(request, scope.service, has_form ? std::string_view(request.body) : std::string_view{},
             asked);
  return true;
}

void Dispatcher::take_query(const HttpRequest& request, std::string_view signing_name,
                            std::string_view form, Asked& asked) {
  asked.wire = Wire::query;
  auto malformed = QueryParameters::parse(form, query_of(request.target), asked.parameters);
  if (malformed) {
    asked.service = query_service(signing_name, {});
    asked.error = to_error(std::move(*malformed));
    return;
  }
  const auto version = asked.parameters.find("Version").value_or("");
  asked.service = query_service(signing_name, version);
  const auto action = asked.parameters.find("Action").value_or("(none)");
  asked.row = find_operation(operation_rows(), asked.service, action);
  const bool is_sqs = asked.service == Service::sqs;
  if (asked.row == nullptr) {
    asked.error = broker::Error{
        broker::ErrorCode::unknown_operation,
        is_sqs ? fmt::format("The action {} is not valid for this endpoint.", action)
               : fmt::format("Could not find operation {} for version {}", action, version)};
  }
  if (!is_sqs) return;
  const auto queue_url = queue_url_of_path(path_of(request.target), base_url_of(request));
  if (queue_url) asked.parameters.set_default("QueueUrl", *queue_url);
}

// An unsigned request names no service: its path has to.
bool Dispatcher::find_rest_asked(const HttpRequest& request, Asked& asked) const {
  for (const auto service : rest_services) {
    const auto* row =
        find_rest_operation(operation_rows(), service, request.method, path_of(request.target));
    if (row == nullptr) continue;
    take_rest(request, service, row, asked);
    return true;
  }
  return false;
}

// In the headers or, of a presigned request, in the query string.
std::string Dispatcher::session_token_of(const HttpRequest& request, const Asked& asked) {
  const auto token = request.header("x-amz-security-token");
  return std::string(token.empty() ? asked.parameters.find("X-Amz-Security-Token").value_or("")
                                   : token);
}

void Dispatcher::take_rest(const HttpRequest& request, Service service, const Row* row,
                           Asked& asked) {
  asked.service = service;
  asked.wire = Wire::rest_json;
  asked.row = row;
  if (row == nullptr) {
    const bool has_words = service == Service::schemas || service == Service::lambda;
    asked.error =
        broker::Error{broker::ErrorCode::unknown_operation,
                      has_words ? fmt::format("There is no operation {} {}.", request.method,
                                              path_of(request.target).substr(0, 200))
                                : std::string()};
    return;
  }
  auto malformed = RestParts::parse(row->path, path_of(request.target), query_of(request.target),
                                    request.headers, asked.rest);
  if (malformed) asked.error = to_error(std::move(*malformed));
}

broker::Caller Dispatcher::caller_of(const HttpRequest& request,
                                     std::string_view query_string) const {
  auto scope = parse_credential_scope(request.header("authorization"), query_string,
                                      {settings_.account, settings_.region});
  broker::Caller caller;
  caller.account = std::move(scope.account);
  caller.region = std::move(scope.region);
  caller.base_url = base_url_of(request);
  caller.trace_header = request.header("x-amzn-trace-id");
  return caller;
}

broker::Caller Dispatcher::default_caller() const {
  broker::Caller caller;
  caller.account = settings_.account;
  caller.region = settings_.region;
  return caller;
}

broker::PrepareContext Dispatcher::prepare_context(const broker::Caller& caller) const {
  return {clock_.wall(), thread_ids(), caller, directory_, handle_key_};
}

void Dispatcher::handle(HttpRequest&& request, std::shared_ptr<Exchange> exchange) {
  if (auto refused = guard_.check(request); !refused.empty()) {
    HttpReply reply;
    reply.status = 403;
    reply.body = json_message("AccessDeniedException", refused);
    exchange->reply(std::move(reply));
    return;
  }
  if (Guard::is_preflight(request)) {
    exchange->reply(guard_.preflight_reply(request));
    return;
  }
  Asked asked;
  if (find_operation_asked(request, asked)) {
    start(std::move(request), std::move(exchange), std::move(asked));
    return;
  }
  if (ports_.admin(request, exchange)) return;
  HttpReply reply;
  reply.status = 404;
  reply.body = json_message(
      "UnknownOperationException",
      "No X-Amz-Target header, no Action parameter and no such path: this is "
      "Signalbox, which speaks protocols of AWS services: docs/compatibility.md has the list.");
  Guard::add_cors_headers(request, reply);
  exchange->reply(std::move(reply));
}

void Dispatcher::start(HttpRequest&& request, std::shared_ptr<Exchange> exchange, Asked&& asked) {
  static const auto unknown = [] {
    std::map<Service, Row> rows;
    for (const auto service : services) {
      rows[service] = Row{OperationRow{.service = service, .name = "unknown"}, nullptr};
    }
    return rows;
  }();
  std::unique_ptr<RequestJob> job;
  if (asked.row != nullptr) {
    job = asked.row->make();
    job->row = asked.row;
  } else {
    job = operation_rows().front().make();
    job->row = &unknown.at(asked.service);
  }
  job->host = this;
  job->wire = asked.wire;
  job->id = ++last_job_id_;
  job->exchange = std::move(exchange);
  if (request.has_header("origin")) {
    HttpReply cors;
    Guard::add_cors_headers(request, cors);
    job->cors_headers = std::move(cors.headers);
  }
  if (!asked.error) job->caller = caller_of(request, query_of(request.target));
  if (asked.service == Service::sts) job->caller.session_token = session_token_of(request, asked);
  job->caller.request_id = broker::format_uuid(thread_ids().uuid());
  if (!asked.error) {
    auto context = prepare_context(job->caller);
    WireRequest wire_request;
    wire_request.service = job->row->service;
    wire_request.wire = job->wire;
    wire_request.body = request.body;
    wire_request.parameters = &asked.parameters;
    wire_request.rest = &asked.rest;
    asked.error = job->decode(wire_request, context);
  }
  if (asked.error) {
    job->reply_error(*asked.error);
    return;
  }
  if (job->may_wait()) {
    job->exchange->watch_disconnect([this, id = job->id] { ports_.cancel(id); });
  }
  submit_soon(std::move(job));
}

// Once the io thread has been through the sockets that are readable now, all their requests go to
// the core together: waking it for each one costs more than deciding it.
void Dispatcher::submit_soon(std::unique_ptr<RequestJob> job) {
  auto& pending = pending_jobs();
  const auto io_thread = job->exchange->io_thread();
  pending.push_back(std::move(job));
  if (pending.size() == 1) ports_.post_to_io(io_thread, std::make_unique<SubmitTask>(ports_));
}

void Dispatcher::answer_on_io(std::unique_ptr<RequestJob> job) {
  const auto io_thread = job->exchange->io_thread();
  ports_.post_to_io(io_thread, std::make_unique<AnswerTask>(std::move(job)));
}

void Dispatcher::release(std::vector<std::unique_ptr<broker::Job>> jobs) {
  for (auto& job : jobs) {
    answer_on_io(std::unique_ptr<RequestJob>(static_cast<RequestJob*>(job.release())));
  }
}

void Dispatcher::run_on_reader(std::unique_ptr<RequestJob> job) {
  ports_.run_reader([this, job = job.release()] {
    std::unique_ptr<RequestJob> mine(job);
    mine->finish_from_disk();
    answer_on_io(std::move(mine));
  });
}

void Dispatcher::reply(RequestJob& job, unsigned status, std::string body, HttpHeaders headers) {
  HttpReply reply;
  reply.status = status;
  const bool has_own_type = status < 300 && !job.row->content_type.empty();
  reply.content_type = has_own_type ? job.row->content_type : content_type(job.wire);
  reply.headers = std::move(job.cors_headers);
  reply.headers.emplace_back("x-amzn-RequestId", job.caller.request_id);
  for (auto& header : headers) reply.headers.push_back(std::move(header));
  count(job.row, status);
  ports_.log(job.row->name, status, job.caller.request_id,
             status < 300 ? std::string_view{} : body);
  reply.body = std::move(body);
  if (auto handed_out = job.take_handed_out(); !handed_out.empty()) {
    reply.unwritten = [this, handed_out = std::move(handed_out)] { ports_.give_back(handed_out); };
  }
  job.exchange->reply(std::move(reply));
}

void Dispatcher::count(const Row* row, unsigned status) {
  const auto rows = operation_rows();
  if (row < rows.data() || row >= rows.data() + rows.size()) return;
  const std::size_t status_class = status < 400 ? 0 : status < 500 ? 1 : 2;
  counts_[static_cast<std::size_t>(row - rows.data()) * status_classes + status_class].fetch_add(
      1, std::memory_order_relaxed);
}

std::string Dispatcher::metrics() const {
  std::string text =
      "# HELP signalbox_requests_total Requests answered, by operation and status class.\n"
      "# TYPE signalbox_requests_total counter\n";
  const auto rows = operation_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < status_classes; ++c) {
      const auto value = counts_[i * status_classes + c].load(std::memory_order_relaxed);
      if (value == 0) continue;
      text += fmt::format(
          "signalbox_requests_total{{service=\"{}\",operation=\"{}\",status=\"{}\"}} {}\n",
          service_name(rows[i].service), rows[i].name, status_class_names[c], value);
    }
  }
  text += fmt::format(
      "# HELP signalbox_bodies_left_out_total Messages received whose body was gone by then.\n"
      "# TYPE signalbox_bodies_left_out_total counter\nsignalbox_bodies_left_out_total {}\n",
      left_out_.load(std::memory_order_relaxed));
  return text;
}

}  // namespace signalbox::protocol
