// The watermark: the highest group number known to be on disk, kept in a file beside the database.
//
// A write-ahead log that lost its end looks like one that ended there. The watermark tells the two
// apart: a store that recovers less than it says is missing acknowledged data.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox::storage {

// The file has two slots, written in turn and each with a checksum of its own: a write cut in half
// spoils one and leaves the older one. They lie in different blocks. advance() does not sync, so
// after a power cut the file may name a lower number than was acknowledged, never a higher one.
// Used by one thread at a time. Errors are texts, empty when there is none.
class Watermark {
 public:
  static constexpr const char* file_name = "WATERMARK";

  enum class State : std::uint8_t {
    valid,
    missing,
    corrupt,  // there, but no slot of it is whole
    unreadable,
  };
  struct Reading {
    State state = State::missing;
    std::uint64_t number = 0;
    bool one_slot_spoiled = false;
    std::string error;  // of unreadable
  };
  static Reading read(const std::string& directory);

  // Puts a synced watermark file of that number in place of whatever is there.
  static std::string reset(const std::string& directory, std::uint64_t number);

  Watermark() = default;
  Watermark(const Watermark&) = delete;
  Watermark& operator=(const Watermark&) = delete;
  ~Watermark();

  // For advance(); the file must exist.
  std::string open(const std::string& directory);
  std::string advance(std::uint64_t number);
  // Syncs what was advanced since the last sync; does nothing when nothing was.
  std::string sync();
  bool dirty() const { return dirty_; }

 private:
  std::string path_;
  int file_ = -1;
  unsigned next_slot_ = 0;
  bool dirty_ = false;
};

}  // namespace signalbox::storage
