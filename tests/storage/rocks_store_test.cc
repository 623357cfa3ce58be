#include "storage/rocks_store.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "storage/keys.h"
#include "tests/storage/faulty_file_system.h"
#include "tests/storage/rocks_fixture.h"

using namespace signalbox::storage;
using namespace signalbox::storage::testing;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("what was committed is there after closing and opening again", "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  {
    const auto store = open_store(options);
    REQUIRE(store->open_notes().empty());
    commit_records(*store, 0, 50);
    commit_and_wait(*store, put("buffered", "too"), Durability::buffered);
    Batch batch;
    batch.erase("key-7");
    commit_and_wait(*store, std::move(batch));
  }
  const auto store = open_store(options);
  REQUIRE(joined(store->open_notes()).empty());
  REQUIRE(count_records(*store) == 49);
  REQUIRE(value_of(*store, "key-7") == "(absent)");
  REQUIRE(value_of(*store, "buffered") == "too");
  REQUIRE(store->stats().commit_number == 53);  // 52 groups behind the one that made the store
}

TEST_CASE("the destructor writes what waits and completes it", "[rocks]") {
  TempDir dir;
  Recorder recorder;
  {
    const auto store = open_store(in_directory(dir.path("data")));
    for (int i = 0; i < 500; ++i) {
      store->commit(put("key-" + std::to_string(i), "v"), Durability::synced, recorder.as("x"));
    }
  }
  REQUIRE(recorder.ended().size() == 500);
  for (const auto& ended : recorder.ended()) REQUIRE(ended.second == Outcome::committed);
  REQUIRE(count_records(*open_store(in_directory(dir.path("data")))) == 500);
}

TEST_CASE("commits that wait together become one write and one sync", "[rocks]") {
  TempDir dir;
  FaultyDisk disk;
  auto opened = RocksStore::open(in_directory(dir.path("data")), *disk.environment);
  REQUIRE(opened.store);
  auto& store = *opened.store;
  const auto before = store.stats();
  disk.faults->block_wal_syncs(true);
  Recorder recorder;
  store.commit(put("key-first", "v"), Durability::synced, recorder.as("first"));
  disk.faults->wait_until_blocked();
  for (int i = 0; i < 99; ++i) {
    store.commit(put("key-" + std::to_string(i), "v"), Durability::synced, recorder.as("other"));
  }
  disk.faults->block_wal_syncs(false);
  REQUIRE(recorder.wait_for(100).size() == 100);
  const auto after = store.stats();
  REQUIRE(after.batches - before.batches == 100);
  REQUIRE(after.groups - before.groups == 2);
  REQUIRE(after.syncs - before.syncs == 2);
  REQUIRE(count_records(store) == 100);
}

TEST_CASE("sixteen threads that each wait for their commits share groups", "[rocks]") {
  TempDir dir;
  const auto store = open_store(in_directory(dir.path("data")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 40; ++i) {
        commit_and_wait(*store, put("key-" + std::to_string(t * 100 + i), "v"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(count_records(*store) == 640);
  REQUIRE(store->stats().batches == 640);
  REQUIRE(store->stats().groups < 640);
}

TEST_CASE("empty batches write and sync nothing unless something buffered waits for a sync",
          "[rocks]") {
  TempDir dir;
  const auto store = open_store(in_directory(dir.path("data")));
  const auto before = store->stats();
  commit_and_wait(*store, {});
  REQUIRE(store->stats().groups == before.groups);
  REQUIRE(store->stats().syncs == before.syncs);
  commit_and_wait(*store, put("a", "1"), Durability::buffered);
  commit_and_wait(*store, {}, Durability::buffered);
  REQUIRE(store->stats().syncs == before.syncs);
  REQUIRE(store->stats().durable_number == before.commit_number);
  commit_and_wait(*store, {}, Durability::synced);
  REQUIRE(store->stats().syncs == before.syncs + 1);
  REQUIRE(store->stats().durable_number == before.commit_number + 1);
}

TEST_CASE("buffered commits are synced within the interval", "[rocks]") {
  TempDir dir;
  auto options = in_directory(dir.path("data"));
  options.sync_interval = std::chrono::milliseconds(5);
  const auto store = open_store(options);
  commit_records(*store, 0, 3, Durability::buffered);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (store->stats().durable_number < store->stats().commit_number &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  REQUIRE(store->stats().durable_number == store->stats().commit_number);
}

TEST_CASE("a second open of the same directory is refused and names it", "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  const auto store = open_store(options);
  auto second = RocksStore::open(options);
  REQUIRE_FALSE(second.store);
  REQUIRE(second.failure == OpenFailure::in_use);
  REQUIRE(mentions(second.error, options.directory));
  REQUIRE(mentions(second.error, "in use by another process (pid " + std::to_string(::getpid())));
  commit_records(*store, 0, 1);

  auto reader = options;
  reader.read_only = true;
  REQUIRE(RocksStore::open(reader).failure == OpenFailure::in_use);
}

TEST_CASE("a second process on the same directory is refused", "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  // Forked before this process has threads of the store: the child may not use more than exec-safe
  // state otherwise.
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const auto child = ::fork();
  if (child == 0) {
    char byte;
    (void)!::read(ready[0], &byte, 1);
    ::_exit(static_cast<int>(RocksStore::open(options).failure));
  }
  const auto store = open_store(options);
  REQUIRE(::write(ready[1], "x", 1) == 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == static_cast<int>(OpenFailure::in_use));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("the data directory is made private, and made so again when it was opened up",
          "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("deep/down/data"));
  open_store(options).reset();
  REQUIRE(mode_of(options.directory) == 0700);
  fs::permissions(options.directory, fs::perms(0755));
  const auto store = open_store(options);
  REQUIRE(mode_of(options.directory) == 0700);
  REQUIRE(mentions(joined(store->open_notes()), "was open to others (mode 0755); now 0700"));
}

TEST_CASE("a data directory that is a file, or cannot be made, is refused by name", "[rocks]") {
  TempDir dir;
  write_file(dir.path("file"), "x");
  for (const auto& path : {dir.path("file"), dir.path("file/data")}) {
    const auto opened = RocksStore::open(in_directory(path));
    REQUIRE(opened.failure == OpenFailure::bad_directory);
    REQUIRE(mentions(opened.error, dir.path("file")));
  }
}

TEST_CASE("a read-only store shows what is there, changes nothing and takes no commits",
          "[rocks]") {
  TempDir dir;
  auto options = in_directory(dir.path("data"));
  {
    const auto store = open_store(options);
    commit_records(*store, 0, 20);
    copy_as_killed(options.directory, dir.path("killed"));
  }
  options.directory = dir.path("killed");
  options.read_only = true;
  const auto before = picture(options.directory);
  {
    const auto store = open_store(options);
    REQUIRE(count_records(*store) == 20);  // only the log has them
    REQUIRE(commit_and_wait(*store, put("a", "1")) == Outcome::unavailable);
    REQUIRE(commit_and_wait(*store, {}) == Outcome::unavailable);
    REQUIRE(value_of(*store, "a") == "(absent)");
    REQUIRE(mentions(store->last_error(), "read only"));
    const auto other_reader = open_store(options);
    REQUIRE(count_records(*other_reader) == 20);
  }
  REQUIRE(picture(options.directory) == before);
  options.directory = dir.path("nothing");
  REQUIRE(RocksStore::open(options).failure == OpenFailure::bad_directory);
}

TEST_CASE("a checkpoint is a private store of its own that opens without remarks", "[rocks]") {
  TempDir dir;
  const auto store = open_store(in_directory(dir.path("data")));
  commit_records(*store, 0, 30);
  REQUIRE(store->checkpoint(dir.path("copy")) == "");
  commit_records(*store, 30, 5);
  REQUIRE(mentions(store->checkpoint(dir.path("copy")), "exists already"));
  REQUIRE(mode_of(dir.path("copy")) == 0700);
  REQUIRE_FALSE(fs::exists(dir.path("copy.part")));

  const auto copy = open_store(in_directory(dir.path("copy")));
  REQUIRE(joined(copy->open_notes()).empty());
  REQUIRE(count_records(*copy) == 30);
  commit_records(*copy, 100, 1);
  REQUIRE(count_records(*store) == 35);
}

TEST_CASE("a store of a newer format is refused and left as it is", "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  {
    const auto store = open_store(options);
    commit_and_wait(*store, put(keys::format_version(), keys::encode_u32(2)));
  }
  const auto before = picture(options.directory);
  const auto opened = RocksStore::open(options);
  REQUIRE(opened.failure == OpenFailure::newer_format);
  REQUIRE(mentions(opened.error, options.directory + " has format 2, this version knows 1"));
  REQUIRE(picture(options.directory) == before);
}

TEST_CASE("a flushed and emptied store keeps its counts over many openings", "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  for (int round = 0; round < 5; ++round) {
    const auto store = open_store(options);
    REQUIRE(joined(store->open_notes()).empty());
    REQUIRE(count_records(*store) == round * 10);
    commit_records(*store, round * 10, 10);
  }
}

TEST_CASE("a memory-tier read of what only a table holds says not cached until it was read",
          "[rocks]") {
  TempDir dir;
  const auto options = in_directory(dir.path("data"));
  commit_records(*open_store(options), 0, 50);
  const auto store = open_store(options);
  std::string value;
  REQUIRE(store->get("key-40", ReadTier::memory, value) == ReadStatus::not_cached);
  REQUIRE(store->get("key-40", ReadTier::disk, value) == ReadStatus::found);
  REQUIRE(store->get("key-40", ReadTier::memory, value) == ReadStatus::found);
  REQUIRE(value == std::string(1024, 'a' + 40 % 26));
}
