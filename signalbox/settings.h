// Every setting of `signalbox serve`, described once.
//
// Owns the table in settings_table.cc: name with unit, default, bounds and one sentence each. The
// help text, the sample file, docs/settings.md and the parser are all made from it, so none of them
// can disagree. Of the other folders it knows only protocol/guard.h.
//
// Not CLI11: it lets a file win over the environment, and its errors name neither the line of the
// file nor the bounds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox {

enum class DurabilityMode : std::uint8_t { sync, interval, off };
enum class LogLevel : std::uint8_t { error, warning, info, debug };
// Whether functions are run as processes; local: while only this machine reaches the broker.
enum class FunctionProcessMode : std::uint8_t { local, on, off };
enum class LogFormat : std::uint8_t { logfmt, json };

// A plain value. A default-constructed one holds the table's defaults.
struct Settings {
  Settings();

  std::string config_file;

  std::vector<std::pair<std::string, std::uint16_t>> listen;  // address without brackets, port
  // Nobody asked for these addresses: IPv6 may be missing.
  bool listen_is_default = true;
  std::string ready_file;
  bool insecure_plaintext = false;
  std::vector<std::string> allowed_hosts;  // as GuardSettings has them
  std::vector<std::string> allowed_origins;

  std::string data_dir;
  DurabilityMode durability = DurabilityMode::sync;
  std::chrono::milliseconds durability_interval{0};  // for DurabilityMode::interval only
  bool salvage = false;
  std::uint64_t commit_queue_bytes = 0;
  std::uint64_t wal_bytes_max = 0;
  std::uint64_t block_cache_bytes = 0;

  std::string region;
  std::string account;
  std::uint64_t worlds_max = 0;

  std::uint64_t queue_window_messages = 0;
  std::uint64_t due_horizon_count = 0;
  bool queue_deleted_recently = false;
  std::chrono::seconds purge_cooldown{0};

  std::chrono::seconds bus_log_retention{0};
  std::uint64_t bus_log_bytes_max = 0;
  std::size_t rules_per_bus = 0;
  std::size_t pattern_combinations_max = 0;
  std::uint64_t pattern_bytes_max = 0;
  std::size_t pattern_stars_max = 0;
  bool lineage_steps = false;
  bool http_targets_private = false;

  FunctionProcessMode function_processes = FunctionProcessMode::local;
  std::size_t function_concurrency = 0;
  std::chrono::seconds function_idle{0};
  std::chrono::seconds function_retry_wait{0};

  std::uint64_t io_threads = 0;  // the setting's 0 is resolved already
  std::uint64_t connections_max = 0;
  std::uint64_t header_bytes_max = 0;
  std::uint64_t body_bytes_max = 0;
  std::uint64_t body_bytes_total_max = 0;
  std::chrono::milliseconds header_timeout{0};
  std::chrono::milliseconds body_timeout{0};
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds write_timeout{0};
  std::chrono::milliseconds drain_timeout{0};

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::logfmt;
  bool test_clock = false;
};

struct ParsedSettings {
  Settings settings;                  // meaningful when error is empty and help is not asked for
  bool help = false;                  // -h or --help stood among the arguments
  std::string error;                  // what is wrong, where it stands, what to write instead
  std::vector<std::string> warnings;  // SIGNALBOX_ variables that name no setting
};

// Whether only the broker's own machine reaches it.
bool listens_on_loopback_only(const Settings& settings);

using Environment = std::vector<std::pair<std::string, std::string>>;

// Flags win over the environment, the environment over the file that --config or SIGNALBOX_CONFIG
// names. A value that loses is checked all the same.
ParsedSettings parse_settings(const std::vector<std::string>& arguments,
                              const Environment& environment);

// The SIGNALBOX_ variables of this process.
Environment read_environment();

std::string settings_help();      // for `signalbox serve --help`
std::string settings_sample();    // a file that --config reads, every line a comment
std::string settings_markdown();  // docs/settings.md

}  // namespace signalbox
