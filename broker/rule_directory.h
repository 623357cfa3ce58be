// Where io threads find the rules of a bus to match events against, without asking the core.
//
// Only an accelerator: what it says may be behind the core's decisions, so it hands out the version
// it is of, and the core matches again the rules changed since. Thread safe; readers take no lock
// as long as the bus they ask for has not changed since they last asked.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "rules/rules.h"

namespace signalbox::broker {

namespace schemas {
struct Enforcement;
}

class RuleDirectory {
 public:
  struct Entry {
    std::uint64_t version = 0;                        // 0: no such bus known
    std::shared_ptr<const rules::Snapshot> snapshot;  // null when the version is 0
    // What the bus checks its events against; null: nothing.
    std::shared_ptr<const schemas::Enforcement> enforcement = nullptr;
  };

  RuleDirectory();

  // The rules of a bus. The reference is good until this thread's next find() on any directory.
  const Entry& find(std::string_view account, std::string_view region, std::string_view bus) const;

  // ---- the core's side ----

  // Versions are unique over the directory's life: a bus deleted and made again, or a broker loaded
  // again from the store, never comes to a version that meant other rules before.
  std::uint64_t next_version() { return ++last_version_; }
  void publish(std::string_view account, std::string_view region, std::string_view bus,
               Entry entry);
  void remove(std::string_view account, std::string_view region, std::string_view bus);
  void clear();

 private:
  // One per bus, shared with the threads that have seen it.
  struct Slot {
    std::atomic<std::uint64_t> version{0};  // 0: the bus is gone, look it up by name again
    std::mutex mutex;                       // guards entry
    Entry entry;
  };
  struct Cache;

  std::shared_ptr<Slot> find_slot(const std::string& key) const;

  const std::uint64_t id_;  // tells the directories a thread has used apart
  std::uint64_t last_version_ = 0;
  mutable std::mutex mutex_;  // guards slots_
  std::map<std::string, std::shared_ptr<Slot>, std::less<>> slots_;
};

}  // namespace signalbox::broker
