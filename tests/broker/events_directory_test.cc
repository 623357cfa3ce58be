// The rule directory: what io threads see of the core's rules, and when.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "broker/rule_directory.h"

namespace signalbox::broker {

namespace {

class CountedSnapshot : public rules::Snapshot {
 public:
  explicit CountedSnapshot(std::size_t count) : count_(count) {}
  void match(std::string_view, std::vector<rules::RuleId>&) const override {}
  std::size_t rule_count() const override { return count_; }

 private:
  const std::size_t count_;
};

std::shared_ptr<const rules::Snapshot> rules_of(std::size_t count) {
  return std::make_shared<CountedSnapshot>(count);
}

}  // namespace

TEST_CASE("a reader sees the rules published last, and none once the bus is gone", "[events]") {
  RuleDirectory directory;
  CHECK(directory.find("a", "r", "bus").version == 0);
  directory.publish("a", "r", "bus", {directory.next_version(), rules_of(1)});
  CHECK(directory.find("a", "r", "bus").snapshot->rule_count() == 1);
  directory.publish("a", "r", "bus", {directory.next_version(), rules_of(2)});
  CHECK(directory.find("a", "r", "bus").snapshot->rule_count() == 2);
  CHECK(directory.find("a", "r", "other").version == 0);
  CHECK(directory.find("a", "q", "bus").version == 0);
  directory.remove("a", "r", "bus");
  CHECK(directory.find("a", "r", "bus").version == 0);
  directory.publish("a", "r", "bus", {directory.next_version(), rules_of(3)});
  CHECK(directory.find("a", "r", "bus").snapshot->rule_count() == 3);
  directory.clear();
  CHECK(directory.find("a", "r", "bus").version == 0);
}

TEST_CASE("a thread that uses two directories in turn sees each one's own rules", "[events]") {
  RuleDirectory first;
  RuleDirectory second;
  first.publish("a", "r", "bus", {first.next_version(), rules_of(1)});
  second.publish("a", "r", "bus", {second.next_version(), rules_of(2)});
  for (int i = 0; i < 3; ++i) {
    CHECK(first.find("a", "r", "bus").snapshot->rule_count() == 1);
    CHECK(second.find("a", "r", "bus").snapshot->rule_count() == 2);
  }
}

TEST_CASE("a directory made where an old one was shows nothing of the old one", "[events]") {
  auto directory = std::make_unique<RuleDirectory>();
  directory->publish("a", "r", "bus", {directory->next_version(), rules_of(1)});
  CHECK(directory->find("a", "r", "bus").version != 0);
  directory = std::make_unique<RuleDirectory>();
  CHECK(directory->find("a", "r", "bus").version == 0);
}

TEST_CASE("readers on other threads never see an older version than before", "[events]") {
  RuleDirectory directory;
  constexpr std::uint64_t versions = 2000;
  std::atomic<bool> done{false};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      std::uint64_t seen = 0;
      bool last_round = false;
      while (!last_round) {
        last_round = done.load();
        const auto& entry = directory.find("a", "r", "bus");
        // The version and the snapshot belong together.
        if (entry.version < seen) wrong = true;
        if (entry.version != 0 && entry.snapshot->rule_count() != entry.version) wrong = true;
        seen = entry.version;
      }
      if (seen != versions) wrong = true;
    });
  }
  for (std::uint64_t i = 0; i < versions; ++i) {
    const std::uint64_t version = directory.next_version();
    directory.publish("a", "r", "bus", {version, rules_of(version)});
  }
  done = true;
  for (auto& reader : readers) reader.join();
  CHECK_FALSE(wrong.load());
}

}  // namespace signalbox::broker
