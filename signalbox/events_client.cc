#include "signalbox/events_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "signalbox/events_text.h"

namespace signalbox {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view events_path = "/_signalbox/events";
constexpr std::size_t entries_per_request = 10;
constexpr std::chrono::milliseconds progress_interval{100};

volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t exits_when_interrupted = 0;

void on_interrupt(int) {
  if (exits_when_interrupted != 0) _exit(status_done);
  interrupted = 1;
}

bool read_event(ondemand::object object, EventsPage::Event& event) {
  std::string_view position;
  std::string_view json;
  ondemand::object body;
  if (object["position"].get_string().get(position) ||
      object["accepted_ms"].get_int64().get(event.accepted_ms) ||
      object["event"].get_object().get(body) || body.raw_json().get(json)) {
    return false;
  }
  event.position = position;
  event.json = json;
  return true;
}

bool read_page(const std::string& body, EventsPage& page) {
  ondemand::parser parser;
  const simdjson::padded_string padded(body);
  ondemand::document document;
  ondemand::array events;
  if (parser.iterate(padded).get(document) || document["events"].get_array().get(events)) {
    return false;
  }
  for (auto each : events) {
    ondemand::object object;
    if (each.get_object().get(object) || !read_event(object, page.events.emplace_back())) {
      return false;
    }
  }
  std::string_view next;
  if (document["next"].get_string().get(next) || document["more"].get_bool().get(page.has_more)) {
    return false;
  }
  page.next = next;
  ondemand::object kept;
  if (document["kept"].get_object().get(kept) || kept["events"].get_uint64().get(page.kept_count) ||
      kept["bytes"].get_uint64().get(page.kept_bytes)) {
    return false;
  }
  bool gap = false;
  page.has_gap = document["gap"].get_bool().get(gap) == simdjson::SUCCESS && gap;
  bool end = false;
  page.is_end = document["end"].get_bool().get(end) == simdjson::SUCCESS && end;
  return true;
}

std::string plural(std::size_t count) {
  return fmt::format("{} event{}", count, count == 1 ? "" : "s");
}

}  // namespace

EventsPage read_events_page(BrokerClient& client, const BrokerClient::Parameters& parameters,
                            std::chrono::seconds wait) {
  const auto asked_at = std::chrono::steady_clock::now();
  const auto reply = client.own_text(events_path, parameters, wait);
  EventsPage page;
  page.took = std::chrono::steady_clock::now() - asked_at;
  page.problem = reply.problem;
  page.is_away = reply.is_away();
  if (page.problem.empty() && !read_page(reply.body, page)) {
    page.problem = fmt::format("{}: the answer is none of this version.", client.endpoint_url());
  }
  return page;
}

std::string check_bus(BrokerClient& client, const std::optional<std::string>& bus) {
  if (!bus) return {};
  return read_events_page(client, {{"bus", *bus}, {"from", "now"}}).problem;
}

std::string read_pattern(const EventsOptions& options, std::optional<std::string>& pattern) {
  pattern = options.pattern;
  if (!options.pattern_file) return {};
  constexpr std::size_t pattern_bytes_max = 1024 * 1024;
  return read_file("--pattern-file", *options.pattern_file, pattern.emplace(), pattern_bytes_max);
}

bool EventPutter::add(std::string entry, std::string label) {
  waiting_.push_back({std::move(entry), std::move(label)});
  return waiting_.size() < entries_per_request || flush();
}

bool EventPutter::flush() { return waiting_.empty() || put(std::exchange(waiting_, {})); }

void EventPutter::refuse(std::string_view label, std::string_view problem) {
  ++refused_count_;
  complain(fmt::format("{}: {}", label, problem));
}

bool EventPutter::put(const std::vector<Entry>& entries) {
  std::string list = "[";
  for (const auto& entry : entries) {
    if (list.size() > 1) list += ',';
    list += entry.json;
  }
  const auto reply = client_.operation("AWSEvents.PutEvents",
                                       std::move(JsonObject().raw("Entries", list + ']')).take());
  if (!reply.problem.empty() && reply.status >= 400 && reply.status < 500) {
    if (entries.size() == 1) {
      refuse(entries.front().label, reply.problem);
      return true;
    }
    // They are refused together, for one of them or for their size: each gets its own answer.
    for (const auto& entry : entries) {
      if (!put({entry})) return false;
    }
    return true;
  }
  simdjson::dom::array results;
  if (!reply.problem.empty() || reply.json["Entries"].get(results) != simdjson::SUCCESS) {
    complain(fmt::format("{} Whether {} to {} were put is not known.", reply.problem,
                         entries.front().label, entries.back().label));
    return false;
  }
  std::size_t i = 0;
  for (const auto result : results) {
    const std::string& label = entries[std::min(i++, entries.size() - 1)].label;
    const auto code = member_text(result, "ErrorCode");
    if (code.empty()) {
      ++put_count_;
      is_put_(label, member_text(result, "EventId"));
    } else {
      refuse(label, fmt::format("{}: {}", code, member_text(result, "ErrorMessage")));
    }
  }
  return true;
}

std::string put_summary(const EventPutter& putter) {
  std::string text = plural(putter.put_count()) + " put";
  if (putter.refused_count() > 0) text += fmt::format(", {} refused", putter.refused_count());
  return text + '.';
}

Progress::Progress() : is_shown_(isatty(STDERR_FILENO) != 0) {}

void Progress::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_shown_ || now < shown_at_ + progress_interval) return;
  shown_at_ = now;
  fmt::print(stderr, "\r{:<{}}", text, width_);
  width_ = text.size();
  std::fflush(stderr);
}

void Progress::clear() {
  if (width_ == 0) return;
  fmt::print(stderr, "\r{:{}}\r", "", width_);
  width_ = 0;
}

EventPrinter::EventPrinter(EventsOutput output)
    : is_json_(output == EventsOutput::json ||
               (output == EventsOutput::automatic && isatty(STDOUT_FILENO) == 0)),
      is_coloured_(!is_json_ && isatty(STDOUT_FILENO) != 0 &&
                   !read_environment_variable("NO_COLOR") &&
                   read_environment_variable("TERM") != "dumb") {
  // Told by what a write answers instead.
  std::signal(SIGPIPE, SIG_IGN);
}

void EventPrinter::print(std::string_view event_json) {
  std::string text =
      is_json_ ? std::string(event_json) + '\n' : event_line(event_json, is_coloured_);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

bool EventPrinter::is_closed() {
  pollfd output{STDOUT_FILENO, 0, 0};
  const bool is_gone = poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
  return is_closed_ || is_gone;
}

std::string EventPrinter::flush() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return {};
  const int error = errno;
  // What nobody takes is not tried once more at the end.
  __fpurge(stdout);
  std::clearerr(stdout);
  is_closed_ = error == EPIPE || is_closed();
  return is_closed_ ? std::string() : fmt::format("standard output: {}.", std::strerror(error));
}

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  for (const int each : {SIGINT, SIGTERM}) sigaction(each, &action, nullptr);
}

bool was_interrupted() { return interrupted != 0; }

void exit_on_interrupt(bool exits) { exits_when_interrupted = exits ? 1 : 0; }

std::int64_t system_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace signalbox
