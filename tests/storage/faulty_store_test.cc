#include "storage/faulty_store.h"

#include <catch2/catch.hpp>

#include "storage/memory_store.h"
#include "tests/storage/recorder.h"

using namespace signalbox::storage;
using namespace signalbox::storage::testing;

TEST_CASE("the chosen commit ends as told, earlier ones succeed, later ones are unavailable") {
  const auto written = GENERATE(FaultyStore::Written::no, FaultyStore::Written::yes);
  const auto inner = std::make_shared<MemoryStore>();
  FaultyStore store(inner);
  store.fail_commit(2, Outcome::unknown, written);
  REQUIRE(commit_and_wait(store, put("a", "1")) == Outcome::committed);
  REQUIRE(store.last_error().empty());
  REQUIRE(commit_and_wait(store, put("b", "2")) == Outcome::unknown);
  REQUIRE(commit_and_wait(store, put("c", "3")) == Outcome::unavailable);
  REQUIRE(commit_and_wait(store, {}) == Outcome::unavailable);
  REQUIRE_FALSE(store.last_error().empty());
  REQUIRE(store.commit_count() == 4);
  REQUIRE(store.completed_count() == 4);

  FaultyStore again(inner);
  REQUIRE(value_of(again, "a") == "1");
  REQUIRE(value_of(again, "b") == (written == FaultyStore::Written::yes ? "2" : "(absent)"));
  REQUIRE(value_of(again, "c") == "(absent)");
  REQUIRE(commit_and_wait(again, put("c", "3")) == Outcome::committed);
}

TEST_CASE("a delayed commit holds everything behind it, a failure among it too, in order") {
  FaultyStore store(std::make_shared<MemoryStore>());
  store.delay_commit(2);
  store.fail_commit(3, Outcome::full, FaultyStore::Written::no);
  Recorder recorder;
  for (const char* name : {"1", "2", "3", "4"}) {
    store.commit(put(name, name), Durability::synced, recorder.as(name));
  }
  REQUIRE(recorder.ended() == std::vector<Recorder::Ended>{{"1", Outcome::committed}});
  REQUIRE(store.held_count() == 3);
  REQUIRE(value_of(store, "2") == "(absent)");
  store.release();
  REQUIRE(recorder.ended() == std::vector<Recorder::Ended>{{"1", Outcome::committed},
                                                           {"2", Outcome::committed},
                                                           {"3", Outcome::full},
                                                           {"4", Outcome::unavailable}});
  REQUIRE(value_of(store, "2") == "2");
  REQUIRE(value_of(store, "3") == "(absent)");
}

TEST_CASE("reads and room fail when told") {
  FaultyStore store(std::make_shared<MemoryStore>());
  commit_and_wait(store, put("a", "1"));
  store.fail_reads(true);
  REQUIRE(value_of(store, "a") == "(failed)");
  REQUIRE(keys_of(*store.view(), "a", "z", Direction::forward) ==
          std::vector<std::string>{"(failed)"});
  store.fail_reads(false);
  REQUIRE(value_of(store, "a") == "1");
  store.refuse_room(true);
  REQUIRE_FALSE(store.has_room());
}

TEST_CASE("a store in memory pumps as many commits as asked and forgets its cache when told") {
  MemoryStore store({MemoryStore::Completing::by_pump, 64 << 20, {{"old", "value"}}});
  Recorder recorder;
  for (const char* name : {"1", "2", "3"}) {
    store.commit(put(name, name), Durability::synced, recorder.as(name));
  }
  REQUIRE(store.waiting_count() == 3);
  REQUIRE(value_of(store, "1") == "(absent)");
  REQUIRE(store.pump(2) == 2);
  REQUIRE(recorder.ended().size() == 2);
  REQUIRE(value_of(store, "2") == "2");
  REQUIRE(value_of(store, "3") == "(absent)");

  std::string value;
  store.forget_cache(true);
  REQUIRE(store.get("old", ReadTier::memory, value) == ReadStatus::not_cached);
  REQUIRE(store.get("old", ReadTier::disk, value) == ReadStatus::found);
  MemoryStore restarted({MemoryStore::Completing::at_once, 64 << 20, store.contents()});
  REQUIRE(value_of(restarted, "2") == "2");
}
