#include "storage/watermark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "storage/data_directory.h"
#include "storage/keys.h"

namespace signalbox::storage {

namespace {

constexpr std::string_view magic = "SBXMARK1";
constexpr std::size_t slot_bytes = 24;  // magic, number u64, checksum u64
constexpr off_t slot_distance = 4096;   // one block each
constexpr unsigned slot_count = 2;

// FNV-1a: every step is a bijection, so any single changed byte changes the sum.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return sum;
}

std::string encode_slot(std::uint64_t number) {
  std::string slot(magic);
  slot += keys::encode_u64(number);
  return slot + keys::encode_u64(checksum(slot));
}

std::optional<std::uint64_t> decode_slot(std::string_view slot) {
  if (slot.size() != slot_bytes || !slot.starts_with(magic)) return std::nullopt;
  const auto body = slot.substr(0, slot_bytes - 8);
  if (keys::decode_u64(slot.substr(slot_bytes - 8)) != checksum(body)) return std::nullopt;
  return keys::decode_u64(body.substr(magic.size()));
}

std::string path_in(const std::string& directory) { return directory + "/" + Watermark::file_name; }

bool write_slot(int file, unsigned slot, std::uint64_t number) {
  const auto bytes = encode_slot(number);
  const auto at = static_cast<off_t>(slot) * slot_distance;
  const auto written = ::pwrite(file, bytes.data(), bytes.size(), at);
  if (written >= 0 && written != static_cast<ssize_t>(bytes.size())) errno = EIO;
  return written == static_cast<ssize_t>(bytes.size());
}

}  // namespace

Watermark::Reading Watermark::read(const std::string& directory) {
  const auto path = path_in(directory);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};
  if (file < 0) return {State::unreadable, 0, false, failed_to("open", path)};
  Reading reading{State::corrupt, 0, false, {}};
  unsigned spoiled_count = 0;
  for (unsigned slot = 0; slot < slot_count; ++slot) {
    std::array<char, slot_bytes> bytes;
    const auto size = ::pread(file, bytes.data(), bytes.size(), slot * slot_distance);
    if (size < 0) {
      reading = {State::unreadable, 0, false, failed_to("read", path)};
      break;
    }
    const auto number = decode_slot({bytes.data(), static_cast<std::size_t>(size)});
    if (!number) {
      ++spoiled_count;
    } else {
      reading.state = State::valid;
      reading.number = std::max(reading.number, *number);
    }
  }
  reading.one_slot_spoiled = reading.state == State::valid && spoiled_count > 0;
  ::close(file);
  return reading;
}

std::string Watermark::reset(const std::string& directory, std::uint64_t number) {
  const auto path = path_in(directory);
  const auto new_path = path + ".new";
  const int file = ::open(new_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed_to("create", new_path);
  bool written = true;
  for (unsigned slot = 0; slot < slot_count; ++slot) {
    written = written && write_slot(file, slot, number);
  }
  written = written && ::fsync(file) == 0;
  auto error = written ? std::string() : failed_to("write", new_path);
  ::close(file);
  if (error.empty() && ::rename(new_path.c_str(), path.c_str()) != 0) {
    error = failed_to("rename", new_path);
  }
  return error.empty() ? sync_directory(directory) : error;
}

Watermark::~Watermark() {
  if (file_ >= 0) ::close(file_);
}

std::string Watermark::open(const std::string& directory) {
  path_ = path_in(directory);
  file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  return file_ < 0 ? failed_to("open", path_) : std::string();
}

std::string Watermark::advance(std::uint64_t number) {
  if (!write_slot(file_, next_slot_, number)) return failed_to("write", path_);
  next_slot_ = (next_slot_ + 1) % slot_count;
  dirty_ = true;
  return {};
}

std::string Watermark::sync() {
  if (!dirty_) return {};
  if (::fdatasync(file_) != 0) return failed_to("sync", path_);
  dirty_ = false;
  return {};
}

}  // namespace signalbox::storage
