#include "broker/events_envelope.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "broker/with_parsed.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t nesting_max = 1000;

bool is_number_char(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// Valid JSON in; out is the same without white space between tokens.
class Compactor {
 public:
  Compactor(std::string_view json, std::string& out) : json_(json), out_(out) {}

  // False past the limits of nesting and of integers.
  bool run() {
    while (at_ < json_.size()) {
      const char c = json_[at_];
      switch (c) {
        case ' ':
        case '\t':
        case '\n':
        case '\r': ++at_; break;
        case '"': copy_string(); break;
        case '{':
        case '[':
          if (++depth_ > nesting_max) return false;
          copy_one();
          break;
        case '}':
        case ']':
          --depth_;
          copy_one();
          break;
        default:
          if (c == '-' || (c >= '0' && c <= '9')) {
            if (!copy_number()) return false;
          } else {
            copy_one();
          }
      }
    }
    return true;
  }

 private:
  void copy_one() { out_.push_back(json_[at_++]); }

  void copy_string() {
    std::size_t end = at_ + 1;
    while (json_[end] != '"') end += json_[end] == '\\' ? 2 : 1;
    out_.append(json_, at_, end + 1 - at_);
    at_ = end + 1;
  }

  bool copy_number() {
    std::size_t end = at_;
    bool integer = true;
    for (; end < json_.size() && is_number_char(json_[end]); ++end) {
      if (json_[end] == '.' || json_[end] == 'e' || json_[end] == 'E') integer = false;
    }
    const std::string_view number = json_.substr(at_, end - at_);
    at_ = end;
    out_.append(number);
    if (!integer) return true;
    std::int64_t value = 0;
    return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc();
  }

  const std::string_view json_;
  std::string& out_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

bool is_json_object(std::string_view text) {
  return with_parsed(text, [](auto element) { return element.is_object(); });
}

std::optional<std::string> compact_detail(std::string_view detail) {
  if (!is_json_object(detail)) return std::nullopt;
  std::string compact;
  compact.reserve(detail.size());
  if (!Compactor(detail, compact).run()) return std::nullopt;
  return compact;
}

bool has_member(std::string_view object, std::string_view name) {
  return with_parsed(object, [&](simdjson::dom::element element) {
    simdjson::dom::object members;
    return element.get_object().get(members) == simdjson::SUCCESS &&
           members.at_key(name).error() == simdjson::SUCCESS;
  });
}

void append_json_string(std::string& json, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  json.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json.push_back('\\');
      json.push_back(c);
    } else if (byte >= 0x20) {
      json.push_back(c);
    } else if (c == '\n') {
      json.append("\\n");
    } else if (c == '\t') {
      json.append("\\t");
    } else if (c == '\r') {
      json.append("\\r");
    } else {
      json.append("\\u00");
      json.push_back(digits[byte >> 4]);
      json.push_back(digits[byte & 15]);
    }
  }
  json.push_back('"');
}

std::string build_envelope(const EnvelopeParts& parts) {
  std::string json;
  json.reserve(256 + parts.detail_type.size() + parts.source.size() + parts.detail.size());
  json.append(R"({"version":"0","id":")").append(parts.id);
  json.append(R"(","detail-type":)");
  append_json_string(json, parts.detail_type);
  json.append(R"(,"source":)");
  append_json_string(json, parts.source);
  // The caller's words, too: account and region come from an unchecked credential scope.
  json.append(R"(,"account":)");
  append_json_string(json, parts.account);
  json.append(R"(,"time":")").append(parts.time);
  json.append(R"(","region":)");
  append_json_string(json, parts.region);
  json.append(R"(,"resources":[)");
  bool first = true;
  for (const auto& resource : *parts.resources) {
    if (!first) json.push_back(',');
    first = false;
    append_json_string(json, resource);
  }
  json.append(R"(],"detail":)").append(parts.detail);
  json.push_back('}');
  return json;
}

namespace {

// Where the member before the first list of the envelope begins, when that is resources: else 0.
std::size_t place_of_resources(std::string_view envelope) {
  constexpr std::string_view name = R"(,"resources":)";
  bool in_string = false;
  for (std::size_t i = 1; i < envelope.size(); ++i) {
    const char c = envelope[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string || (c != '[' && c != '{')) continue;
    return envelope.substr(0, i).ends_with(name) ? i - name.size() : 0;
  }
  return 0;
}

// Of "2026-01-31T23:59:59Z".
std::optional<EventSecond> read_event_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = -1;
    const auto end = std::from_chars(text.data() + at, text.data() + at + size, value).ptr;
    return end == text.data() + at + size ? value : -1;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const int hours = number(11, 2), minutes = number(14, 2), seconds = number(17, 2);
  if (!date.ok() || hours < 0 || minutes < 0 || seconds < 0) return std::nullopt;
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(hours) +
                    std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
  return event_second_of(to_ms(std::chrono::time_point_cast<Duration>(time)));
}

}  // namespace

EventHead read_event_head(std::string_view envelope) {
  EventHead head;
  with_parsed(envelope, [&](simdjson::dom::element element) {
    std::string_view time;
    if (element["time"].get(time) == simdjson::SUCCESS) head.second = read_event_time(time);
    head.is_replayed = element["replay-name"].error() == simdjson::SUCCESS;
    return true;
  });
  return head;
}

std::string with_replay_name(std::string_view envelope, std::string_view replay_name) {
  const std::size_t at = place_of_resources(envelope);
  std::string json;
  json.reserve(envelope.size() + replay_name.size() + 20);
  if (at == 0) {
    json.append(R"({"replay-name":")").append(replay_name).append(R"(",)");
    return json.append(envelope.substr(1));
  }
  json.append(envelope.substr(0, at)).append(R"(,"replay-name":")").append(replay_name);
  return json.append("\"").append(envelope.substr(at));
}

std::optional<std::string> format_event_time(std::int64_t ms) {
  // The days are counted before they are turned into a date: years past 32767 would wrap.
  constexpr std::int64_t year_1_ms = -62'135'596'800'000;
  constexpr std::int64_t year_10000_ms = 253'402'300'800'000;
  if (ms < year_1_ms || ms >= year_10000_ms) return std::nullopt;
  const Time time = from_ms(ms);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::optional<std::int64_t> parse_event_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !is_digit : text[i] != form[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char digit : text.substr(at, size)) value = value * 10 + (digit - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
                    std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2));
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace signalbox::broker
