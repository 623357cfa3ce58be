#include "signalbox/queue_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

#include "signalbox/command_line.h"
#include "signalbox/queue_client.h"
#include "signalbox/queue_editor.h"
#include "signalbox/queue_options.h"
#include "signalbox/queue_text.h"

namespace signalbox {

namespace {

constexpr std::size_t page_max = 1000;
constexpr std::chrono::milliseconds progress_interval{250};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// What goes to the broker as JSON has to be UTF-8.
std::string check_text(std::string_view text, std::string_view what) {
  if (simdjson::validate_utf8(text.data(), text.size())) return {};
  return fmt::format(
      "{} is not UTF-8 text: a message's body is. Binary data fits into an attribute: "
      "--attribute NAME:Binary=BASE64.",
      what);
}

// One run of the command.
class QueueCommand {
 public:
  QueueCommand(HttpAddress address, const QueueOptions& options)
      : options_(options), client_(std::move(address), options) {}

  int run();

 private:
  int ls();
  int peek();
  int send();
  int receive();
  int redrive();
  int cancel_redrive();
  int wait_for_redrive();
  int purge();
  int edit();
  int discard();

  void print(const simdjson::dom::element& json) const {
    fmt::print("{}\n", simdjson::minify(json));
  }
  int report(BrokerReply changed, std::string_view done) const;
  // Where the message is, for its path.
  std::string path_of(const simdjson::dom::element& message) const {
    return fmt::format("/{}/messages/{}", url_escaped(*options_.queue),
                       member_text(message, "position"));
  }

  const QueueOptions& options_;
  QueueClient client_;
  BrokerReply queue_;  // the one that is meant
};

int QueueCommand::run() {
  if (options_.queue) {
    queue_ = client_.find_queue(*options_.queue);
    if (!queue_.problem.empty()) return complain(queue_.problem);
  }
  switch (options_.verb) {
    case QueueVerb::ls: return ls();
    case QueueVerb::peek: return peek();
    case QueueVerb::send: return send();
    case QueueVerb::receive: return receive();
    case QueueVerb::redrive: return redrive();
    case QueueVerb::purge: return purge();
    case QueueVerb::edit: return edit();
    case QueueVerb::discard: return discard();
  }
  return status_bad_input;
}

int QueueCommand::ls() {
  std::vector<BrokerReply> pages;
  std::vector<simdjson::dom::element> queues;
  if (options_.queue) {
    queues.push_back(queue_.json);
  } else {
    std::string next;
    do {
      pages.push_back(client_.own(
          "GET", "",
          next.empty() ? QueueClient::Parameters{} : QueueClient::Parameters{{"next", next}}));
      if (!pages.back().problem.empty()) return complain(pages.back().problem);
      for (auto queue : pages.back().json["queues"].get_array()) queues.push_back(queue);
      next = pages.back().text("next");
    } while (!next.empty());
  }
  if (options_.json) {
    for (const auto& queue : queues) print(queue);
  } else if (queues.empty()) {
    complain("there are no queues.");
  } else {
    fmt::print("{}", queues_table(queues, now_ms()));
  }
  return status_done;
}

int QueueCommand::peek() {
  std::size_t left = options_.limit.value_or(SIZE_MAX);
  std::string next;
  bool is_first = true;
  while (left > 0) {
    QueueClient::Parameters parameters{{"state", options_.state},
                                       {"limit", fmt::to_string(std::min(left, page_max))}};
    if (!next.empty()) parameters.emplace_back("next", next);
    const auto page =
        client_.own("GET", fmt::format("/{}/messages", url_escaped(*options_.queue)), parameters);
    if (!page.problem.empty()) return complain(page.problem);
    for (auto message : page.json["messages"].get_array()) {
      --left;
      if (options_.json) {
        print(message);
      } else {
        fmt::print("{}{}", is_first ? "" : "\n", message_text(message, now_ms()));
      }
      is_first = false;
    }
    next = page.text("next");
    if (next.empty()) break;
  }
  if (is_first) {
    complain(fmt::format("queue {} has no messages that are {}.", *options_.queue,
                         options_.state == "in_flight" ? "in flight" : options_.state));
  } else if (!next.empty() && !options_.json) {
    complain("there are more: --limit N or --all shows them.");
  }
  return status_done;
}

int QueueCommand::send() {
  std::string body = options_.body.value_or("");
  if (options_.file) {
    if (const auto problem = read_file("--file", *options_.file, body); !problem.empty()) {
      return complain(problem, status_bad_input);
    }
  }
  if (const auto problem = check_text(body, "the body"); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  JsonObject request;
  request.text("QueueUrl", queue_.text("url")).text("MessageBody", body);
  request.text_if("MessageGroupId", options_.group);
  request.text_if("MessageDeduplicationId", options_.deduplication_id);
  request.number("DelaySeconds", options_.delay_s);
  JsonObject attributes;
  for (const auto& [name, type, value] : options_.attributes) {
    const bool is_binary = type == "Binary" || type.starts_with("Binary.");
    JsonObject attribute;
    attribute.text("DataType", type).text(is_binary ? "BinaryValue" : "StringValue", value);
    attributes.raw(name, std::move(attribute).take());
  }
  request.raw("MessageAttributes", std::move(attributes).take());
  const auto sent = client_.sqs("SendMessage", std::move(request).take());
  if (!sent.problem.empty()) return complain(sent.problem);
  if (options_.json) {
    print(sent.json);
  } else {
    fmt::print("{}\n", sent.text("MessageId"));
  }
  return status_done;
}

int QueueCommand::receive() {
  JsonObject request;
  request.text("QueueUrl", queue_.text("url"));
  request.number("MaxNumberOfMessages", options_.max).number("WaitTimeSeconds", options_.wait_s);
  request.raw("MessageAttributeNames", R"(["All"])").raw("AttributeNames", R"(["All"])");
  const auto received = client_.sqs("ReceiveMessage", std::move(request).take(), options_.wait_s);
  if (!received.problem.empty()) return complain(received.problem);
  simdjson::dom::array messages;
  if (received.json["Messages"].get(messages) != simdjson::SUCCESS) {
    complain("no message came.");
    return status_done;
  }
  bool is_first = true;
  for (auto message : messages) {
    if (options_.json) {
      print(message);
    } else {
      fmt::print("{}{}", is_first ? "" : "\n", received_text(message));
    }
    is_first = false;
    if (!options_.deletes) continue;
    // Deleted only once it has been handed on.
    if (std::fflush(stdout) != 0)
      return complain("standard output is closed: nothing was deleted.");
    JsonObject deletion;
    deletion.text("QueueUrl", queue_.text("url"));
    deletion.text("ReceiptHandle", member_text(message, "ReceiptHandle"));
    const auto deleted = client_.sqs("DeleteMessage", std::move(deletion).take());
    if (!deleted.problem.empty()) return complain(deleted.problem);
  }
  return status_done;
}

int QueueCommand::redrive() {
  if (options_.cancels) return cancel_redrive();
  JsonObject request;
  request.text("SourceArn", queue_.text("arn"));
  request.number("MaxNumberOfMessagesPerSecond", options_.rate);
  if (options_.to) {
    const auto target = client_.find_queue(*options_.to);
    if (!target.problem.empty()) return complain(target.problem);
    request.text("DestinationArn", target.text("arn"));
  }
  const auto started = client_.sqs("StartMessageMoveTask", std::move(request).take());
  if (!started.problem.empty()) return complain(started.problem);
  if (options_.is_waiting) return wait_for_redrive();
  fmt::print("Moving the messages of {}. `signalbox queue redrive {} --cancel` stops that.\n",
             *options_.queue, *options_.queue);
  return status_done;
}

int QueueCommand::wait_for_redrive() {
  const bool shows_progress = isatty(STDERR_FILENO) != 0;
  while (true) {
    const auto tasks =
        client_.sqs("ListMessageMoveTasks",
                    std::move(JsonObject().text("SourceArn", queue_.text("arn"))).take());
    if (!tasks.problem.empty()) return complain(tasks.problem);
    simdjson::dom::element task;
    if (tasks.json["Results"].at(0).get(task) != simdjson::SUCCESS) {
      return complain("the broker does not know that it is moving messages any more.");
    }
    const auto status = member_text(task, "Status");
    const auto moved = member_number(task, "ApproximateNumberOfMessagesMoved").value_or(0);
    const auto total = member_number(task, "ApproximateNumberOfMessagesToMove");
    if (shows_progress) {
      fmt::print(stderr, "\r{} of {} moved ", moved, total ? fmt::to_string(*total) : "?");
    }
    if (status == "RUNNING" || status == "CANCELLING") {
      std::this_thread::sleep_for(progress_interval);
      continue;
    }
    if (shows_progress) fmt::print(stderr, "\n");
    if (status == "COMPLETED") {
      fmt::print("{} message{} moved.\n", moved, moved == 1 ? "" : "s");
      return status_done;
    }
    return complain(fmt::format("the move ended as {} after {} messages: {}", status, moved,
                                member_text(task, "FailureReason")));
  }
}

int QueueCommand::cancel_redrive() {
  const auto tasks = client_.sqs(
      "ListMessageMoveTasks", std::move(JsonObject().text("SourceArn", queue_.text("arn"))).take());
  if (!tasks.problem.empty()) return complain(tasks.problem);
  simdjson::dom::element task;
  const bool is_there = tasks.json["Results"].at(0).get(task) == simdjson::SUCCESS;
  const auto handle = is_there ? member_text(task, "TaskHandle") : std::string_view();
  if (handle.empty()) {
    return complain(fmt::format("no messages of {} are being moved.", *options_.queue));
  }
  const auto cancelled = client_.sqs("CancelMessageMoveTask",
                                     std::move(JsonObject().text("TaskHandle", handle)).take());
  if (!cancelled.problem.empty()) return complain(cancelled.problem);
  fmt::print("Stopped after {} messages.\n", cancelled.number("ApproximateNumberOfMessagesMoved"));
  return status_done;
}

int QueueCommand::purge() {
  const auto count =
      queue_.number("visible") + queue_.number("in_flight") + queue_.number("delayed");
  if (!options_.is_confirmed) {
    if (isatty(STDIN_FILENO) == 0) {
      return complain(fmt::format("purge deletes all {} messages of {}, and nobody is here to ask: "
                                  "say --yes.",
                                  count, *options_.queue),
                      status_bad_input);
    }
    fmt::print(stderr, "Delete all {} messages of {}? Type yes: ", count, *options_.queue);
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "yes") return complain("nothing was deleted.");
  }
  const auto purged = client_.sqs(
      "PurgeQueue", std::move(JsonObject().text("QueueUrl", queue_.text("url"))).take());
  if (!purged.problem.empty()) return complain(purged.problem);
  fmt::print("Deleted {} message{}.\n", count, count == 1 ? "" : "s");
  return status_done;
}

int QueueCommand::report(BrokerReply changed, std::string_view done) const {
  if (!changed.problem.empty()) return complain(changed.problem);
  if (options_.json) {
    print(changed.json);
  } else {
    fmt::print("{}\n", done);
  }
  return status_done;
}

int QueueCommand::edit() {
  const auto found = client_.find_message(*options_.queue, *options_.message_id);
  if (!found.page.problem.empty()) return complain(found.page.problem);
  const std::string before(member_text(found.message, "body"));
  std::string body = options_.body.value_or("");
  EditedFile file;
  std::string problem;
  if (options_.file) {
    problem = read_file("--file", *options_.file, body);
  } else if (!options_.body) {
    body = before;
    // With nobody there to edit it, a message is sent on as it is.
    if (!options_.send_to || EditedFile::is_possible()) problem = file.edit(body);
  }
  if (problem.empty()) problem = check_text(body, "the new body");
  if (!problem.empty()) return complain(problem, status_bad_input);
  if (body == before && !options_.send_to) {
    complain("the body is as it was: nothing was changed.");
    return status_done;
  }
  JsonObject request;
  if (body != before) request.text("body", body);
  request.text_if("send_to", options_.send_to);
  if (options_.force) request.raw("force", "true");
  auto changed = client_.own("POST", path_of(found.message), {}, std::move(request).take());
  if (!changed.problem.empty()) {
    if (const auto kept = file.keep(); !kept.empty()) {
      changed.problem += fmt::format(" Your text is in {}.", kept);
    }
  }
  const auto done = options_.send_to
                        ? fmt::format("Sent to {} as {}.", changed.text("sent_to"),
                                      changed.text("new_message_id"))
                        : fmt::format("Changed {} in its place.", *options_.message_id);
  return report(std::move(changed), done);
}

int QueueCommand::discard() {
  const auto found = client_.find_message(*options_.queue, *options_.message_id);
  if (!found.page.problem.empty()) return complain(found.page.problem);
  QueueClient::Parameters parameters;
  if (options_.force) parameters.emplace_back("force", "true");
  return report(client_.own("DELETE", path_of(found.message), parameters),
                fmt::format("Discarded {}.", *options_.message_id));
}

}  // namespace

int run_queue(const std::vector<std::string>& arguments) {
  const auto parsed = parse_queue_arguments(arguments, read_environment_variable);
  if (parsed.options.help) {
    fmt::print("{}", queue_help());
    return status_done;
  }
  if (!parsed.error.empty()) return complain(parsed.error, status_bad_input);
  HttpAddress address;
  if (const auto problem = parse_http_url(parsed.options.endpoint_url, address); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  return QueueCommand(std::move(address), parsed.options).run();
}

}  // namespace signalbox
