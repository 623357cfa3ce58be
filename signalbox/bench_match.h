// `signalbox bench match`: how fast the rules of one file are matched against the events of
// another.
//
// One thread takes an event's bytes and gives rule ids; reading the files, writing ids out and
// hashing them lie outside what is timed. It knows rules/rules.h and nothing else of the product,
// so that its figures are those of the matcher alone. docs/rules-benchmark.md is made with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

struct MatchBenchOptions {
  std::string rules_path;
  std::string events_path;
  std::optional<std::size_t> rule_count;   // the first of the file; all of them when not set
  std::optional<std::size_t> check_count;  // events that are hashed; all of them when not set
  double pass_seconds = 1;
  std::size_t pass_count = 5;
  std::size_t thread_count = 1;
  bool paced = false;  // a pass for each line of standard input, instead of pass_count
  bool help = false;
};

struct MatchBenchArguments {
  MatchBenchOptions options;
  std::string error;  // what is wrong and what to write instead; empty when nothing is
};

MatchBenchArguments parse_match_bench(const std::vector<std::string>& arguments);
std::string_view match_bench_help();

// Latencies of one kind of change, each with the snapshot in which it shows.
struct ChangeTimes {
  double p50_us = 0;
  double p99_us = 0;
};

struct MatchBenchResult {
  std::size_t rule_count = 0;
  std::size_t event_count = 0;
  std::size_t checked_event_count = 0;
  std::uint64_t match_count = 0;    // of the checked events
  std::size_t match_count_max = 0;  // of one event
  std::uint64_t hash = 0;
  double rules_per_s = 0;
  double bytes_per_rule = 0;
  std::uint64_t rss_growth_bytes = 0;  // of the process while the rules were added
  std::uint64_t rss_peak_bytes = 0;
  ChangeTimes add;
  ChangeTimes remove;
  std::size_t change_count = 0;
  std::vector<double> events_per_s_passes;             // with all threads
  std::vector<double> events_per_s_one_thread_passes;  // empty when there is only one
  std::size_t thread_count = 1;
};

// One line without its end.
std::string to_json(const MatchBenchResult& result);

// `signalbox bench ...`: prints the result, or what is wrong; returns the exit status: 0, 2 for bad
// input, 1 when the matcher contradicts itself.
int run_bench(const std::vector<std::string>& arguments);

}  // namespace signalbox
