// The server's own paths, beside the AWS protocols: health, metrics, the test clock, buses' logs,
// explanations, queues.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "broker/clock.h"
#include "broker/context.h"
#include "protocol/http_server.h"
#include "signalbox/admin_events.h"
#include "signalbox/admin_sqs.h"
#include "signalbox/runtime_ports.h"

namespace signalbox::broker {
class CoreThread;
class Engine;
class ReaderPool;
}  // namespace signalbox::broker
namespace signalbox::broker::functions {
struct Function;
}
namespace signalbox::protocol {
class Dispatcher;
class QueryParameters;
}  // namespace signalbox::protocol

namespace signalbox {

class Log;
class StoreKeeper;

// Whether the store takes writes. Thread safe.
class Health {
 public:
  void set_failed(std::string error);
  void set_working() { set_failed({}); }
  // Empty while all is well.
  std::string error() const;

 private:
  mutable std::mutex mutex_;
  std::string error_;
};

// Runs with the system's clocks, moved forward on request. For --test-clock only.
class TestClock : public broker::Clock {
 public:
  broker::Time now() const override { return system_.now() + offset(); }
  broker::Time wall() const override { return system_.wall() + offset(); }
  void advance(broker::Duration by) { offset_ms_.fetch_add(by.count()); }

 private:
  broker::Duration offset() const { return broker::Duration(offset_ms_.load()); }
  broker::SystemClock system_;
  std::atomic<std::int64_t> offset_ms_{0};
};

class Admin {
 public:
  Admin(const broker::Clock& clock, const Health& health, broker::CoreThread& core,
        broker::Engine& engine, const protocol::Dispatcher& dispatcher, broker::ReaderPool& readers,
        const StoreKeeper& keeper, const Log& log);

  void set_http(protocol::HttpServer& http) {
    http_ = &http;
    runtime_ports_.set_http(http);
  }
  // Something was committed. From any thread.
  void committed() { events_.committed(); }
  // Requests that wait are answered: the server is stopping. From any thread.
  void stop() { events_.stop(); }
  // On an io thread. False: no such path.
  bool handle(const protocol::HttpRequest& request, std::shared_ptr<protocol::Exchange> exchange);

 private:
  using ExchangePtr = std::shared_ptr<protocol::Exchange>;
  void health(const ExchangePtr& exchange) const;
  void metrics(const ExchangePtr& exchange) const;
  // On the core's own thread: again and again until nothing is due and everything is durable.
  struct ClockStep {
    TestClock& clock;
    std::uint64_t last_invocation;  // before the clock was moved
  };
  void step_clock(const ExchangePtr& exchange, const ClockStep& step, broker::Duration left);
  void advance_clock(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  void events(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  void explain(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  void open_runtime_port(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  void attached_worker(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  const broker::functions::Function* function_with(const std::string& arn) const;
  void function_code(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  void queues(const protocol::HttpRequest& request, const ExchangePtr& exchange);
  // Of the world that ?account= and &region= name.
  broker::Caller caller_of(const protocol::QueryParameters& parameters) const;
  // From any thread.
  void reply_later(const ExchangePtr& exchange, protocol::HttpReply reply) const;

  const broker::Clock& clock_;
  const Health& health_;
  broker::CoreThread& core_;
  broker::Engine& engine_;
  const protocol::Dispatcher& dispatcher_;
  broker::ReaderPool& readers_;
  const StoreKeeper& keeper_;
  AdminSqs sqs_;
  AdminEvents events_;
  RuntimePorts runtime_ports_;
  std::uint64_t attached_count_ = 0;  // the core's own thread
  protocol::HttpServer* http_ = nullptr;
};

// PT5M, PT1H30M, P1DT12H, PT0.5S: days, hours, minutes and seconds. Nullopt for anything else.
std::optional<broker::Duration> parse_iso_duration(std::string_view text);

}  // namespace signalbox
