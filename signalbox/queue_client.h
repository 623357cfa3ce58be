// What `signalbox queue` asks of a broker: its own paths for looking and for single messages, SQS
// for everything else. One thread; every call blocks.
#pragma once

#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/http_client.h"
#include "signalbox/queue_options.h"

namespace signalbox {

// An answer's JSON, or in problem why there is none, for a person to read.
struct QueueReply {
  std::string problem;
  bool is_missing = false;  // 404: there is no such queue or message
  simdjson::dom::element json;

  // A member's value, or nothing.
  std::string_view text(std::string_view name) const;
  std::int64_t number(std::string_view name) const;

  std::unique_ptr<simdjson::dom::parser> parser;  // json lives in it
};

std::string_view member_text(simdjson::dom::element json, std::string_view name);
std::optional<std::int64_t> member_number(simdjson::dom::element json, std::string_view name);

class QueueClient {
 public:
  QueueClient(HttpAddress address, const QueueOptions& options);

  using Parameters = std::vector<std::pair<std::string_view, std::string>>;
  // Under /_signalbox/sqs; path begins with a slash or is empty.
  QueueReply own(std::string_view method, std::string_view path, const Parameters& parameters = {},
                 std::string body = {});
  // An operation of SQS, in the world that a queue's overview named.
  QueueReply sqs(std::string_view operation, std::string body, std::int64_t wait_s = 0);

  // Where a queue is: its members are url, arn and what ls shows. Later SQS requests go to its
  // world.
  QueueReply find_queue(const std::string& name);
  // The message with that id in any state; is_missing when there is none.
  struct FoundMessage {
    QueueReply page;  // message lives in it
    simdjson::dom::element message;
  };
  FoundMessage find_message(const std::string& queue, const std::string& id);

 private:
  QueueReply ask(const HttpQuestion& question);

  const HttpAddress address_;
  const QueueOptions& options_;
  std::string account_;
  std::string region_;
};

}  // namespace signalbox
