// How fast does the store alone commit durable records, and what does it write for them?
//
//   store_bench DIRECTORY [SECONDS_PER_RUN]
//
// N clients each keep one record of 1 KiB waiting: every group holds N of them, as N connections
// would make it. Prints the machine, the file system, fdatasync alone, and per N the median of
// three runs. The directory must be on a real disk; it is made, and its contents are deleted.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/keys.h"
#include "storage/rocks_store.h"

using namespace signalbox::storage;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t record_bytes = 1024;
constexpr std::array client_counts = {1, 16, 64, 256};
constexpr int run_count = 3;
constexpr int probe_count = 400;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string first_line_with(const char* path, std::string_view start) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) return line.substr(line.find(':') + 1);
  }
  return " unknown";
}

std::string file_system_of(const std::string& directory) {
  struct statfs status {};
  if (::statfs(directory.c_str(), &status) != 0) return "unknown";
  switch (static_cast<unsigned long>(status.f_type)) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs (not a disk: the figures mean nothing)";
    case 0x794C7630: return "overlayfs";
    default: return fmt::format("type {:#x}", static_cast<unsigned long>(status.f_type));
  }
}

// The median of fdatasync after an append of one record, in microseconds.
double probe_fdatasync(const std::string& directory) {
  const auto path = directory + "/probe";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string record(record_bytes, 'p');
  std::vector<double> times_us;
  for (int i = 0; i < probe_count; ++i) {
    (void)!::write(file, record.data(), record.size());
    const auto start = Clock::now();
    ::fdatasync(file);
    times_us.push_back(seconds_since(start) * 1e6);
  }
  ::close(file);
  ::unlink(path.c_str());
  return median(times_us);
}

std::uint64_t bytes_written_by_process() {
  return std::strtoull(first_line_with("/proc/self/io", "write_bytes").c_str(), nullptr, 10);
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Run {
  double records_per_second = 0;
  double records_per_group = 0;
  double cpu_us_per_record = 0;
  double written_per_accepted = 0;
};

// Every client commits its next record from the completion of its last.
class Clients {
 public:
  Clients(Store& store, int count) : store_(store), running_count_(count) {
    for (auto& letter : body_)
      letter = static_cast<char>('!' + (state_ = state_ * 1103515245 + 12345) / 65536 % 90);
    for (int i = 0; i < count; ++i) commit_next();
  }
  void stop() {
    stopping_ = true;
    while (running_count_ > 0) std::this_thread::yield();
  }
  std::uint64_t committed_count() const { return committed_count_; }

 private:
  void commit_next() {
    Batch batch;
    batch.put(keys::message({1, 1, 0, ++sequence_}), body_);
    store_.commit(std::move(batch), Durability::synced, [this](Outcome outcome) {
      if (outcome != Outcome::committed) std::abort();
      ++committed_count_;
      if (stopping_) {
        --running_count_;
      } else {
        commit_next();
      }
    });
  }

  Store& store_;
  std::string body_ = std::string(record_bytes, ' ');
  unsigned state_ = 42;
  std::atomic<std::uint64_t> sequence_ = 0;
  std::atomic<std::uint64_t> committed_count_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> running_count_;
};

Run run_once(const std::string& directory, int client_count, double seconds) {
  const auto data = directory + "/data";
  std::filesystem::remove_all(data);
  const auto written_before = bytes_written_by_process();
  Run run;
  std::uint64_t accepted_count = 0;
  {
    RocksStore::Options options;
    options.directory = data;
    auto opened = RocksStore::open(options);
    if (!opened.store) {
      fmt::print(stderr, "{}\n", opened.error);
      std::exit(1);
    }
    const auto cpu_before = cpu_seconds();
    const auto start = Clock::now();
    Clients clients(*opened.store, client_count);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    clients.stop();
    const auto elapsed = seconds_since(start);
    accepted_count = clients.committed_count();
    const auto count = static_cast<double>(accepted_count);
    const auto stats = opened.store->stats();
    run.records_per_second = count / elapsed;
    run.records_per_group = static_cast<double>(stats.batches) / static_cast<double>(stats.groups);
    run.cpu_us_per_record = (cpu_seconds() - cpu_before) / count * 1e6;
  }
  const auto written = bytes_written_by_process() - written_before;
  run.written_per_accepted =
      static_cast<double>(written) / (static_cast<double>(accepted_count) * record_bytes);
  return run;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    fmt::print(stderr, "usage: store_bench DIRECTORY [SECONDS_PER_RUN]\n");
    return 2;
  }
  const std::string directory = arguments[1];
  const double seconds = argument_count > 2 ? std::atof(arguments[2]) : 3.0;
  std::filesystem::create_directories(directory);
  fmt::print("machine:    {} x{}\n", first_line_with("/proc/cpuinfo", "model name"),
             std::thread::hardware_concurrency());
  fmt::print("file system: {}, fdatasync after 1 KiB p50 {:.0f} us\n", file_system_of(directory),
             probe_fdatasync(directory));
  fmt::print("{:>8} {:>12} {:>14} {:>15} {:>18} {:>22}\n", "clients", "records/s", "groups/s",
             "records/group", "cpu us/record", "written per accepted");
  for (const int client_count : client_counts) {
    std::vector<Run> runs;
    for (int i = 0; i < run_count; ++i) runs.push_back(run_once(directory, client_count, seconds));
    std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
      return a.records_per_second < b.records_per_second;
    });
    const auto& run = runs[run_count / 2];
    fmt::print("{:>8} {:>12.0f} {:>14.0f} {:>15.1f} {:>18.1f} {:>22.2f}\n", client_count,
               run.records_per_second, run.records_per_second / run.records_per_group,
               run.records_per_group, run.cpu_us_per_record, run.written_per_accepted);
  }
  std::filesystem::remove_all(directory + "/data");
  return 0;
}
