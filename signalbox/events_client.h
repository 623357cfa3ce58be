// What the commands of `signalbox events` share: pages of a bus's log, events put in batches, what
// is printed, and Ctrl-C. One thread; every call to a broker blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/broker_client.h"
#include "signalbox/events_options.h"

namespace signalbox {

// One page of /_signalbox/events.
struct EventsPage {
  struct Event {
    std::string position;
    std::int64_t accepted_ms = 0;
    std::string json;  // as targets get it
  };
  std::string problem;   // set: there is no page, and why
  bool is_away = false;  // then: the broker may answer later
  std::vector<Event> events;
  std::string next;
  bool has_more = false;
  bool has_gap = false;
  bool is_end = false;  // everything up to `to` has been answered
  std::chrono::steady_clock::duration took{0};
  std::uint64_t kept_count = 0;  // events in the whole log, and their bytes
  std::uint64_t kept_bytes = 0;
};
EventsPage read_events_page(BrokerClient& client, const BrokerClient::Parameters& parameters,
                            std::chrono::seconds wait = {});

// PutEvents takes events for a bus that is not there, and drops them. What is wrong, or empty.
std::string check_bus(BrokerClient& client, const std::optional<std::string>& bus);

// --pattern or the contents of --pattern-file. What is wrong, or empty.
std::string read_pattern(const EventsOptions& options, std::optional<std::string>& pattern);

// Puts entries in the order they come, ten a request.
class EventPutter {
 public:
  // is_put gets each event's new id.
  using IsPut = std::function<void(std::string_view label, std::string_view id)>;
  EventPutter(BrokerClient& client, IsPut is_put) : client_(client), is_put_(std::move(is_put)) {}

  // label names the entry to whoever reads what went wrong with it. False: as flush().
  bool add(std::string entry, std::string label);
  // False: the broker is gone, which standard error was told, and nothing more can be put.
  bool flush();

  std::size_t put_count() const { return put_count_; }
  std::size_t refused_count() const { return refused_count_; }
  // Nothing waits for the others of its request.
  bool is_settled() const { return waiting_.empty(); }
  // One that did not get as far as the broker.
  void refuse(std::string_view label, std::string_view problem);

 private:
  struct Entry {
    std::string json;
    std::string label;
  };
  bool put(const std::vector<Entry>& entries);

  BrokerClient& client_;
  const IsPut is_put_;
  std::vector<Entry> waiting_;
  std::size_t put_count_ = 0;
  std::size_t refused_count_ = 0;
};

// "3 events put, 1 refused."
std::string put_summary(const EventPutter& putter);

// A count on standard error that overwrites itself; nothing unless that is a terminal.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  const bool is_shown_;
  std::chrono::steady_clock::time_point shown_at_{};
  std::size_t width_ = 0;
};

// Prints events to standard output.
class EventPrinter {
 public:
  explicit EventPrinter(EventsOutput output);
  void print(std::string_view event_json);
  // Nobody is there to read any more. Also when nothing was printed since.
  bool is_closed();
  // Hands on what was printed. What went wrong, or empty; a closed output is no problem.
  std::string flush();

 private:
  const bool is_json_;
  const bool is_coloured_;
  bool is_closed_ = false;
};

// Ctrl-C and SIGTERM from now on only set was_interrupted(), or, where that is asked for, end the
// process with status 0.
void watch_interrupts();
bool was_interrupted();
void exit_on_interrupt(bool exits);

std::int64_t system_now_ms();

}  // namespace signalbox
