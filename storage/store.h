// What the broker needs of a disk: ordered keys, atomic batches, consistent views.
//
// Knows nothing of queues or events. Three implementations: RocksStore (on disk), MemoryStore
// (tests), FaultyStore (wraps another one and fails or delays chosen commits).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/batch.h"

namespace signalbox::storage {

// How a commit ended. Every caller handles each of them.
enum class Outcome : std::uint8_t {
  committed,    // every write of the batch is as durable as was asked
  full,         // refused before anything was written: the disk has no room
  unavailable,  // refused before anything was written: an earlier commit failed, reopen first
  unknown,      // the write or its sync failed: it may or may not be there after a reopen
  fenced,       // refused: another process owns the data now
};

std::string_view to_string(Outcome outcome);

enum class Durability : std::uint8_t {
  synced,    // reported after fdatasync
  buffered,  // reported once handed to the operating system; synced by interval or never
};

// Numbers the batches of a store from 1, in the order commit() was called.
using CommitNumber = std::uint64_t;

enum class ReadTier : std::uint8_t {
  memory,  // never touches the disk; may answer not_cached
  disk,
};

enum class ReadStatus : std::uint8_t {
  found,
  absent,
  not_cached,  // ReadTier::memory only: ask again with ReadTier::disk
  failed,      // the disk answered with an error; Store::last_error() says which
};

enum class Direction : std::uint8_t { forward, backward };

// A consistent picture of the store as it was when the view was made. Used by one thread at a time;
// must be gone before the store is.
class View {
 public:
  virtual ~View() = default;
  virtual ReadStatus get(std::string_view key, std::string& value) const = 0;

  // Visits the keys of [first, past_last), backward from the greatest. visit returns false to stop.
  // The two views it gets are valid only during the call. False when the disk failed.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual bool scan(std::string_view first, std::string_view past_last, Direction direction,
                    const Visit& visit) const = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Called once, on a thread of the store's own (or inside commit or a test's pump), after the
  // outcome is known. Completions run in the order of the commits.
  using Completion = std::function<void(Outcome)>;

  // Queues the batch behind all earlier ones and returns at once. An empty batch writes nothing and
  // completes in its turn: it is how a reply waits for what was decided before it.
  virtual void commit(Batch batch, Durability durability, Completion done) = 0;

  // False when the queue of waiting batches holds its bound of bytes: decide nothing new until
  // there is room. Callable from any thread.
  virtual bool has_room() const = 0;

  virtual std::unique_ptr<View> view() const = 0;

  // Reads the newest written value without a view. Callable from any thread.
  virtual ReadStatus get(std::string_view key, ReadTier tier, std::string& value) const = 0;

  // Writes a consistent copy of the whole store into a directory that does not exist yet. Returns
  // an empty string or what went wrong.
  virtual std::string checkpoint(const std::string& directory) = 0;

  // What made the store stop accepting commits, empty while it works. Callable from any thread.
  virtual std::string last_error() const = 0;
};

}  // namespace signalbox::storage
