#include "signalbox/bench_match.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <numeric>
#include <thread>

#include "rules/rules.h"
#include "signalbox/bench_match_input.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

// A reading of the clock costs as much as a fast event: one for so many.
constexpr std::size_t events_per_reading = 16;
constexpr std::size_t change_count_max = 2000;
// Events that are matched once more after the changes.
constexpr std::size_t recheck_count_max = 500;
constexpr double thread_warm_up_seconds = 0.1;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t fnv1a64(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325) {
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

// One line on a terminal that is written over; nothing anywhere else.
class Progress {
 public:
  Progress() : is_shown_(isatty(STDERR_FILENO) != 0) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void stage(std::string_view what) {
    what_ = what;
    print(what_);
  }
  void step(std::size_t done, std::size_t all) {
    if (is_shown_ && seconds_since(printed_at_) > 0.1) {
      print(fmt::format("{}: {} of {}", what_, done, all));
    }
  }
  void clear() {
    if (is_shown_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  void print(std::string_view text) {
    if (!is_shown_) return;
    fmt::print(stderr, "\r\x1b[K{}", text);
    std::fflush(stderr);
    printed_at_ = Clock::now();
  }

  const bool is_shown_;
  std::string what_;
  Clock::time_point printed_at_;
};

// Rule i of the file has the RuleId i.
class MatchBench {
 public:
  explicit MatchBench(MatchBenchOptions options) : options_(std::move(options)) {}

  // Returns the exit status; the result is complete after 0.
  int run();
  const MatchBenchResult& result() const { return result_; }

 private:
  struct Tally {
    std::uint64_t match_count = 0;
    std::size_t match_count_max = 0;
    std::uint64_t hash = 0;
  };

  std::string read_files();
  std::string add_rules();
  Tally tally(std::size_t event_count);
  double pass(std::size_t thread_count, double seconds);
  void run_passes();
  bool run_paced_passes();
  void change_single_rules();
  int fail(std::string_view problem, int status);

  const MatchBenchOptions options_;
  MatchBenchResult result_;
  Progress progress_;
  std::vector<RuleLine> rules_;
  std::vector<std::string> events_;
  std::unique_ptr<rules::RuleSet> rule_set_;
  std::shared_ptr<const rules::Snapshot> snapshot_;
  std::size_t next_event_ = 0;  // passes go on where the last one stopped
};

int MatchBench::fail(std::string_view problem, int status) {
  progress_.clear();
  fmt::print(stderr, "signalbox: {}\n", problem);
  return status;
}

std::string MatchBench::read_files() {
  progress_.stage("reading the files");
  auto problem = read_rule_lines(options_.rules_path, options_.rule_count, rules_);
  if (problem.empty()) problem = read_event_lines(options_.events_path, events_);
  result_.rule_count = rules_.size();
  result_.event_count = events_.size();
  result_.thread_count = options_.thread_count;
  result_.checked_event_count =
      std::min(events_.size(), options_.check_count.value_or(events_.size()));
  return problem;
}

std::string MatchBench::add_rules() {
  progress_.stage("adding the rules");
  const auto rss_before_bytes = resident_bytes();
  const auto start = Clock::now();
  rule_set_ = rules::RuleSet::create();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    rules::PatternError error;
    auto pattern = rules::Pattern::compile(rules_[i].pattern, error);
    if (!pattern) {
      return invalid_pattern(options_.rules_path, i + 1, rules_[i].id, std::move(error.reason));
    }
    rule_set_->put(i, std::move(pattern));
    if (i % 256 == 255) progress_.step(i + 1, rules_.size());
  }
  snapshot_ = rule_set_->snapshot();
  const auto count = static_cast<double>(rules_.size());
  result_.rules_per_s = count / seconds_since(start);
  result_.bytes_per_rule = static_cast<double>(rule_set_->memory_bytes()) / count;
  const auto rss_bytes = resident_bytes();
  result_.rss_growth_bytes = rss_bytes > rss_before_bytes ? rss_bytes - rss_before_bytes : 0;
  return {};
}

MatchBench::Tally MatchBench::tally(std::size_t event_count) {
  std::vector<std::uint64_t> hash_of_id;
  for (const RuleLine& rule : rules_) hash_of_id.push_back(fnv1a64(":", fnv1a64(rule.id)));
  Tally tally;
  std::vector<rules::RuleId> matched;
  for (std::size_t i = 0; i < event_count; ++i) {
    matched.clear();
    snapshot_->match(events_[i], matched);
    tally.match_count += matched.size();
    tally.match_count_max = std::max(tally.match_count_max, matched.size());
    const auto number = fmt::format_int(i);
    const std::string_view digits(number.data(), number.size());
    for (const auto id : matched) tally.hash += fnv1a64(digits, hash_of_id[id]);
    progress_.step(i + 1, event_count);
  }
  return tally;
}

// Events a second of one thread, from the first event on, for the time given.
double match_events(const rules::Snapshot& snapshot, const std::vector<std::string>& events,
                    std::size_t& next, std::vector<rules::RuleId>& matched, double seconds) {
  std::size_t count = 0;
  const auto start = Clock::now();
  double elapsed = 0;
  do {
    for (std::size_t i = 0; i < events_per_reading; ++i) {
      matched.clear();
      snapshot.match(events[next], matched);
      if (++next == events.size()) next = 0;
    }
    count += events_per_reading;
    elapsed = seconds_since(start);
  } while (elapsed < seconds);
  return static_cast<double>(count) / elapsed;
}

double MatchBench::pass(std::size_t thread_count, double seconds) {
  if (thread_count == 1) {
    std::vector<rules::RuleId> matched;
    return match_events(*snapshot_, events_, next_event_, matched, seconds);
  }
  std::vector<double> rates(thread_count);
  std::barrier start(static_cast<std::ptrdiff_t>(thread_count));
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      // Apart from each other, so that no thread finds the events its neighbour has just read.
      std::size_t next = (next_event_ + t * events_.size() / thread_count) % events_.size();
      std::vector<rules::RuleId> matched;
      const double warm_up_seconds = std::min(thread_warm_up_seconds, seconds);
      match_events(*snapshot_, events_, next, matched, warm_up_seconds);
      start.arrive_and_wait();
      rates[t] = match_events(*snapshot_, events_, next, matched, seconds);
    });
  }
  threads.clear();  // waits for them
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

void MatchBench::run_passes() {
  for (std::size_t i = 0; i < options_.pass_count; ++i) {
    progress_.stage(fmt::format("pass {} of {}", i + 1, options_.pass_count));
    if (options_.thread_count > 1) {
      result_.events_per_s_one_thread_passes.push_back(pass(1, options_.pass_seconds));
    }
    result_.events_per_s_passes.push_back(pass(options_.thread_count, options_.pass_seconds));
  }
}

bool MatchBench::run_paced_passes() {
  progress_.clear();
  fmt::print("{{\"ready\":true}}\n");
  std::fflush(stdout);
  auto& passes = result_.events_per_s_passes;
  for (std::string line; std::getline(std::cin, line);) {
    passes.push_back(pass(1, options_.pass_seconds));
    fmt::print("{{\"pass\":{},\"events_per_s\":{:.0f}}}\n", passes.size(), passes.back());
    std::fflush(stdout);
  }
  return !passes.empty();
}

// Takes rules out and puts them back, one by one, as a broker does that answers each caller only
// when the change shows.
void MatchBench::change_single_rules() {
  progress_.stage("changing single rules");
  std::vector<double> add_us;
  std::vector<double> remove_us;
  const std::size_t count = std::min(rules_.size(), change_count_max);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t id = i * rules_.size() / count;
    auto start = Clock::now();
    rule_set_->remove(id);
    snapshot_ = rule_set_->snapshot();
    remove_us.push_back(seconds_since(start) * 1e6);
    start = Clock::now();
    rules::PatternError error;
    rule_set_->put(id, rules::Pattern::compile(rules_[id].pattern, error));
    snapshot_ = rule_set_->snapshot();
    add_us.push_back(seconds_since(start) * 1e6);
    progress_.step(i + 1, count);
  }
  result_.change_count = count;
  result_.add = {quantile(add_us, 0.5), quantile(add_us, 0.99)};
  result_.remove = {quantile(remove_us, 0.5), quantile(remove_us, 0.99)};
}

int MatchBench::run() {
  if (const auto problem = read_files(); !problem.empty()) return fail(problem, 2);
  if (const auto problem = add_rules(); !problem.empty()) return fail(problem, 2);
  progress_.stage("checking the matches");
  const Tally checked = tally(result_.checked_event_count);
  result_.match_count = checked.match_count;
  result_.match_count_max = checked.match_count_max;
  result_.hash = checked.hash;
  progress_.stage("warming up");
  pass(1, options_.pass_seconds);
  if (!options_.paced) {
    run_passes();
  } else if (!run_paced_passes()) {
    return fail("--paced: no line came on standard input, so nothing was measured.", 2);
  }
  const auto recheck_count = std::min(result_.checked_event_count, recheck_count_max);
  const auto hash_before = tally(recheck_count).hash;
  change_single_rules();
  if (tally(recheck_count).hash != hash_before) {
    return fail(
        "the matches are others after rules were removed and added again. "
        "This is a bug: please report it with the two files.",
        1);
  }
  result_.rss_peak_bytes = peak_resident_bytes();
  return 0;
}

int bench_match(const std::vector<std::string>& arguments) {
  auto parsed = parse_match_bench(arguments);
  if (parsed.options.help) {
    fmt::print("{}", match_bench_help());
    return 0;
  }
  if (!parsed.error.empty()) {
    fmt::print(stderr, "signalbox: {}\n", parsed.error);
    return 2;
  }
  MatchBench bench(std::move(parsed.options));
  const int status = bench.run();
  if (status == 0) fmt::print("{}\n", to_json(bench.result()));
  return status;
}

}  // namespace

std::string to_json(const MatchBenchResult& result) {
  const auto& passes = result.events_per_s_passes;
  const double events_per_s = quantile(passes, 0.5);
  std::string json = fmt::format(
      R"({{"rules":{},"events":{},"checked_events":{},"matches":{},"max_matches":{},)"
      R"("hash":"{:016x}","rules_per_s":{:.0f},"bytes_per_rule":{:.0f},"rss_growth_bytes":{},)"
      R"("peak_rss_bytes":{},"changes":{},"add_p50_us":{:.1f},"add_p99_us":{:.1f},)"
      R"("remove_p50_us":{:.1f},"remove_p99_us":{:.1f},"threads":{},"events_per_s":{:.0f},)"
      R"("slowest_pass":{:.0f},"fastest_pass":{:.0f},"us_per_event":{:.3f})",
      result.rule_count, result.event_count, result.checked_event_count, result.match_count,
      result.match_count_max, result.hash, result.rules_per_s, result.bytes_per_rule,
      result.rss_growth_bytes, result.rss_peak_bytes, result.change_count, result.add.p50_us,
      result.add.p99_us, result.remove.p50_us, result.remove.p99_us, result.thread_count,
      events_per_s, quantile(passes, 0), quantile(passes, 1),
      1e6 * static_cast<double>(result.thread_count) / events_per_s);
  if (!result.events_per_s_one_thread_passes.empty()) {
    const double alone = quantile(result.events_per_s_one_thread_passes, 0.5);
    json += fmt::format(R"(,"events_per_s_one_thread":{:.0f},"scaling":{:.2f})", alone,
                        events_per_s / alone);
  }
  return json + "}";
}

int run_bench(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "match") {
    return bench_match({arguments.begin() + 1, arguments.end()});
  }
  if (!arguments.empty() && (arguments.front() == "--help" || arguments.front() == "-h")) {
    fmt::print("{}", match_bench_help());
    return 0;
  }
  fmt::print(stderr, "signalbox: {}. Try signalbox bench match --help.\n",
             arguments.empty() ? "bench needs a word more: match"
                               : fmt::format("there is no bench {}", arguments.front()));
  return 2;
}

}  // namespace signalbox
