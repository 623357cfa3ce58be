#include "protocol/wire.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace signalbox::protocol {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes count digits off the front of text; -1 when they are not there.
int take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".678" or nothing; digits past the third are dropped, as the services do.
std::optional<int> take_fraction_ms(std::string_view& text) {
  if (!take(text, ".")) return 0;
  int ms = 0;
  int scale = 100;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    ms += (text[digits++] - '0') * scale;
    scale /= 10;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return ms;
}

// "Z" or "+02:00", in minutes east.
std::optional<int> take_offset_minutes(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  if (text.empty()) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_number(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ":")) return std::nullopt;
  const int minutes = take_number(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::string_view content_type(Wire wire) {
  switch (wire) {
    case Wire::json_1_0: return "application/x-amz-json-1.0";
    case Wire::json_1_1: return "application/x-amz-json-1.1";
    case Wire::query: return "text/xml";
    case Wire::rest_json: return "application/json";
  }
  return {};
}

std::string_view service_name(Service service) {
  switch (service) {
    case Service::sqs: return "sqs";
    case Service::events: return "events";
    case Service::scheduler: return "scheduler";
    case Service::schemas: return "schemas";
    case Service::lambda: return "lambda";
    case Service::runtime: return "lambda-runtime";
    case Service::iam: return "iam";
    case Service::sts: return "sts";
  }
  return {};
}

std::optional<Service> rest_service(std::string_view signing_name) {
  for (const auto service : rest_services) {
    if (signing_name == service_name(service)) return service;
  }
  return std::nullopt;
}

broker::Error to_error(DecodeError error) {
  return {broker::ErrorCode::serialization, std::move(error.message)};
}

std::optional<broker::api::Timestamp> parse_rfc3339(std::string_view text) {
  const int year = take_number(text, 4);
  if (year < 0 || !take(text, "-")) return std::nullopt;
  const int month = take_number(text, 2);
  if (month < 1 || !take(text, "-")) return std::nullopt;
  const int day = take_number(text, 2);
  if (day < 1 || !take(text, "Tt ")) return std::nullopt;
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ":")) return std::nullopt;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ":")) return std::nullopt;
  const int second = take_number(text, 2);
  if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second counts as the next one
  const auto fraction_ms = take_fraction_ms(text);
  if (!fraction_ms) return std::nullopt;
  const auto offset_minutes = take_offset_minutes(text);
  if (!offset_minutes || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute - *offset_minutes) * 60 + second;
  const std::int64_t ms = seconds * 1000 + *fraction_ms;
  if (ms < timestamp_ms_min || ms > timestamp_ms_max) return std::nullopt;
  return broker::api::Timestamp{ms};
}

void append_rfc3339(std::string& out, broker::api::Timestamp time) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(time.ms)};
  const auto midnight = floor<days>(at);
  const year_month_day date(midnight);
  const hh_mm_ss clock(at - midnight);
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"),
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

}  // namespace signalbox::protocol
