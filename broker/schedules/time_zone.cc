#include "broker/schedules/time_zone.h"

#include <algorithm>

#include "broker/schedules/posix_zone.h"

namespace signalbox::broker {

namespace {

// Offsets stay within this, so around a local time only transitions this near can matter.
constexpr std::int64_t offset_s_max = 26 * 3600;

// Big-endian numbers of a file, front to back; once it runs out everything is zero.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::size_t count() { return static_cast<std::size_t>(number(4)); }
  std::int64_t i32() { return static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  std::string_view rest() const { return rest_; }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

struct Header {
  std::size_t is_utc, is_standard, leaps, times, types, chars;

  static std::optional<Header> read(Bytes& bytes) {
    if (bytes.take(4) != "TZif") return std::nullopt;
    const auto version = bytes.take(1);
    bytes.take(15);
    Header header{};
    header.is_utc = bytes.count();
    header.is_standard = bytes.count();
    header.leaps = bytes.count();
    header.times = bytes.count();
    header.types = bytes.count();
    header.chars = bytes.count();
    constexpr std::size_t count_max = 100'000;
    const bool fine = !bytes.failed() && version >= "2" && header.times <= count_max &&
                      header.types >= 1 && header.types <= 256;
    return fine ? std::optional(header) : std::nullopt;
  }
  // Of what follows the header, with times of that size.
  std::size_t data_bytes(std::size_t time_bytes) const {
    return times * time_bytes + times + types * 6 + chars + leaps * (time_bytes + 4) + is_standard +
           is_utc;
  }
};

}  // namespace

std::optional<TimeZone> TimeZone::parse(std::string_view tzif) {
  Bytes bytes(tzif);
  // The data of the first version has times of 32 bits; the same follows with 64.
  const auto old = Header::read(bytes);
  if (!old) return std::nullopt;
  bytes.take(old->data_bytes(4));
  const auto header = Header::read(bytes);
  if (!header) return std::nullopt;
  TimeZone zone;
  zone.transitions_.resize(header->times);
  for (auto& transition : zone.transitions_) transition.at_s = bytes.i64();
  const auto types_of_times = bytes.take(header->times);
  std::vector<std::int64_t> offsets(header->types);
  for (auto& offset : offsets) {
    offset = bytes.i32();
    bytes.take(2);
  }
  bytes.take(header->chars + header->leaps * 12 + header->is_standard + header->is_utc);
  if (bytes.failed()) return std::nullopt;
  zone.first_offset_s_ = offsets.front();
  for (std::size_t i = 0; i < header->times; ++i) {
    const auto type = static_cast<unsigned char>(types_of_times[i]);
    if (type >= offsets.size()) return std::nullopt;
    zone.transitions_[i].offset_s = offsets[type];
  }
  const auto in_order = [](const Transition& left, const Transition& right) {
    return left.at_s < right.at_s;
  };
  if (!std::is_sorted(zone.transitions_.begin(), zone.transitions_.end(), in_order)) {
    return std::nullopt;
  }
  // What holds after the last of them is a rule; it is written out as far as cron goes.
  auto footer = bytes.rest();
  if (!footer.starts_with('\n') || !footer.ends_with('\n') || footer.size() < 2) {
    return std::nullopt;
  }
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return zone;
  const auto rule = PosixZone::parse(footer);
  if (!rule) return std::nullopt;
  const bool has_none = zone.transitions_.empty();
  const auto last_s = has_none ? std::int64_t{0} : zone.transitions_.back().at_s;
  if (has_none) zone.first_offset_s_ = rule->standard_offset_s();
  for (const auto& change : rule->changes_after(last_s)) {
    zone.transitions_.push_back({change.at_s, change.offset_s});
  }
  return zone;
}

std::int64_t TimeZone::offset_at(std::int64_t utc_s) const {
  const auto after = std::upper_bound(
      transitions_.begin(), transitions_.end(), utc_s,
      [](std::int64_t time_s, const Transition& transition) { return time_s < transition.at_s; });
  return after == transitions_.begin() ? first_offset_s_ : std::prev(after)->offset_s;
}

LocalTime TimeZone::to_local(Time time) const {
  const auto utc_s = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return LocalTime(std::chrono::seconds(utc_s + offset_at(utc_s)));
}

std::optional<Time> TimeZone::to_time(LocalTime local) const {
  const std::int64_t local_s = local.time_since_epoch().count();
  std::optional<std::int64_t> first_s;
  const auto try_offset = [&](std::int64_t offset_s) {
    const std::int64_t utc_s = local_s - offset_s;
    if (offset_at(utc_s) == offset_s && (!first_s || utc_s < *first_s)) first_s = utc_s;
  };
  try_offset(offset_at(local_s - offset_s_max));
  auto near = std::lower_bound(
      transitions_.begin(), transitions_.end(), local_s - offset_s_max,
      [](const Transition& transition, std::int64_t time_s) { return transition.at_s < time_s; });
  for (; near != transitions_.end() && near->at_s <= local_s + offset_s_max; ++near) {
    try_offset(near->offset_s);
  }
  if (!first_s) return std::nullopt;
  return Time(std::chrono::seconds(*first_s));
}

Time TimeZone::to_time_past_gap(LocalTime local) const {
  if (const auto time = to_time(local)) return *time;
  const std::int64_t local_s = local.time_since_epoch().count();
  std::int64_t before_s = first_offset_s_;
  for (const auto& transition : transitions_) {
    const bool jumps_over =
        transition.at_s + before_s <= local_s && local_s < transition.at_s + transition.offset_s;
    if (jumps_over) break;
    before_s = transition.offset_s;
  }
  return Time(std::chrono::seconds(local_s - before_s));
}

}  // namespace signalbox::broker
