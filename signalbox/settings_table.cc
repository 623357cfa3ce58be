#include "signalbox/settings_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <thread>

#include "protocol/guard.h"

namespace signalbox {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;

template <auto member>
void put_number(Settings& settings, std::uint64_t value) {
  using Member = std::remove_reference_t<decltype(settings.*member)>;
  settings.*member = Member(value);
}

template <auto member>
void put_toggle(Settings& settings, bool value) {
  settings.*member = value;
}

// Half the cores: the core and commit threads and the client on the same machine need the rest.
void put_io_threads(Settings& settings, std::uint64_t count) {
  settings.io_threads = count != 0 ? count : std::max(1u, std::thread::hardware_concurrency() / 2);
}

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view digits = "0123456789";
constexpr std::string_view lower_digits_hyphen = "abcdefghijklmnopqrstuvwxyz0123456789-";

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> read_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  for (const Unit& unit : {Unit{"KiB", kib}, Unit{"MiB", mib}, Unit{"GiB", gib}}) {
    if (!text.ends_with(unit.name)) continue;
    const auto count = read_number(trim(text.substr(0, text.size() - unit.name.size())));
    if (!count || *count > std::numeric_limits<std::uint64_t>::max() / unit.bytes) return {};
    return *count * unit.bytes;
  }
  return read_number(text);
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes != 0 && bytes % gib == 0) return fmt::format("{}GiB", bytes / gib);
  if (bytes != 0 && bytes % mib == 0) return fmt::format("{}MiB", bytes / mib);
  if (bytes != 0 && bytes % kib == 0) return fmt::format("{}KiB", bytes / kib);
  return fmt::format("{}", bytes);
}

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(family, text.c_str(), parsed.data()) == 1;
}

// "127.0.0.1:4566", "[::1]:4566", "localhost:0"
bool put_listen(Settings& settings, std::string_view value, bool first) {
  const std::size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = read_number(value.substr(colon + 1));
  if (!port || *port > 65'535) return false;
  std::string host(value.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_address(AF_INET6, host)) return false;
  } else if (!is_address(AF_INET, host)) {
    return false;
  }
  if (first) settings.listen.clear();
  settings.listen_is_default = false;
  settings.listen.emplace_back(std::move(host), static_cast<std::uint16_t>(*port));
  return true;
}

// Lists that the guard reads: it says what an entry may be.
template <auto guard_member, auto member>
bool put_guarded(Settings& settings, std::string_view value, bool first) {
  protocol::GuardSettings guarded;
  (guarded.*guard_member).emplace_back(value);
  if (!protocol::Guard::check_settings(guarded).empty()) return false;
  if (first) (settings.*member).clear();
  (settings.*member).emplace_back(value);
  return true;
}

constexpr auto put_allowed_host =
    put_guarded<&protocol::GuardSettings::allowed_hosts, &Settings::allowed_hosts>;
constexpr auto put_allowed_origin =
    put_guarded<&protocol::GuardSettings::allowed_origins, &Settings::allowed_origins>;

bool put_durability(Settings& settings, std::string_view value, bool) {
  settings.durability_interval = {};
  if (value == "sync" || value == "off") {
    settings.durability = value == "sync" ? DurabilityMode::sync : DurabilityMode::off;
    return true;
  }
  constexpr std::string_view prefix = "interval:";
  if (!value.starts_with(prefix)) return false;
  const auto interval_ms = read_number(value.substr(prefix.size()));
  if (!interval_ms || *interval_ms < 1 || *interval_ms > 60'000) return false;
  settings.durability = DurabilityMode::interval;
  settings.durability_interval = std::chrono::milliseconds(*interval_ms);
  return true;
}

bool put_account(Settings& settings, std::string_view value, bool) {
  if (value.size() != 12 || !all_of(value, digits)) return false;
  settings.account = value;
  return true;
}

bool put_region(Settings& settings, std::string_view value, bool) {
  if (value.empty() || value.size() > 32 || !all_of(value, lower_digits_hyphen)) return false;
  settings.region = value;
  return true;
}

template <auto member>
bool put_path(Settings& settings, std::string_view value, bool) {
  if (value.empty() || value.find('\0') != std::string_view::npos) return false;
  settings.*member = value;
  return true;
}

bool put_log_level(Settings& settings, std::string_view value, bool) {
  constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end()) return false;
  settings.log_level = static_cast<LogLevel>(found - names.begin());
  return true;
}

bool put_log_format(Settings& settings, std::string_view value, bool) {
  if (value != "logfmt" && value != "json") return false;
  settings.log_format = value == "json" ? LogFormat::json : LogFormat::logfmt;
  return true;
}

bool put_function_processes(Settings& settings, std::string_view value, bool) {
  constexpr std::array<std::string_view, 3> names{"local", "on", "off"};
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end()) return false;
  settings.function_processes = static_cast<FunctionProcessMode>(found - names.begin());
  return true;
}

using S = Settings;

constexpr SettingRow number(std::string_view group, std::string_view name,
                            std::string_view placeholder, std::string_view default_text,
                            std::uint64_t min, std::uint64_t max,
                            void (*store)(Settings&, std::uint64_t), std::string_view sentence) {
  return {group, name,     placeholder, SettingKind::number, default_text, min, max,
          "",    sentence, store};
}

constexpr SettingRow bytes(std::string_view group, std::string_view name,
                           std::string_view default_text, std::uint64_t min, std::uint64_t max,
                           void (*store)(Settings&, std::uint64_t), std::string_view sentence) {
  return {group, name, "BYTES", SettingKind::bytes, default_text, min, max, "", sentence, store};
}

constexpr SettingRow toggle(std::string_view group, std::string_view name,
                            void (*store)(Settings&, bool), std::string_view sentence) {
  return {group, name, "", SettingKind::toggle, "off", 0, 0, "", sentence, nullptr, store};
}

constexpr SettingRow text(std::string_view group, std::string_view name,
                          std::string_view placeholder, std::string_view default_text,
                          std::string_view accepted,
                          bool (*store)(Settings&, std::string_view, bool),
                          std::string_view sentence) {
  return {group, name,     placeholder, SettingKind::text, default_text, 0,
          0,     accepted, sentence,    nullptr,           nullptr,      store};
}

constexpr SettingRow list(std::string_view group, std::string_view name,
                          std::string_view placeholder, std::string_view default_text,
                          std::string_view accepted,
                          bool (*store)(Settings&, std::string_view, bool),
                          std::string_view sentence) {
  SettingRow row = text(group, name, placeholder, default_text, accepted, store, sentence);
  row.kind = SettingKind::list;
  return row;
}

// clang-format off
constexpr std::array table{
  text("File", "config", "FILE", "", "the path of a file", put_path<&S::config_file>,
       "A file of settings, one `name = value` a line; `#` begins a comment line."),

  list("Network", "listen", "HOST:PORT", "127.0.0.1:4566,[::1]:4566",
       "an IPv4 address, an IPv6 address in brackets or localhost, with a port from 0 to 65535, "
       "such as 127.0.0.1:4566", put_listen,
       "An address to listen on; port 0 takes any free one."),
  toggle("Network", "insecure-plaintext", put_toggle<&S::insecure_plaintext>,
         "Allows --listen on addresses that other machines reach, over plain HTTP and with "
         "unchecked credentials."),
  list("Network", "allowed-host", "HOST", "",
       "a name such as broker.internal or *.example.com, an address such as 10.1.2.3 or "
       "[fd00::1], or * for any, without a port", put_allowed_host,
       "A Host header to answer, beside localhost, *.localhost and loopback addresses."),
  list("Network", "allowed-origin", "ORIGIN", "",
       "an origin such as http://localhost:3000, null, or * for any", put_allowed_origin,
       "A web page's Origin that may send requests; all others are refused."),
  text("Network", "ready-file", "FILE", "", "the path of a file", put_path<&S::ready_file>,
       "Written once requests are answered: the addresses listened on, one a line."),

  text("Storage", "data-dir", "DIR", "./signalbox-data", "the path of a directory",
       put_path<&S::data_dir>,
       "Where everything is kept; made with mode 0700 when missing."),
  text("Storage", "durability", "MODE", "sync",
       "sync, interval:MS with MS from 1 to 60000, or off", put_durability,
       "When a request is acknowledged: after fdatasync (sync), or before it, which then runs "
       "every MS milliseconds (interval:MS) or never (off)."),
  toggle("Storage", "salvage", put_toggle<&S::salvage>,
         "Starts on a data directory that lost acknowledged records, with what is left, instead "
         "of refusing."),
  bytes("Storage", "commit-queue-bytes", "64MiB", 32 * mib, 4 * gib,
        put_number<&S::commit_queue_bytes>,
        "Writes that may wait for the disk; past it requests are throttled."),
  bytes("Storage", "wal-bytes-max", "64MiB", mib, 16 * gib, put_number<&S::wal_bytes_max>,
        "Write-ahead log kept before a flush; bounds what a start has to read again."),
  bytes("Storage", "block-cache-bytes", "8MiB", mib, 256 * gib,
        put_number<&S::block_cache_bytes>,
        "Most memory spent on blocks read from disk; taken as it is used."),

  text("Worlds", "region", "REGION", "us-east-1",
       "lower-case letters, digits and hyphens, at most 32", put_region,
       "The region of requests that carry no signature."),
  text("Worlds", "account", "ACCOUNT", "000000000000", "12 digits", put_account,
       "The account of requests whose access key is not an account id."),
  number("Worlds", "worlds-max", "N", "1000", 1, 1'000'000, put_number<&S::worlds_max>,
         "Pairs of account and region that may exist; each is a world of its own."),

  number("Queues", "queue-window-messages", "N", "1024", 1, 65'536,
         put_number<&S::queue_window_messages>,
         "Messages of a queue whose place is held in memory; the rest is read from disk in order."),
  number("Queues", "due-horizon-count", "N", "4096", 64, 1'000'000,
         put_number<&S::due_horizon_count>,
         "Delayed messages whose due time is held in memory, over all queues."),
  toggle("Queues", "queue-deleted-recently", put_toggle<&S::queue_deleted_recently>,
         "Blocks the name of a deleted queue for 60 seconds, as the service does."),
  number("Queues", "purge-cooldown-s", "SECONDS", "60", 0, 3'600, put_number<&S::purge_cooldown>,
         "Time between two purges of a queue; 0 allows them at any time."),

  number("Buses", "bus-log-retention-s", "SECONDS", "86400", 0, 315'360'000,
         put_number<&S::bus_log_retention>,
         "How long a bus keeps its log of accepted events; 0 keeps none."),
  bytes("Buses", "bus-log-bytes-max", "1GiB", mib, 1'024 * gib,
        put_number<&S::bus_log_bytes_max>,
        "Size past which a bus drops the oldest part of its log."),
  number("Buses", "rules-per-bus", "N", "0", 0, 1'000'000'000, put_number<&S::rules_per_bus>,
         "Rules that one bus may have; the service's default is 300. 0 sets no limit."),
  number("Buses", "pattern-combinations-max", "N", "1000", 1, 1'000'000,
         put_number<&S::pattern_combinations_max>,
         "Ways through the $or of one event pattern; past it the pattern is refused."),
  bytes("Buses", "pattern-bytes-max", "1MiB", kib, gib, put_number<&S::pattern_bytes_max>,
        "Memory that one compiled event pattern may take; past it the pattern is refused."),
  number("Buses", "pattern-stars-max", "N", "0", 0, 1'000'000, put_number<&S::pattern_stars_max>,
         "Stars in the wildcards of one field of a pattern; past it the pattern is too complex, as "
         "it is for the service. 0 sets no limit: the matcher needs none."),
  toggle("Buses", "lineage-steps", put_toggle<&S::lineage_steps>,
         "Logs the end of every message too: deleted, discarded, moved, redriven, expired; and "
         "its edits."),
  toggle("Buses", "http-targets-private", put_toggle<&S::http_targets_private>,
         "Lets targets have URLs on private networks and on the broker's own machine; the latter "
         "they may anyway while it listens on loopback only."),

  text("Functions", "function-processes", "MODE", "local", "local, on or off",
       put_function_processes,
       "Whether functions' code is run as processes of the broker's user: while it listens on "
       "loopback only (local), wherever it listens (on), never (off). Never with an allowed-host "
       "or allowed-origin of *."),
  number("Functions", "function-concurrency", "N", "10", 1, 1'000,
         put_number<&S::function_concurrency>,
         "Processes of one function, or requests to its URL, at a time."),
  number("Functions", "function-idle-s", "SECONDS", "300", 1, 86'400,
         put_number<&S::function_idle>,
         "Time after which a process that has nothing to do is stopped."),
  number("Functions", "function-retry-wait-s", "SECONDS", "60", 1, 3'600,
         put_number<&S::function_retry_wait>,
         "Time before an event that a function failed on is tried again; twice that before the "
         "next time."),

  number("Server", "io-threads", "N", "0", 0, 256, put_io_threads,
         "Threads that read, parse and answer; 0 is half the cores."),
  number("Server", "connections-max", "N", "4096", 1, 1'000'000, put_number<&S::connections_max>,
         "Connections open at a time; the next ones wait."),
  bytes("Server", "header-bytes-max", "16KiB", 8 * kib, mib, put_number<&S::header_bytes_max>,
        "Largest head of a request; past it 431."),
  bytes("Server", "body-bytes-max", "8MiB", 4 * mib, 16 * mib,
        put_number<&S::body_bytes_max>,
        "Largest body of a request; past it 413. Functions' code may have 50 MB all the same."),
  bytes("Server", "body-bytes-total-max", "512MiB", 16 * mib, 64 * gib,
        put_number<&S::body_bytes_total_max>,
        "All bodies being received together; past it large ones are refused with 503."),
  number("Server", "header-timeout-ms", "MS", "10000", 100, 600'000,
         put_number<&S::header_timeout>,
         "Time for a request's head to arrive once its first byte has."),
  number("Server", "body-timeout-ms", "MS", "60000", 100, 3'600'000, put_number<&S::body_timeout>,
         "Time for a request's body to arrive."),
  number("Server", "idle-timeout-ms", "MS", "75000", 100, 3'600'000, put_number<&S::idle_timeout>,
         "Time a connection may stay open between requests."),
  number("Server", "write-timeout-ms", "MS", "30000", 100, 3'600'000,
         put_number<&S::write_timeout>, "Time for a client to take a reply."),
  number("Server", "drain-timeout-ms", "MS", "10000", 0, 600'000, put_number<&S::drain_timeout>,
         "Time that invocations and requests under way get to finish after SIGTERM."),

  text("Logs and tests", "log-level", "LEVEL", "info", "error, warning, info or debug",
       put_log_level, "The least serious thing worth a line."),
  text("Logs and tests", "log-format", "FORMAT", "logfmt", "logfmt or json", put_log_format,
       "The form of a line; each event is one line on standard error."),
  toggle("Logs and tests", "test-clock", put_toggle<&S::test_clock>,
         "Lets POST /_signalbox/clock move time forward; for tests of retries, delays and "
         "retention."),
};
// clang-format on

}  // namespace

Settings::Settings() {
  for (const SettingRow& row : table) {
    if (row.kind != SettingKind::list) {
      if (!row.default_text.empty()) store_setting(row, *this, row.default_text, true);
      continue;
    }
    bool first = true;
    for (const std::string_view value : split_list(row.default_text)) {
      store_setting(row, *this, value, first);
      first = false;
    }
  }
  listen_is_default = true;
}

std::span<const SettingRow> settings_table() { return table; }

const SettingRow* find_setting(std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [name](const SettingRow& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string store_setting(const SettingRow& row, Settings& settings, std::string_view value,
                          bool first) {
  bool stored = false;
  if (row.store_toggle != nullptr) {
    stored = value == "on" || value == "off";
    if (stored) row.store_toggle(settings, value == "on");
  } else if (row.store_text != nullptr) {
    stored = row.store_text(settings, value, first);
  } else {
    const auto parsed = row.kind == SettingKind::bytes ? read_bytes(value) : read_number(value);
    stored = parsed && *parsed >= row.min && *parsed <= row.max;
    if (stored) row.store_number(settings, *parsed);
  }
  return stored ? std::string() : accepted_values(row);
}

std::string accepted_values(const SettingRow& row) {
  switch (row.kind) {
    case SettingKind::number: return fmt::format("a whole number from {} to {}", row.min, row.max);
    case SettingKind::bytes:
      return fmt::format("a number of bytes from {} to {}; KiB, MiB or GiB may follow",
                         format_bytes(row.min), format_bytes(row.max));
    case SettingKind::toggle: return "on or off";
    case SettingKind::text:
    case SettingKind::list: break;
  }
  return std::string(row.accepted);
}

std::string variable_name(std::string_view setting_name) {
  std::string name = "SIGNALBOX_";
  for (const char c : setting_name) {
    name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::vector<std::string_view> split_list(std::string_view values) {
  std::vector<std::string_view> parts;
  while (!values.empty()) {
    const std::size_t comma = std::min(values.find(','), values.size());
    const std::string_view part = trim(values.substr(0, comma));
    if (!part.empty()) parts.push_back(part);
    values.remove_prefix(std::min(comma + 1, values.size()));
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace signalbox
