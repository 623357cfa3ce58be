// What every store owes its callers, run over each kind of store.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "storage/faulty_store.h"
#include "storage/memory_store.h"
#include "storage/rocks_store.h"
#include "tests/storage/faulty_file_system.h"
#include "tests/storage/recorder.h"
#include "tests/storage/temp_dir.h"

using namespace signalbox::storage;
using namespace signalbox::storage::testing;

namespace {

constexpr std::size_t small_queue_bytes = 4096;

// Each fixture has a store, and can hold back every later commit from completing and let them go.
struct InMemory {
  std::shared_ptr<MemoryStore> memory = std::make_shared<MemoryStore>();
  Store& store() { return *memory; }
  void hold() {
    memory = std::make_shared<MemoryStore>(
        MemoryStore::Options{MemoryStore::Completing::by_pump, small_queue_bytes, {}});
  }
  void wait_until_held() {}
  void let_go() { memory->pump(); }
};

struct Faulty {
  std::shared_ptr<FaultyStore> faulty =
      std::make_shared<FaultyStore>(std::make_shared<MemoryStore>(), small_queue_bytes);
  Store& store() { return *faulty; }
  void hold() { faulty->delay_commit(faulty->commit_count() + 1); }
  void wait_until_held() {}
  void let_go() { faulty->release(); }
};

struct OnDisk {
  TempDir dir;
  FaultyDisk disk;
  std::unique_ptr<RocksStore> rocks;
  OnDisk() {
    RocksStore::Options options;
    options.directory = dir.path("data");
    options.queue_bytes_max = small_queue_bytes;
    auto opened = RocksStore::open(options, *disk.environment);
    INFO(opened.error);
    REQUIRE(opened.store);
    rocks = std::move(opened.store);
  }
  ~OnDisk() { let_go(); }
  Store& store() { return *rocks; }
  void hold() { disk.faults->block_wal_syncs(true); }
  void wait_until_held() { disk.faults->wait_until_blocked(); }
  void let_go() { disk.faults->block_wal_syncs(false); }
};

Batch three_puts() {
  Batch batch;
  batch.put("a", "1");
  batch.put("b", "2");
  batch.put("c", {"3", "", "3"});
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("a committed batch is there whole, in the order of its writes", "[conformance]",
                   InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  REQUIRE(commit_and_wait(store, three_puts()) == Outcome::committed);
  REQUIRE(value_of(store, "a") == "1");
  REQUIRE(value_of(store, "c") == "33");

  Batch batch;
  batch.put("a", "first");
  batch.put("a", "second");
  batch.put("b", "gone again");
  batch.erase("b");
  batch.erase("never there");
  batch.put("", "empty key");
  batch.put("z", "");
  REQUIRE(commit_and_wait(store, std::move(batch), Durability::buffered) == Outcome::committed);
  REQUIRE(value_of(store, "a") == "second");
  REQUIRE(value_of(store, "b") == "(absent)");
  REQUIRE(value_of(store, "") == "empty key");
  REQUIRE(value_of(store, "z").empty());
}

TEMPLATE_TEST_CASE("no view sees half a batch", "[conformance]", InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      Batch batch;
      batch.put("x", std::to_string(i));
      batch.put("y", std::to_string(i));
      commit_and_wait(store, std::move(batch), Durability::buffered);
    }
    done = true;
  });
  std::size_t torn_count = 0;
  while (!done) {
    const auto view = store.view();
    std::string x;
    std::string y;
    const auto x_status = view->get("x", x);
    if (x_status != view->get("y", y) || x != y) ++torn_count;
  }
  writer.join();
  REQUIRE(torn_count == 0);
}

TEMPLATE_TEST_CASE("completions run in the order of the commits, empty batches in their turn",
                   "[conformance]", InMemory, Faulty, OnDisk) {
  TestType fixture;
  fixture.hold();
  auto& store = fixture.store();
  Recorder recorder;
  std::vector<Recorder::Ended> expected;
  for (int i = 0; i < 20; ++i) {
    auto batch = i % 3 == 1 ? Batch() : put("k" + std::to_string(i), "v");
    const auto durability = i % 2 == 0 ? Durability::synced : Durability::buffered;
    store.commit(std::move(batch), durability, recorder.as(std::to_string(i)));
    expected.emplace_back(std::to_string(i), Outcome::committed);
  }
  fixture.let_go();
  REQUIRE(recorder.wait_for(20) == expected);
  REQUIRE(value_of(store, "k18") == "v");
}

TEMPLATE_TEST_CASE("nothing completes while it is held back", "[conformance]", InMemory, Faulty,
                   OnDisk) {
  TestType fixture;
  fixture.hold();
  Recorder recorder;
  fixture.store().commit(put("k", "v"), Durability::synced, recorder.as("write"));
  fixture.store().commit({}, Durability::synced, recorder.as("empty"));
  fixture.wait_until_held();
  REQUIRE(recorder.ended().empty());
  fixture.let_go();
  REQUIRE(recorder.wait_for(2).size() == 2);
}

TEMPLATE_TEST_CASE("a completion may commit again and completes before what it committed",
                   "[conformance]", InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  Recorder recorder;
  auto last = recorder.as("inner");
  store.commit(put("a", "1"), Durability::synced, [&](Outcome outcome) {
    store.commit(put("b", value_of(store, "a")), Durability::synced, std::move(last));
    recorder.as("outer")(outcome);
  });
  const auto ended = recorder.wait_for(2);
  REQUIRE(ended.size() == 2);
  REQUIRE(ended[0].first == "outer");
  REQUIRE(value_of(store, "b") == "1");
}

TEMPLATE_TEST_CASE("a view keeps what was there when it was made", "[conformance]", InMemory,
                   Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  commit_and_wait(store, three_puts());
  const auto before = store.view();
  Batch batch;
  batch.put("a", "changed");
  batch.erase("b");
  batch.erase_range("c", "d");
  batch.put("e", "new");
  commit_and_wait(store, std::move(batch));

  std::string value;
  REQUIRE(before->get("a", value) == ReadStatus::found);
  REQUIRE(value == "1");
  REQUIRE(before->get("e", value) == ReadStatus::absent);
  REQUIRE(keys_of(*before, "a", "z", Direction::forward) ==
          std::vector<std::string>{"a", "b", "c"});
  REQUIRE(keys_of(*store.view(), "a", "z", Direction::forward) ==
          std::vector<std::string>{"a", "e"});
}

TEMPLATE_TEST_CASE("scans go both ways, keep their bounds and stop when told", "[conformance]",
                   InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  Batch batch;
  for (const char* key : {"b", "b\xff", "c", "d", "e"}) batch.put(key, key);
  commit_and_wait(store, std::move(batch));
  const auto view = store.view();
  using Keys = std::vector<std::string>;
  REQUIRE(keys_of(*view, "b", "e", Direction::forward) == Keys{"b", "b\xff", "c", "d"});
  REQUIRE(keys_of(*view, "b", "e", Direction::backward) == Keys{"d", "c", "b\xff", "b"});
  REQUIRE(keys_of(*view, "b\x01", "d\x01", Direction::forward) == Keys{"b\xff", "c", "d"});
  REQUIRE(keys_of(*view, "b\x01", "d\x01", Direction::backward) == Keys{"d", "c", "b\xff"});
  REQUIRE(keys_of(*view, "b", "e", Direction::forward, 2) == Keys{"b", "b\xff"});
  REQUIRE(keys_of(*view, "b", "e", Direction::backward, 1) == Keys{"d"});
  REQUIRE(keys_of(*view, "f", "z", Direction::forward).empty());
  REQUIRE(keys_of(*view, "f", "z", Direction::backward).empty());
  REQUIRE(keys_of(*view, "1", "b", Direction::backward).empty());
  REQUIRE(keys_of(*view, "d", "d", Direction::forward).empty());
  REQUIRE(keys_of(*view, "e", "b", Direction::forward).empty());
  REQUIRE(keys_of(*view, "e", "b", Direction::backward).empty());
}

TEMPLATE_TEST_CASE("erase_range takes what its batch put before it and not what it puts after",
                   "[conformance]", InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  commit_and_wait(store, three_puts());
  Batch batch;
  batch.put("bb", "before");
  batch.erase_range("b", "c");
  batch.put("ba", "after");
  batch.erase_range("c", "c");
  batch.erase_range("z", "a");
  REQUIRE(commit_and_wait(store, std::move(batch)) == Outcome::committed);
  REQUIRE(keys_of(*store.view(), "a", "z", Direction::forward) ==
          std::vector<std::string>{"a", "ba", "c"});
}

TEMPLATE_TEST_CASE("has_room turns false at the bound of waiting bytes and true again after",
                   "[conformance]", InMemory, Faulty, OnDisk) {
  TestType fixture;
  fixture.hold();
  auto& store = fixture.store();
  Recorder recorder;
  REQUIRE(store.has_room());
  store.commit(put("k", std::string(small_queue_bytes / 2, 'v')), Durability::synced,
               recorder.as("half"));
  REQUIRE(store.has_room());
  store.commit(put("k", std::string(small_queue_bytes / 2, 'v')), Durability::synced,
               recorder.as("other half"));
  REQUIRE_FALSE(store.has_room());
  fixture.let_go();
  REQUIRE(recorder.wait_for(2).size() == 2);
  REQUIRE(store.has_room());

  fixture.hold();
  std::size_t count = 1;
  auto& held = fixture.store();
  held.commit(put("k", "v"), Durability::synced, recorder.as("write"));
  for (; held.has_room() && count < 10000; ++count) {
    held.commit({}, Durability::synced, recorder.as("empty"));
  }
  REQUIRE(count < 10000);
  fixture.let_go();
  REQUIRE(recorder.wait_for(2 + count).size() == 2 + count);
}

TEMPLATE_TEST_CASE("a read at the memory tier answers or says it does not know", "[conformance]",
                   InMemory, Faulty, OnDisk) {
  TestType fixture;
  auto& store = fixture.store();
  commit_and_wait(store, three_puts());
  std::string value;
  REQUIRE(store.get("a", ReadTier::memory, value) == ReadStatus::found);
  REQUIRE(value == "1");
  REQUIRE(store.get("nowhere", ReadTier::memory, value) == ReadStatus::absent);
  REQUIRE(store.last_error().empty());
}
