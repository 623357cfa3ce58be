#include "signalbox/admin_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "broker/bus.h"
#include "broker/core_thread.h"
#include "broker/engine.h"
#include "broker/events_arns.h"
#include "broker/log_reader.h"
#include "broker/reader_pool.h"
#include "protocol/credential_scope.h"
#include "protocol/dispatcher.h"
#include "protocol/json_codec.h"
#include "protocol/query_codec.h"
#include "protocol/wire.h"
#include "signalbox/admin_reply.h"

namespace signalbox {

namespace {

constexpr std::size_t limit_max = 1000;
constexpr double wait_max_s = 20;
// Those behind them are answered at once.
constexpr std::size_t waiting_max = 256;
// Commits that come together are looked at together.
constexpr std::chrono::milliseconds look_interval{20};
// A position in a segment is far below; one more than it does not overflow.
constexpr std::uint64_t position_max = 1ull << 62;

constexpr std::string_view place_form =
    "give start, now, a time as in 2026-01-02T03:04:05Z or as seconds since 1970, or the next or "
    "position of an earlier answer.";

constexpr std::string_view store_is_closed =
    "The store is not open. Ask /_signalbox/health for the reason.";
constexpr std::string_view log_is_unreadable = "The bus log cannot be read.";

std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 100;
  return text.size() <= shown_max ? std::string(text) : "what it has";
}

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

// "bus.segment.position"
std::optional<LogPlace> parse_position(std::string_view text) {
  LogPlace place{.kind = LogPlace::Kind::position};
  const std::array parts{&place.bus_id, &place.position.segment, &place.position.position};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto dot = i + 1 < parts.size() ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    if (!read_whole(text.substr(0, dot), *parts[i]) || *parts[i] > position_max) {
      return std::nullopt;
    }
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return place;
}

std::string position_text(std::uint64_t bus_id, const broker::LogPosition& position) {
  return fmt::format("{}.{}.{}", bus_id, position.segment, position.position);
}

std::string read_place(std::string_view name, std::string_view text, LogPlace& place) {
  const auto read = parse_log_place(text);
  if (!read) return fmt::format("{} is {}: {}", name, shown(text), place_form);
  place = *read;
  return {};
}

// One parameter of the question; what is wrong with it.
std::string read_parameter(std::string_view name, const std::string& value,
                           EventsQuestion& question) {
  if (name == "account") {
    return protocol::is_account_id(value)
               ? std::string()
               : fmt::format("account is {}: give its 12 digits.", shown(value));
  }
  if (name == "region") {
    return protocol::is_region_name(value)
               ? std::string()
               : fmt::format("region is {}: give one as in us-east-1.", shown(value));
  }
  if (name == "from") return read_place(name, value, question.from);
  if (name == "to") return read_place(name, value, question.to.emplace());
  if (name == "bus") {
    question.bus = value;
    return value.empty() ? "bus is empty: give the name of an event bus, or its ARN." : "";
  }
  if (name == "limit") {
    const bool is_good =
        read_whole(value, question.limit) && question.limit >= 1 && question.limit <= limit_max;
    return is_good ? std::string()
                   : fmt::format("limit is {}: give a whole number from 1 to {}.", shown(value),
                                 limit_max);
  }
  if (name == "wait") {
    double seconds = -1;
    if (!read_whole(value, seconds) || !(seconds >= 0 && seconds <= wait_max_s)) {
      return fmt::format("wait is {}: give seconds from 0 to {}.", shown(value), wait_max_s);
    }
    question.wait = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    return {};
  }
  if (name == "pattern") {
    rules::PatternError error;
    question.pattern = rules::Pattern::compile(value, error);
    return question.pattern != nullptr
               ? std::string()
               : fmt::format("pattern is no event pattern: {}", error.reason);
  }
  return fmt::format(
      "There is no parameter {}: there are bus, from, to, limit, pattern, wait, account and "
      "region.",
      shown(name));
}

}  // namespace

std::optional<LogPlace> parse_log_place(std::string_view text) {
  if (text == "start") return LogPlace{};
  if (text == "now") return LogPlace{.kind = LogPlace::Kind::now};
  if (auto place = parse_position(text)) return place;
  LogPlace place{.kind = LogPlace::Kind::time};
  if (const auto time = protocol::parse_rfc3339(text)) {
    place.time_ms = time->ms;
    return place;
  }
  double seconds = 0;
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789.") == text.npos &&
                         read_whole(text, seconds);
  if (!is_number || seconds * 1000 > static_cast<double>(protocol::timestamp_ms_max)) {
    return std::nullopt;
  }
  place.time_ms = static_cast<std::int64_t>(seconds * 1000);
  return place;
}

std::string parse_events_question(const protocol::QueryParameters& parameters,
                                  EventsQuestion& question) {
  for (const auto& [name, value] : parameters.sorted()) {
    if (auto problem = read_parameter(name, value, question); !problem.empty()) return problem;
  }
  return {};
}

// One request under way. While it is in waiting_ the mutex guards it, otherwise it belongs to the
// thread that works on it; only is_abandoned is shared.
struct AdminEvents::Page {
  EventsQuestion question;
  broker::Caller caller;  // its world is the bus's
  std::string bus_name;
  Reply reply;
  Clock::time_point answers_at;
  std::uint64_t bus_id = 0;  // 0: a default bus that nothing has made yet
  std::uint64_t kept_count = 0;
  std::uint64_t kept_bytes = 0;
  std::optional<broker::LogPosition> after;  // unset: not read yet
  std::string body;                          // of the answer
  std::atomic<bool> is_abandoned{false};

  void refuse(unsigned status, std::string_view problem) { reply(error_reply(status, problem)); }
  // What the store makes of question.from and question.to. What is wrong with them.
  std::string resolve(const storage::View& view, broker::LogQuery& query);
  std::optional<broker::LogPosition> position_of(const storage::View& view, const LogPlace& place,
                                                 std::string& problem) const;
  // Whether events that are still to come may be asked for.
  bool begins_later(std::int64_t now_ms) const {
    return !after && question.from.kind == LogPlace::Kind::time && question.from.time_ms > now_ms;
  }
  bool ends_later(std::int64_t now_ms, const broker::LogPage& page) const;
  void write_body(const broker::LogPage& page, std::string_view next, bool is_end);
};

std::optional<broker::LogPosition> AdminEvents::Page::position_of(const storage::View& view,
                                                                  const LogPlace& place,
                                                                  std::string& problem) const {
  switch (place.kind) {
    case LogPlace::Kind::start: return broker::LogPosition{};
    case LogPlace::Kind::now: return broker::end_of_bus_log(view, bus_id);
    case LogPlace::Kind::time: return broker::position_before_time(view, bus_id, place.time_ms);
    case LogPlace::Kind::position: break;
  }
  // The start of one log is the start of another: a bus has no id of its own before its first
  // event.
  if (place.bus_id != bus_id && place.position.segment != 0) {
    problem = fmt::format(
        "from or to is a position in the log of another bus than {}, or of one of that name that "
        "was deleted: {}",
        bus_name, place_form);
  }
  return place.position;
}

std::string AdminEvents::Page::resolve(const storage::View& view, broker::LogQuery& query) {
  std::string problem;
  if (!after) after = position_of(view, question.from, problem);
  if (after && question.to) {
    query.until = position_of(view, *question.to, problem);
    if (!query.until) after.reset();
  }
  if (!after && problem.empty()) problem = log_is_unreadable;
  if (after) query.after = *after;
  query.pattern = question.pattern.get();
  query.count_max = question.limit;
  return problem;
}

bool AdminEvents::Page::ends_later(std::int64_t now_ms, const broker::LogPage& page) const {
  if (!question.to) return true;
  if (question.to->kind == LogPlace::Kind::time) return question.to->time_ms > now_ms;
  return question.to->kind == LogPlace::Kind::position && page.next < question.to->position;
}

void AdminEvents::Page::write_body(const broker::LogPage& page, std::string_view next,
                                   bool is_end) {
  body = "{\"bus\":";
  protocol::append_json_string(body, bus_name);
  body += ",\"events\":[";
  char separator = '\0';
  for (const auto& event : page.events) {
    if (std::exchange(separator, ',') != '\0') body += ',';
    body += fmt::format("{{\"position\":\"{}\",\"accepted_ms\":{},\"event\":",
                        position_text(bus_id, event.at), event.accepted_ms);
    body += event.json;
    body += '}';
  }
  body += fmt::format(R"(],"next":"{}","more":{},"kept":{{"events":{},"bytes":{}}})", next,
                      page.has_more, kept_count, kept_bytes);
  if (is_end) body += ",\"end\":true";
  if (page.has_gap) body += ",\"gap\":true";
  body += '}';
}

struct AdminEvents::Look {
  PagePtr page;
  bool is_waiting = false;
  // As far as it was read.
  std::uint64_t bus_id = 0;
  std::optional<broker::LogPosition> after;
};

struct AdminEvents::Finding {
  bool was_waiting = false;
  std::uint64_t bus_id = 0;
  std::uint64_t kept_count = 0;  // events in its log, and their bytes
  std::uint64_t kept_bytes = 0;
  unsigned refusal_status = 0;  // 0: there is something to read
  std::string refusal;
};

AdminEvents::AdminEvents(broker::CoreThread& core, const broker::Engine& engine,
                         const protocol::Dispatcher& dispatcher, broker::ReaderPool& readers)
    : core_(core), engine_(engine), dispatcher_(dispatcher), readers_(readers), thread_([this] {
        run();
      }) {}

AdminEvents::~AdminEvents() {
  stop();
  thread_.join();
}

std::function<void()> AdminEvents::answer(EventsQuestion question, const broker::Caller& caller,
                                          Reply reply) {
  auto page = std::make_shared<Page>();
  auto place = broker::parse_bus(question.bus, caller);
  page->answers_at = Clock::now() + question.wait;
  page->question = std::move(question);
  page->caller = caller;
  page->caller.account = std::move(place.account);
  page->caller.region = std::move(place.region);
  page->bus_name = std::move(place.name);
  page->reply = std::move(reply);
  core_.post([this, page] { look({.page = page}); });
  return [this, page] {
    page->is_abandoned = true;
    committed();
  };
}

void AdminEvents::committed() {
  if (waiting_count_.load() == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_look_due_, true)) return;
  }
  arrived_.notify_one();
}

void AdminEvents::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  arrived_.notify_one();
}

// --- the core's turns ---------------------------------------------------------------------------

void AdminEvents::look(const Look& look) {
  const Page& page = *look.page;
  const auto* broker = engine_.broker();
  const auto* bus = broker == nullptr ? nullptr : broker->find_bus(page.caller, page.bus_name);
  Finding finding{.was_waiting = look.is_waiting, .bus_id = bus == nullptr ? 0 : bus->id};
  if (bus != nullptr) {
    finding.kept_count = bus->log.count();
    finding.kept_bytes = bus->log.bytes();
  }
  if (broker == nullptr) {
    finding.refusal_status = 503;
    finding.refusal = store_is_closed;
  } else if (bus == nullptr && page.bus_name != broker::default_bus_name) {
    // A default bus is there before anything has made it.
    finding.refusal_status = 404;
    finding.refusal = fmt::format(
        "Event bus {} does not exist in account {} and region {}. Another world is named with "
        "account= and region=.",
        page.bus_name, page.caller.account, page.caller.region);
  } else if (look.after && look.bus_id == finding.bus_id) {
    broker::LogPosition end;
    if (bus != nullptr && !bus->log.segments().empty()) {
      end = {bus->log.segments().back().number, bus->log.segments().back().count};
    }
    if (*look.after == end) return;
  }
  readers_.run([this, page = look.page, finding = std::move(finding)] { go_on(page, finding); });
}

// --- reader threads -----------------------------------------------------------------------------

void AdminEvents::go_on(const PagePtr& page, const Finding& finding) {
  if (finding.was_waiting) {
    const std::lock_guard lock(mutex_);
    // Its time is over, or another look has found something too.
    if (waiting_.erase(page) == 0) return;
    waiting_count_ = waiting_.size();
  }
  if (finding.refusal_status != 0) {
    page->refuse(finding.refusal_status, finding.refusal);
    return;
  }
  // Another log than the one that was read so far is read from its start.
  if (page->after && page->bus_id != finding.bus_id) page->after = broker::LogPosition{};
  page->bus_id = finding.bus_id;
  page->kept_count = finding.kept_count;
  page->kept_bytes = finding.kept_bytes;
  read(page);
}

void AdminEvents::read(const PagePtr& page) {
  const auto store = dispatcher_.store();
  if (store == nullptr) {
    page->refuse(503, store_is_closed);
    return;
  }
  const auto now_ms = broker::to_ms(dispatcher_.prepare_context(page->caller).wall);
  if (page->begins_later(now_ms)) {
    const std::int64_t from_ms = page->question.from.time_ms;
    page->write_body({}, fmt::format("{}.{:03}", from_ms / 1000, from_ms % 1000), false);
    settle(page, false);
    return;
  }
  const auto view = store->view();
  broker::LogQuery query;
  if (const auto problem = page->resolve(*view, query); !problem.empty()) {
    page->refuse(page->after ? 400 : 500, problem);
    return;
  }
  const auto found = broker::read_bus_log(*view, page->bus_id, query);
  if (found.failed) {
    page->refuse(500, log_is_unreadable);
    return;
  }
  page->after = found.next;
  const bool is_end = !found.has_more && !page->ends_later(now_ms, found);
  page->write_body(found, position_text(page->bus_id, found.next), is_end);
  settle(page, !found.events.empty() || found.has_more || found.has_gap || is_end);
}

void AdminEvents::settle(const PagePtr& page, bool has_something) {
  if (!has_something && page->answers_at > Clock::now()) {
    const std::lock_guard lock(mutex_);
    if (!is_stopping_ && waiting_.size() < waiting_max) {
      waiting_.insert(page);
      waiting_count_ = waiting_.size();
      // Of what was committed since it was read, nobody was told.
      is_look_due_ = true;
      arrived_.notify_one();
      return;
    }
  }
  page->reply(json_reply(200, std::move(page->body)));
}

// --- the thread of its own ----------------------------------------------------------------------

void AdminEvents::answer_those_due(Clock::time_point now) {
  std::erase_if(waiting_, [now](const PagePtr& page) {
    if (page->is_abandoned) return true;
    if (page->answers_at > now) return false;
    page->reply(json_reply(200, std::move(page->body)));
    return true;
  });
  waiting_count_ = waiting_.size();
}

void AdminEvents::run() {
  std::unique_lock lock(mutex_);
  const auto is_due = [this] { return is_look_due_ || is_stopping_; };
  while (!is_stopping_) {
    if (waiting_.empty()) {
      arrived_.wait(lock, is_due);
    } else {
      auto wakes_at = Clock::time_point::max();
      for (const auto& page : waiting_) wakes_at = std::min(wakes_at, page->answers_at);
      arrived_.wait_until(lock, wakes_at, is_due);
    }
    answer_those_due(Clock::now());
    if (!std::exchange(is_look_due_, false) || is_stopping_ || waiting_.empty()) continue;
    std::vector<Look> looks;
    for (const auto& page : waiting_) looks.push_back({page, true, page->bus_id, page->after});
    core_.post([this, looks = std::move(looks)] {
      for (const auto& each : looks) look(each);
    });
    arrived_.wait_for(lock, look_interval, [this] { return is_stopping_; });
  }
  answer_those_due(Clock::time_point::max());
}

}  // namespace signalbox
