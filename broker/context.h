// What an operation may see and touch besides the broker's state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/clock.h"
#include "broker/ids.h"
#include "storage/batch.h"

namespace signalbox::storage {
class View;
}

namespace signalbox::broker {

// Who asks, read from the request: its credential scope names the world, its Host the base of the
// queue URLs it is told.
struct Caller {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  std::string base_url = "http://localhost:4566";
  std::string trace_header;   // X-Amzn-Trace-Id as the request carried it
  std::string request_id;     // what the reply carries as x-amzn-RequestId
  std::string session_token;  // of requests to STS: which role the caller has assumed
};

// What an operation wants to know of the disk besides single keys, such as a range.
class Reading {
 public:
  virtual ~Reading() = default;
  // On a reader thread, under a view taken after everything decided so far was durable. False: the
  // disk failed. Called again it begins anew.
  virtual bool read(const storage::View& view) = 0;
};

// Keys an operation found missing in memory, and what the disk said when it ran again.
class Fetched {
 public:
  // Nullptr: not known yet, and now wanted. Otherwise the value under key, or nullopt when the disk
  // has none.
  const std::optional<std::string>* get(std::string_view key);
  bool missing() const { return !wanted_.empty() || wanted_reading_ != nullptr; }

  // The one that has been done for this operation, or null: then it may want one.
  Reading* reading() const { return reading_.get(); }
  void want(std::shared_ptr<Reading> reading) { wanted_reading_ = std::move(reading); }

  // The engine's side: the keys to read (those wanted now and those known already, for the rerun
  // starts from nothing), and the answers laid in.
  std::vector<std::string> all_keys() const;
  void lay_in(std::string key, std::optional<std::string> value);
  std::shared_ptr<Reading> take_wanted_reading() { return std::exchange(wanted_reading_, nullptr); }
  void lay_in(std::shared_ptr<Reading> reading) { reading_ = std::move(reading); }
  // For another attempt: nothing known, nothing wanted.
  void clear();
  // The operation itself has deleted the key: the disk's answer, if there is one, no longer holds.
  void forget(std::string_view key);

 private:
  std::vector<std::string> wanted_;
  std::map<std::string, std::optional<std::string>, std::less<>> values_;
  std::shared_ptr<Reading> wanted_reading_;
  std::shared_ptr<Reading> reading_;
};

struct Context {
  Time now;   // for deadlines: monotonic within a run
  Time wall;  // for what clients see
  IdSource& ids;
  storage::Batch& batch;  // becomes durable with the reply
  const Caller& caller;
  Fetched& fetched;
  // When a long poll gives up; unset until the operation first waits.
  std::optional<Time>& wait_deadline;
  // Set by the operation: the reply need not wait for the batch (a lease that may be lost).
  bool reply_before_commit = false;
};

}  // namespace signalbox::broker
