// GET /_signalbox/events: the log of a bus, page by page, from a place in it or a time, all events
// or those that match a pattern; with wait= a page that is empty waits for its first event.
//
// A page is bounded in what it holds and in what was looked at for it. Reader threads read it; of
// the core it takes one look at the bus. Pages that wait cost nothing but memory until a commit:
// then one of the core's turns looks which of their logs have grown.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "broker/context.h"
#include "broker/event_log.h"
#include "protocol/http_server.h"
#include "rules/rules.h"

namespace signalbox::broker {
class CoreThread;
class Engine;
class ReaderPool;
}  // namespace signalbox::broker
namespace signalbox::protocol {
class Dispatcher;
class QueryParameters;
}  // namespace signalbox::protocol

namespace signalbox {

// Where a page begins or ends: `start`, `now`, a time, or the next or position of an earlier page.
struct LogPlace {
  enum class Kind : std::uint8_t { start, now, time, position } kind = Kind::start;
  std::int64_t time_ms = 0;
  std::uint64_t bus_id = 0;  // of a position
  broker::LogPosition position;
};

// What a request asks.
struct EventsQuestion {
  std::string bus = "default";  // name or ARN
  LogPlace from;
  std::optional<LogPlace> to;
  std::size_t limit = 100;
  std::shared_ptr<const rules::Pattern> pattern;
  std::chrono::milliseconds wait{0};
};

// Nullopt: it is none.
std::optional<LogPlace> parse_log_place(std::string_view text);
// What is wrong and what to send instead; empty when nothing is.
std::string parse_events_question(const protocol::QueryParameters& parameters,
                                  EventsQuestion& question);

class AdminEvents {
 public:
  using Reply = std::function<void(protocol::HttpReply)>;  // from any thread, once

  AdminEvents(broker::CoreThread& core, const broker::Engine& engine,
              const protocol::Dispatcher& dispatcher, broker::ReaderPool& readers);
  ~AdminEvents();

  // What it returns lets go of a page that waits: nobody is there to read it any more. From any
  // thread.
  std::function<void()> answer(EventsQuestion question, const broker::Caller& caller, Reply reply);

  // Something was committed. From any thread; costs next to nothing while no page waits.
  void committed();
  // Pages that wait for an event. From any thread.
  std::size_t waiting_count() const { return waiting_count_.load(); }
  // Answers the pages that wait, and from now on every page at once: the server is stopping.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Page;
  using PagePtr = std::shared_ptr<Page>;
  struct Look;     // at a page's bus
  struct Finding;  // of it

  // In the core's turns.
  void look(const Look& look);
  // On a reader thread.
  void go_on(const PagePtr& page, const Finding& finding);
  void read(const PagePtr& page);
  void settle(const PagePtr& page, bool has_something);
  // On the thread of its own.
  void run();
  void answer_those_due(Clock::time_point now);

  broker::CoreThread& core_;
  const broker::Engine& engine_;
  const protocol::Dispatcher& dispatcher_;
  broker::ReaderPool& readers_;

  std::mutex mutex_;  // guards from here
  std::condition_variable arrived_;
  std::set<PagePtr> waiting_;
  bool is_look_due_ = false;  // a commit, or a page that came behind one
  bool is_stopping_ = false;  // to here
  std::atomic<std::size_t> waiting_count_{0};
  std::thread thread_;
};

}  // namespace signalbox
