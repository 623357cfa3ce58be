#include "signalbox/broker_client.h"

#include <fmt/format.h>

namespace signalbox {

std::string_view member_text(simdjson::dom::element json, std::string_view name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::optional<std::int64_t> member_number(simdjson::dom::element json, std::string_view name) {
  std::int64_t number = 0;
  if (json[name].get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::string_view BrokerReply::text(std::string_view name) const { return member_text(json, name); }

std::int64_t BrokerReply::number(std::string_view name) const {
  return member_number(json, name).value_or(0);
}

BrokerReply BrokerClient::ask(const HttpQuestion& question, bool is_parsed) {
  BrokerReply reply;
  reply.parser = std::make_unique<simdjson::dom::parser>();
  HttpAnswer answer = ask_http(address_, question);
  if (!answer.problem.empty()) {
    reply.problem =
        fmt::format("{}: {}. Is the broker running there? --endpoint-url names another.",
                    options_.endpoint_url, answer.problem);
    return reply;
  }
  reply.status = answer.status;
  reply.body = std::move(answer.body);
  if (!is_parsed && answer.status == 200) return reply;
  // Operations without an output answer with nothing.
  const std::string_view body = reply.body.empty() ? "{}" : std::string_view(reply.body);
  const bool is_json =
      reply.parser->parse(body.data(), body.size()).get(reply.json) == simdjson::SUCCESS &&
      reply.json.is_object();
  if (!is_json) {
    reply.problem = fmt::format("{}: what answers there is no Signalbox (status {}).",
                                options_.endpoint_url, answer.status);
  } else if (answer.status != 200) {
    reply.problem = reply.text("message");
    if (reply.problem.empty()) reply.problem = reply.text("Message");  // of REST-JSON
    if (reply.problem.empty()) {
      reply.problem = fmt::format("{}: status {} {}", options_.endpoint_url, answer.status,
                                  reply.text("__type"));
    }
  }
  return reply;
}

HttpQuestion BrokerClient::own_question(std::string_view path, const Parameters& parameters) const {
  HttpQuestion question;
  question.target = path;
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    question.target += fmt::format("{}{}={}", separator, name, url_escaped(value));
    separator = '&';
  };
  if (options_.account) add("account", *options_.account);
  if (options_.region) add("region", *options_.region);
  for (const auto& [name, value] : parameters) add(name, value);
  return question;
}

BrokerReply BrokerClient::own(std::string_view method, std::string_view path,
                              const Parameters& parameters, std::string body) {
  HttpQuestion question = own_question(path, parameters);
  question.method = method;
  if (!body.empty()) question.headers.emplace_back("Content-Type", "application/json");
  question.body = std::move(body);
  return ask(question);
}

BrokerReply BrokerClient::own_text(std::string_view path, const Parameters& parameters,
                                   std::chrono::seconds wait) {
  HttpQuestion question = own_question(path, parameters);
  // What has no room in a request line, such as a long pattern, is sent as a form.
  constexpr std::size_t target_bytes_max = 4096;
  if (question.target.size() > target_bytes_max) {
    question.method = "POST";
    question.body = question.target.substr(path.size() + 1);
    question.target.resize(path.size());
    question.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  }
  question.timeout += wait;
  return ask(question, false);
}

namespace {

// Names the world; the broker checks no signatures.
std::string credentials(const BrokerClient::World& world, std::string_view service) {
  return fmt::format(
      "AWS4-HMAC-SHA256 Credential={}/20000101/{}/{}/aws4_request, SignedHeaders=host, "
      "Signature=none",
      world.account, world.region, service);
}

}  // namespace

BrokerReply BrokerClient::operation(std::string_view target, std::string body, const World& world,
                                    std::chrono::seconds wait) {
  HttpQuestion question;
  question.method = "POST";
  question.target = "/";
  question.timeout += wait;
  const bool is_sqs = target.starts_with("AmazonSQS.");
  question.headers = {
      {"Content-Type", is_sqs ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1"},
      {"X-Amz-Target", std::string(target)},
      {"Authorization", credentials(world, is_sqs ? "sqs" : "events")}};
  question.body = std::move(body);
  return ask(question);
}

BrokerReply BrokerClient::lambda(std::string_view method, std::string_view path) {
  HttpQuestion question;
  question.method = method;
  question.target = path;
  question.headers = {
      {"Authorization",
       credentials({options_.account.value_or(""), options_.region.value_or("")}, "lambda")}};
  return ask(question);
}

BrokerReply BrokerClient::operation(std::string_view target, std::string body) {
  return operation(target, std::move(body),
                   {options_.account.value_or(""), options_.region.value_or("")});
}

}  // namespace signalbox
