#include "signalbox/admin_sqs.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "broker/api/operator.h"
#include "protocol/dispatcher.h"
#include "signalbox/admin_reply.h"
#include "signalbox/log.h"

namespace signalbox {

namespace {

using broker::Broker;
using protocol::Row;

constexpr std::string_view root = "/_signalbox/sqs";

// Whether there is a QUEUE, "messages" and a POSITION in the path.
enum class Depth : std::uint8_t { queues, queue, messages, message };

struct Route : Row {
  Depth depth;
  std::string_view method;
};

template <auto function>
constexpr Route route(std::string_view method, Depth depth, std::string_view name) {
  Route route{};
  route.service = protocol::Service::sqs;
  route.name = name;
  route.read_only = method == "GET";
  route.make = []() -> std::unique_ptr<protocol::RequestJob> {
    return std::make_unique<protocol::TypedJob<function>>();
  };
  route.depth = depth;
  route.method = method;
  return route;
}

constexpr std::array routes{
    route<&Broker::describe_queues>("GET", Depth::queues, "DescribeQueues"),
    route<&Broker::describe_queues>("GET", Depth::queue, "DescribeQueue"),
    route<&Broker::peek_messages>("GET", Depth::messages, "PeekMessages"),
    route<&Broker::discard_message>("DELETE", Depth::message, "DiscardMessage"),
    route<&Broker::edit_message>("POST", Depth::message, "EditMessage"),
};

struct Place {
  Depth depth = Depth::queues;
  std::string parameters;  // what the path says, as a form: it goes before the query
};

std::optional<Place> place_of(std::string_view path) {
  path.remove_prefix(root.size());
  if (path.empty() || path == "/") return Place{};
  path.remove_prefix(1);
  const auto queue = path.substr(0, path.find('/'));
  if (queue.empty()) return std::nullopt;
  Place place{Depth::queue, fmt::format("queue={}", queue)};
  auto rest = path.substr(queue.size());
  if (rest.empty()) return place;
  constexpr std::string_view messages = "/messages";
  if (!rest.starts_with(messages)) return std::nullopt;
  rest.remove_prefix(messages.size());
  if (rest.empty()) return Place{Depth::messages, std::move(place.parameters)};
  const auto position = rest.substr(1);
  if (rest.front() != '/' || position.empty() || position.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  return Place{Depth::message, fmt::format("{}&position={}", place.parameters, position)};
}

// Null: no such method there; allowed then names those there are.
const Route* find_route(Depth depth, std::string_view method, std::string& allowed) {
  for (const auto& each : routes) {
    if (each.depth != depth) continue;
    if (each.method == method) return &each;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", each.method);
  }
  return nullptr;
}

// The members come as JSON, in the query and in the path, of which the path counts most.
std::optional<broker::Error> decode(const protocol::HttpRequest& request, const Place& place,
                                    broker::PrepareContext& context, protocol::RequestJob& job) {
  protocol::WireRequest wire;
  if (!request.body.empty()) {
    wire.body = request.body;
    if (auto error = job.decode(wire, context)) {
      if (error->message.empty()) error->message = "The body cannot be read: it is a JSON object.";
      return error;
    }
  }
  const auto mark = request.target.find('?');
  const auto query = mark == std::string::npos ? std::string_view{}
                                               : std::string_view(request.target).substr(mark + 1);
  protocol::QueryParameters parameters;
  if (auto malformed = protocol::QueryParameters::parse(place.parameters, query, parameters)) {
    return protocol::to_error(std::move(*malformed));
  }
  wire.wire = protocol::Wire::query;
  wire.parameters = &parameters;
  auto error = job.decode(wire, context);
  if (error && error->code == broker::ErrorCode::serialization) {
    error->message = "The query cannot be read: limit is a number, force is true or false.";
  }
  return error;
}

}  // namespace

AdminSqs::AdminSqs(const protocol::Dispatcher& dispatcher, const Log& log, Submit submit)
    : dispatcher_(dispatcher), log_(log), submit_(std::move(submit)) {}

bool AdminSqs::owns(std::string_view path) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

void AdminSqs::handle(const protocol::HttpRequest& request, broker::Caller caller,
                      std::shared_ptr<protocol::Exchange> exchange) {
  const auto place = place_of(std::string_view(request.target).substr(0, request.target.find('?')));
  if (!place) {
    exchange->reply(
        error_reply(404,
                    "No such path: ask /_signalbox/sqs, /_signalbox/sqs/QUEUE, "
                    "/_signalbox/sqs/QUEUE/messages or /_signalbox/sqs/QUEUE/messages/POSITION."));
    return;
  }
  std::string allowed;
  const Route* found = find_route(place->depth, request.method, allowed);
  if (found == nullptr) {
    auto reply = error_reply(405, fmt::format("That path takes {}.", allowed));
    reply.headers.emplace_back("Allow", allowed);
    exchange->reply(std::move(reply));
    return;
  }
  auto job = found->make();
  job->row = found;
  job->host = this;
  job->exchange = std::move(exchange);
  job->caller = std::move(caller);
  auto context = dispatcher_.prepare_context(job->caller);
  if (auto error = decode(request, *place, context, *job)) {
    job->reply_error(*error);
    return;
  }
  std::vector<std::unique_ptr<broker::Job>> jobs;
  jobs.push_back(std::move(job));
  submit_(std::move(jobs));
}

std::shared_ptr<storage::Store> AdminSqs::store() const { return dispatcher_.store(); }

const broker::HandleKey& AdminSqs::handle_key() const { return dispatcher_.handle_key(); }

// Nothing here is left to be read once it is decided.
void AdminSqs::run_on_reader(std::unique_ptr<protocol::RequestJob> job) {
  job->finish_from_disk();
  protocol::RequestJob::answer(std::move(job));
}

void AdminSqs::reply(protocol::RequestJob& job, unsigned status, std::string body,
                     protocol::HttpHeaders) {
  if (status < 300 && !job.row->read_only) {
    log_change(job, body);
  } else if (status >= 500) {
    log_.write(LogLevel::warning, "queue work failed",
               {{"operation", job.row->name}, {"detail", body}});
  }
  job.exchange->reply(json_reply(status, std::move(body)));
}

// The answer to a change says which message it was, and never a body.
void AdminSqs::log_change(const protocol::RequestJob& job, const std::string& body) const {
  simdjson::dom::parser parser;
  simdjson::dom::object changed;
  if (parser.parse(body).get(changed) != simdjson::SUCCESS) return;
  std::vector<Log::Field> fields{
      {"operation", job.row->name}, {"account", job.caller.account}, {"region", job.caller.region}};
  const auto size = fmt::to_string(changed["size_bytes"].get_int64().value_unsafe());
  for (const auto& [name, value] : changed) {
    std::string_view text = size;
    if (value.is_string()) text = value.get_string().value_unsafe();
    fields.emplace_back(name, text);
  }
  log_.write(LogLevel::info, "an operator changed a message", fields);
}

}  // namespace signalbox
