// What `signalbox queue` asks of a broker: its own paths for looking and for single messages, SQS
// for everything else. One thread; every call blocks.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "signalbox/broker_client.h"
#include "signalbox/queue_options.h"

namespace signalbox {

class QueueClient {
 public:
  QueueClient(HttpAddress address, const QueueOptions& options);

  using Parameters = BrokerClient::Parameters;
  // Under /_signalbox/sqs; path begins with a slash or is empty.
  BrokerReply own(std::string_view method, std::string_view path, const Parameters& parameters = {},
                  std::string body = {});
  // An operation of SQS, in the world that a queue's overview named.
  BrokerReply sqs(std::string_view operation, std::string body, std::int64_t wait_s = 0);

  // Where a queue is: its members are url, arn and what ls shows. Later SQS requests go to its
  // world.
  BrokerReply find_queue(const std::string& name);
  // The message with that id in any state; is_missing() when there is none.
  struct FoundMessage {
    BrokerReply page;  // message lives in it
    simdjson::dom::element message;
  };
  FoundMessage find_message(const std::string& queue, const std::string& id);

 private:
  const QueueOptions& options_;
  BrokerClient broker_;
  BrokerClient::World world_;
};

}  // namespace signalbox
