#include "signalbox/queue_client.h"

#include <fmt/format.h>

#include <array>

namespace signalbox {

namespace {

constexpr std::string_view root = "/_signalbox/sqs";

}  // namespace

std::string_view member_text(simdjson::dom::element json, std::string_view name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::optional<std::int64_t> member_number(simdjson::dom::element json, std::string_view name) {
  std::int64_t number = 0;
  if (json[name].get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::string_view QueueReply::text(std::string_view name) const { return member_text(json, name); }

std::int64_t QueueReply::number(std::string_view name) const {
  return member_number(json, name).value_or(0);
}

QueueClient::QueueClient(HttpAddress address, const QueueOptions& options)
    : address_(std::move(address)), options_(options) {}

QueueReply QueueClient::ask(const HttpQuestion& question) {
  QueueReply reply;
  reply.parser = std::make_unique<simdjson::dom::parser>();
  const HttpAnswer answer = ask_http(address_, question);
  if (!answer.problem.empty()) {
    reply.problem =
        fmt::format("{}: {}. Is the broker running there? --endpoint-url names another.",
                    options_.endpoint_url, answer.problem);
    return reply;
  }
  // Operations without an output answer with nothing.
  const std::string_view body = answer.body.empty() ? "{}" : std::string_view(answer.body);
  const bool is_json =
      reply.parser->parse(body.data(), body.size()).get(reply.json) == simdjson::SUCCESS &&
      reply.json.is_object();
  if (!is_json) {
    reply.problem = fmt::format("{}: what answers there is no Signalbox (status {}).",
                                options_.endpoint_url, answer.status);
  } else if (answer.status != 200) {
    reply.is_missing = answer.status == 404;
    reply.problem = reply.text("message");
    if (reply.problem.empty()) {
      reply.problem = fmt::format("{}: status {} {}", options_.endpoint_url, answer.status,
                                  reply.text("__type"));
    }
  }
  return reply;
}

QueueReply QueueClient::own(std::string_view method, std::string_view path,
                            const Parameters& parameters, std::string body) {
  HttpQuestion question;
  question.method = method;
  question.target = fmt::format("{}{}", root, path);
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    question.target += fmt::format("{}{}={}", separator, name, url_escaped(value));
    separator = '&';
  };
  if (options_.account) add("account", *options_.account);
  if (options_.region) add("region", *options_.region);
  for (const auto& [name, value] : parameters) add(name, value);
  if (!body.empty()) question.headers.emplace_back("Content-Type", "application/json");
  question.body = std::move(body);
  return ask(question);
}

QueueReply QueueClient::sqs(std::string_view operation, std::string body, std::int64_t wait_s) {
  HttpQuestion question;
  question.method = "POST";
  question.target = "/";
  question.headers = {
      {"Content-Type", "application/x-amz-json-1.0"},
      {"X-Amz-Target", fmt::format("AmazonSQS.{}", operation)},
      // Names the world; the broker checks no signatures.
      {"Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/20000101/{}/sqs/aws4_request, "
                                    "SignedHeaders=host, Signature=none",
                                    account_, region_)}};
  question.body = std::move(body);
  question.timeout += std::chrono::seconds(wait_s);
  return ask(question);
}

QueueReply QueueClient::find_queue(const std::string& name) {
  auto found = own("GET", "/" + url_escaped(name));
  if (found.is_missing) {
    found.problem = fmt::format(
        "there is no queue {}{}{}. `signalbox queue ls` names those there are; --account and "
        "--region choose another world.",
        name, options_.account ? " in account " + *options_.account : "",
        options_.region ? " in region " + *options_.region : "");
  }
  if (!found.problem.empty()) return found;
  simdjson::dom::element queue;
  if (found.json["queues"].at(0).get(queue) != simdjson::SUCCESS) {
    found.problem = fmt::format("{}: the answer is none of this version.", options_.endpoint_url);
    return found;
  }
  found.json = queue;
  account_ = found.text("account");
  region_ = found.text("region");
  return found;
}

QueueClient::FoundMessage QueueClient::find_message(const std::string& queue,
                                                    const std::string& id) {
  const std::string path = fmt::format("/{}/messages", url_escaped(queue));
  FoundMessage found;
  for (const std::string state : {"visible", "in_flight", "delayed"}) {
    std::string next;
    do {
      Parameters parameters{{"state", state}, {"id", id}, {"limit", "1"}};
      if (!next.empty()) parameters.emplace_back("next", next);
      found.page = own("GET", path, parameters);
      if (!found.page.problem.empty()) return found;
      if (found.page.json["messages"].at(0).get(found.message) == simdjson::SUCCESS) return found;
      next = found.page.text("next");
    } while (!next.empty());
  }
  found.page.is_missing = true;
  found.page.problem =
      fmt::format("queue {} has no message {}. `signalbox queue peek {}` shows those it has.",
                  queue, id, queue);
  return found;
}

}  // namespace signalbox
