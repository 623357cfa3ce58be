#include "examples/services/aws_client.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "examples/services/json_writer.h"

namespace shop {

namespace {

using simdjson::dom::element;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds call_timeout{10'000};
constexpr milliseconds pause_first{20};
constexpr milliseconds pause_max{1'000};

std::pair<std::string, std::string> host_and_port(const std::string& endpoint) {
  constexpr std::string_view scheme = "http://";
  std::string authority = endpoint.substr(std::min(endpoint.size(), scheme.size()));
  if (!authority.empty() && authority.back() == '/') authority.pop_back();
  const auto colon = authority.rfind(':');
  if (!endpoint.starts_with(scheme) || colon == std::string::npos || colon == 0) {
    throw std::invalid_argument(endpoint + ": an endpoint is http://HOST:PORT");
  }
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

HttpConnection connection_to(const std::string& endpoint) {
  auto [host, port] = host_and_port(endpoint);
  return {std::move(host), std::move(port)};
}

std::string text_at(const element& object, std::string_view key) {
  std::string_view text;
  return object.at_key(key).get_string().get(text) ? std::string() : std::string(text);
}

// The parser owns what the element refers to.
element parse(simdjson::dom::parser& parser, const std::string& body) {
  element document;
  if (parser.parse(body).get(document)) throw AwsError("InvalidAnswer", body.substr(0, 200));
  return document;
}

AwsError error_in(const HttpAnswer& answer) {
  simdjson::dom::parser parser;
  element document;
  std::string type;
  std::string message;
  if (!parser.parse(answer.body).get(document)) {
    type = text_at(document, "__type");
    type.erase(0, type.find('#') + 1);  // com.amazonaws.sqs#QueueDoesNotExist
    message = text_at(document, "message");
    if (message.empty()) message = text_at(document, "Message");
  }
  if (type.empty()) type = fmt::format("Http{}", answer.status);
  return {std::move(type), message};
}

bool is_transient(std::string_view error_type) {
  return error_type.starts_with("Throttl") || error_type.ends_with("Throttled") ||
         error_type.starts_with("Internal") || error_type == "ServiceUnavailable";
}

std::string entry_json(const EventEntry& entry) {
  return JsonObject()
      .text("EventBusName", entry.bus)
      .text("Source", entry.source)
      .text("DetailType", entry.detail_type)
      .text("Detail", entry.detail)
      .str();
}

}  // namespace

AwsClient::AwsClient(AwsOptions options)
    : options_(std::move(options)), connection_(connection_to(options_.endpoint)) {}

HttpHeaders AwsClient::headers_for(Service service, std::string_view operation) const {
  const bool is_sqs = service == Service::sqs;
  // The broker takes region and account from the scope; on loopback it checks no signature.
  return {
      {"Content-Type", is_sqs ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1"},
      {"X-Amz-Target", fmt::format("{}.{}", is_sqs ? "AmazonSQS" : "AWSEvents", operation)},
      {"Authorization",
       fmt::format("AWS4-HMAC-SHA256 Credential=shop/{:%Y%m%d}/{}/{}/aws4_request, "
                   "SignedHeaders=host;x-amz-target, Signature=unsigned",
                   fmt::gmtime(std::time(nullptr)), options_.region, is_sqs ? "sqs" : "events")}};
}

std::string AwsClient::call(Service service, std::string_view operation,
                            const std::string& request) {
  return call(service, operation, request, call_timeout, OnStop::finish);
}

std::string AwsClient::call(Service service, std::string_view operation, const std::string& request,
                            milliseconds timeout, OnStop on_stop) {
  const auto give_up = steady_clock::now() + options_.retry_for;
  const HttpHeaders headers = headers_for(service, operation);
  for (milliseconds pause = pause_first;; pause = std::min(pause * 2, pause_max)) {
    try {
      HttpAnswer answer = connection_.post(headers, request, timeout, on_stop);
      if (answer.status < 300) return std::move(answer.body);
      AwsError error = error_in(answer);
      const bool again = answer.status >= 500 || is_transient(error.type);
      if (!again || steady_clock::now() > give_up) throw error;
    } catch (const ConnectionLost& lost) {
      if (steady_clock::now() > give_up) {
        throw ConnectionLost(fmt::format("{}: {}", options_.endpoint, lost.what()));
      }
    }
    connection_.wait(pause);
  }
}

void AwsClient::create_event_bus(std::string_view name) {
  try {
    call(Service::events, "CreateEventBus", JsonObject().text("Name", name).str());
  } catch (const AwsError& error) {
    if (error.type != "ResourceAlreadyExistsException") throw;
  }
}

Queue AwsClient::create_queue(std::string_view name,
                              const std::map<std::string, std::string>& attributes) {
  simdjson::dom::parser parser;
  // Without attributes, so that a queue made with other ones is found rather than refused.
  const std::string created =
      call(Service::sqs, "CreateQueue", JsonObject().text("QueueName", name).str());
  Queue queue{.url = text_at(parse(parser, created), "QueueUrl"), .arn = {}};

  JsonObject values;
  for (const auto& [key, value] : attributes) values.text(key, value);
  call(Service::sqs, "SetQueueAttributes",
       JsonObject().text("QueueUrl", queue.url).json("Attributes", values.str()).str());

  const std::string described = call(
      Service::sqs, "GetQueueAttributes",
      JsonObject().text("QueueUrl", queue.url).json("AttributeNames", R"(["QueueArn"])").str());
  element found;
  if (!parse(parser, described).at_key("Attributes").get(found)) {
    queue.arn = text_at(found, "QueueArn");
  }
  return queue;
}

void AwsClient::put_rule(std::string_view bus, std::string_view rule, std::string_view pattern) {
  call(Service::events, "PutRule",
       JsonObject()
           .text("Name", rule)
           .text("EventBusName", bus)
           .text("EventPattern", pattern)
           .str());
}

void AwsClient::put_target(std::string_view bus, std::string_view rule, std::string_view id,
                           std::string_view arn) {
  const std::string target = JsonObject().text("Id", id).text("Arn", arn).str();
  const std::string answer = call(Service::events, "PutTargets",
                                  JsonObject()
                                      .text("Rule", rule)
                                      .text("EventBusName", bus)
                                      .json("Targets", json_array({target}))
                                      .str());
  simdjson::dom::parser parser;
  std::int64_t failed_count = 0;
  if (parse(parser, answer).at_key("FailedEntryCount").get(failed_count) || failed_count > 0) {
    throw AwsError("PutTargetsFailed", answer);
  }
}

std::vector<std::string> AwsClient::put_events(const std::vector<EventEntry>& entries) {
  const auto give_up = steady_clock::now() + options_.retry_for;
  std::vector<std::string> ids(entries.size());
  std::vector<std::size_t> pending(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) pending[i] = i;

  for (milliseconds pause = pause_first;; pause = std::min(pause * 2, pause_max)) {
    std::vector<std::string> parts;
    for (const std::size_t i : pending) parts.push_back(entry_json(entries[i]));
    const std::string answer =
        call(Service::events, "PutEvents", JsonObject().json("Entries", json_array(parts)).str());
    simdjson::dom::parser parser;
    simdjson::dom::array results;
    if (parse(parser, answer).at_key("Entries").get(results) || results.size() != parts.size()) {
      throw AwsError("InvalidAnswer", answer.substr(0, 200));
    }
    // One result an entry: the accepted ones must not be sent again with the others.
    std::vector<std::size_t> failed;
    std::size_t at = 0;
    for (const element result : results) {
      const std::size_t i = pending[at++];
      ids[i] = text_at(result, "EventId");
      if (!ids[i].empty()) continue;
      const std::string type = text_at(result, "ErrorCode");
      if (!is_transient(type) || steady_clock::now() > give_up) {
        throw AwsError(type, text_at(result, "ErrorMessage"));
      }
      failed.push_back(i);
    }
    if (failed.empty()) return ids;
    pending = std::move(failed);
    connection_.wait(pause);
  }
}

std::vector<Message> AwsClient::receive(const Queue& queue, std::chrono::seconds wait) {
  const std::string answer = call(Service::sqs, "ReceiveMessage",
                                  JsonObject()
                                      .text("QueueUrl", queue.url)
                                      .number("MaxNumberOfMessages", 10)
                                      .number("WaitTimeSeconds", wait.count())
                                      .json("MessageSystemAttributeNames", R"(["SentTimestamp"])")
                                      .str(),
                                  wait + call_timeout, OnStop::abandon);
  simdjson::dom::parser parser;
  simdjson::dom::array found;
  std::vector<Message> messages;
  if (parse(parser, answer).at_key("Messages").get(found)) return messages;
  for (const element one : found) {
    Message message{text_at(one, "MessageId"), text_at(one, "ReceiptHandle"), text_at(one, "Body")};
    element attributes;
    if (!one.at_key("Attributes").get(attributes)) {
      message.sent_time_ms = std::atoll(text_at(attributes, "SentTimestamp").c_str());
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

void AwsClient::delete_message(const Queue& queue, std::string_view receipt_handle) {
  call(Service::sqs, "DeleteMessage",
       JsonObject().text("QueueUrl", queue.url).text("ReceiptHandle", receipt_handle).str());
}

}  // namespace shop
