// Fail stop: after a failed write or sync nothing more is accepted, and nothing was acknowledged
// that is not there.
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "tests/storage/faulty_file_system.h"
#include "tests/storage/rocks_fixture.h"

using namespace signalbox::storage;
using namespace signalbox::storage::testing;
namespace fs = std::filesystem;

namespace {

struct OnFaultyDisk {
  TempDir dir;
  FaultyDisk disk;
  RocksStore::Options options = in_directory(dir.path("data"));
  std::unique_ptr<RocksStore> store = open();

  std::unique_ptr<RocksStore> open() {
    auto opened = RocksStore::open(options, *disk.environment);
    INFO(opened.error);
    REQUIRE(opened.store);
    return std::move(opened.store);
  }
};

// While it lives the kernel refuses to let any file of this process grow past the limit.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a failed sync is never acknowledged and stops the store", "[failure]") {
  OnFaultyDisk on;
  commit_records(*on.store, 0, 5);
  on.disk.faults->fail_syncs(Faults::Kind::io_error);
  REQUIRE(commit_and_wait(*on.store, put("key-lost?", "v")) == Outcome::unknown);
  REQUIRE(on.store->failure() == FailureKind::io_error);
  REQUIRE(mentions(on.store->last_error(), "Input/output error"));
  REQUIRE(commit_and_wait(*on.store, put("key-later", "v")) == Outcome::unavailable);
  REQUIRE(commit_and_wait(*on.store, {}) == Outcome::unavailable);
  REQUIRE(commit_and_wait(*on.store, put("key-later", "v"), Durability::buffered) ==
          Outcome::unavailable);
  REQUIRE(value_of(*on.store, "key-3") == std::string(1024, 'd'));

  on.store.reset();
  on.disk.faults->cut_power();
  const auto store = open_store(on.options);
  REQUIRE(count_records(*store) == 5);
  commit_records(*store, 5, 1);
}

TEST_CASE("no space is told from a failing disk", "[failure]") {
  OnFaultyDisk on;
  on.disk.faults->fail_from_call(1, Faults::Kind::no_space);
  REQUIRE(commit_and_wait(*on.store, put("a", "v")) == Outcome::unknown);
  REQUIRE(on.store->failure() == FailureKind::no_space);
  REQUIRE(mentions(on.store->last_error(), "No space left on device"));
}

TEST_CASE("every batch of the failed group is unknown, every one behind it refused", "[failure]") {
  OnFaultyDisk on;
  on.disk.faults->block_wal_syncs(true);
  on.disk.faults->fail_syncs(Faults::Kind::io_error);
  Recorder recorder;
  std::vector<Recorder::Ended> expected;
  on.store->commit(put("a", "1"), Durability::synced, recorder.as("in the group"));
  expected.emplace_back("in the group", Outcome::unknown);
  on.disk.faults->wait_until_blocked();
  for (int i = 0; i < 10; ++i) {
    on.store->commit(i % 2 == 0 ? put("b", "2") : Batch(), Durability::synced,
                     recorder.as(std::to_string(i)));
    expected.emplace_back(std::to_string(i), Outcome::unavailable);
  }
  on.disk.faults->block_wal_syncs(false);
  REQUIRE(recorder.wait_for(expected.size()) == expected);
}

TEST_CASE("a failed interval sync stops the store though its commits were reported", "[failure]") {
  TempDir dir;
  FaultyDisk disk;
  auto options = in_directory(dir.path("data"));
  options.sync_interval = std::chrono::milliseconds(1);
  const auto opened = RocksStore::open(options, *disk.environment);
  REQUIRE(opened.store);
  disk.faults->fail_syncs(Faults::Kind::io_error);
  REQUIRE(commit_and_wait(*opened.store, put("a", "1"), Durability::buffered) ==
          Outcome::committed);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (opened.store->failure() == FailureKind::none &&
         std::chrono::steady_clock::now() < deadline) {
  }
  REQUIRE(opened.store->failure() == FailureKind::io_error);
  REQUIRE(commit_and_wait(*opened.store, put("b", "2"), Durability::buffered) ==
          Outcome::unavailable);
}

TEST_CASE("a flush that fails in the background stops the store", "[failure]") {
  OnFaultyDisk on;
  on.store.reset();
  on.options.write_buffer_bytes = 64 << 10;
  on.store = on.open();
  commit_records(*on.store, 0, 5);
  on.disk.faults->fail_table_files(Faults::Kind::no_space);
  Outcome outcome = Outcome::committed;
  int acknowledged_count = 5;
  for (; outcome == Outcome::committed && acknowledged_count < 5000; ++acknowledged_count) {
    outcome = commit_and_wait(
        *on.store, put("key-" + std::to_string(acknowledged_count), std::string(1024, 'v')));
  }
  REQUIRE((outcome == Outcome::unavailable || outcome == Outcome::unknown));
  REQUIRE(on.store->failure() == FailureKind::no_space);
  on.store.reset();
  on.disk.faults->cut_power();
  REQUIRE(count_records(*open_store(on.options)) >= acknowledged_count - 1);
}

TEST_CASE("low space ends commits with full before anything is written", "[failure]") {
  OnFaultyDisk on;
  commit_records(*on.store, 0, 2);
  on.disk.faults->claim_free_bytes(on.options.free_bytes_min - 1);
  const auto calls_before = on.disk.faults->call_count();
  REQUIRE(commit_and_wait(*on.store, put("key-full", "v")) == Outcome::full);
  REQUIRE(on.disk.faults->call_count() == calls_before);
  REQUIRE(on.store->failure() == FailureKind::no_space);
  on.disk.faults->claim_free_bytes({});
  REQUIRE(commit_and_wait(*on.store, put("key-later", "v")) == Outcome::unavailable);

  on.store.reset();
  on.disk.faults->claim_free_bytes(2 * on.options.free_bytes_min - 1);
  const auto refused = RocksStore::open(on.options, *on.disk.environment);
  REQUIRE(refused.failure == OpenFailure::no_space);
  REQUIRE(mentions(refused.error, on.options.directory));
  on.disk.faults->claim_free_bytes({});
  on.store = on.open();
  REQUIRE(count_records(*on.store) == 2);
  commit_records(*on.store, 2, 1);
}

TEST_CASE("a power cut loses nothing synced and may lose what was buffered", "[failure]") {
  OnFaultyDisk on;
  commit_records(*on.store, 0, 10, Durability::synced);
  commit_records(*on.store, 10, 10, Durability::buffered);
  const auto copy = on.dir.path("cut");
  copy_as_killed(on.options.directory, copy);
  on.disk.faults->cut_power_in_copy(on.options.directory, copy);
  const auto store = open_store(in_directory(copy));
  const auto count = count_records(*store);
  REQUIRE(count >= 10);
  REQUIRE(count < 20);  // negative control: the cut does take what was not synced
}

TEST_CASE("whichever call to the disk fails first, what was acknowledged survives a power cut",
          "[failure]") {
  auto kind = Faults::Kind::io_error;
  std::size_t acknowledged_sum = 0;
  int refusing_count = 0;
  // Every call at first, then samples; ends with the first k that the script does not reach.
  for (std::uint64_t k = 1; k < 100000; k += 1 + k / 8) {
    OnFaultyDisk on;
    on.store.reset();
    on.options.write_buffer_bytes = 64 << 10;  // the script flushes and changes logs
    on.store = on.open();
    commit_records(*on.store, 0, 5);
    on.disk.faults->fail_from_call(k, kind);

    std::set<std::string> acknowledged;
    std::set<std::string> tried;
    bool refused = false;
    for (int i = 0; i < 100; ++i) {
      const auto key = "key-" + std::to_string(100 + i);
      tried.insert(key);
      const auto outcome = commit_and_wait(*on.store, put(key, std::string(1024, 'x')));
      if (outcome == Outcome::committed) {
        REQUIRE_FALSE(refused);
        acknowledged.insert(key);
      } else {
        refused = true;
        REQUIRE(on.store->failure() != FailureKind::none);
      }
    }
    on.store.reset();
    on.disk.faults->cut_power();

    const auto opened = RocksStore::open(on.options);
    CAPTURE(k, opened.error);
    REQUIRE(opened.store);
    for (const auto& key : acknowledged) REQUIRE(value_of(*opened.store, key).size() == 1024);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(value_of(*opened.store, "key-" + std::to_string(i)).size() == 1024);
    }
    acknowledged_sum += acknowledged.size();
    if (!refused) break;
    ++refusing_count;
    kind = kind == Faults::Kind::io_error ? Faults::Kind::no_space : Faults::Kind::io_error;
  }
  REQUIRE(refusing_count > 20);
  REQUIRE(acknowledged_sum > 500);
}

TEST_CASE("a real write error from the system ends the same way", "[failure]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  int acknowledged_count = 0;
  {
    const auto store = open_store(options);
    const FileSizeLimit limit(256 << 10);
    Outcome outcome = Outcome::committed;
    while (outcome == Outcome::committed && acknowledged_count < 1000) {
      outcome = commit_and_wait(
          *store, put("key-" + std::to_string(acknowledged_count), std::string(4096, 'v')));
      if (outcome == Outcome::committed) ++acknowledged_count;
    }
    REQUIRE(outcome == Outcome::unknown);
    REQUIRE(commit_and_wait(*store, put("a", "b")) == Outcome::unavailable);
    REQUIRE(store->failure() == FailureKind::io_error);
    REQUIRE(mentions(store->last_error(), "File too large"));
  }
  REQUIRE(acknowledged_count > 20);
  REQUIRE(acknowledged_count < 100);
  REQUIRE(count_records(*open_store(options)) >= acknowledged_count);
}

TEST_CASE("a start that fails at any call to the disk, and loses power there, loses nothing",
          "[failure]") {
  TempDir dir;
  {
    const auto store = open_store(in_directory(dir.path("data")));
    commit_records(*store, 0, 20);
    copy_as_killed(dir.path("data"), dir.path("killed"));
    const auto wal = newest_wal(dir.path("killed"));
    write_file(wal, read_file(wal) + std::string(100, 'x'));
  }
  int failed_count = 0;
  bool opened_at_last = false;
  for (std::uint64_t k = 1; k < 1000 && !opened_at_last; ++k) {
    const auto copy = dir.path("copy");
    copy_as_killed(dir.path("killed"), copy);
    FaultyDisk disk;
    disk.faults->fail_from_call(k, Faults::Kind::io_error);
    {
      const auto opened = RocksStore::open(in_directory(copy), *disk.environment);
      CAPTURE(k, opened.error);
      if (opened.store) {
        opened_at_last = true;
      } else {
        ++failed_count;
        REQUIRE(mentions(opened.error, copy));
      }
    }
    disk.faults->cut_power();
    const auto store = open_store(in_directory(copy));
    REQUIRE(count_records(*store) == 20);
  }
  REQUIRE(opened_at_last);
  REQUIRE(failed_count > 10);
}
