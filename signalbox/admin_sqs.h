// /_signalbox/sqs: queues and their messages for whoever looks after them.
//
//   GET    /_signalbox/sqs                              all queues of a world
//   GET    /_signalbox/sqs/QUEUE                        one
//   GET    /_signalbox/sqs/QUEUE/messages               its messages, without receiving them
//   DELETE /_signalbox/sqs/QUEUE/messages/POSITION      discards one
//   POST   /_signalbox/sqs/QUEUE/messages/POSITION      gives it another body, or sends it
//   elsewhere
//
// Operations of the broker like any other; only their names and paths are the server's own. What
// changes a message is logged.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/request_job.h"

namespace signalbox::protocol {
class Dispatcher;
}

namespace signalbox {

class Log;

// On the io threads, but for submit's business.
class AdminSqs final : public protocol::JobHost {
 public:
  using Submit = std::function<void(std::vector<std::unique_ptr<broker::Job>>)>;
  AdminSqs(const protocol::Dispatcher& dispatcher, const Log& log, Submit submit);

  static bool owns(std::string_view path);
  // caller is the world asked about.
  void handle(const protocol::HttpRequest& request, broker::Caller caller,
              std::shared_ptr<protocol::Exchange> exchange);

  // JobHost
  std::shared_ptr<storage::Store> store() const override;
  const broker::HandleKey& handle_key() const override;
  void run_on_reader(std::unique_ptr<protocol::RequestJob> job) override;
  void count_left_out(std::uint64_t) override {}
  void reply(protocol::RequestJob& job, unsigned status, std::string body,
             protocol::HttpHeaders headers) override;

 private:
  void log_change(const protocol::RequestJob& job, const std::string& body) const;

  const protocol::Dispatcher& dispatcher_;
  const Log& log_;
  const Submit submit_;
};

}  // namespace signalbox
