#include "broker/ids.h"

#include <sys/random.h>

#include <cstring>
#include <stdexcept>

namespace signalbox::broker {

IdBytes IdSource::uuid() {
  const std::uint64_t words[2] = {random_bits(), random_bits()};
  IdBytes id;
  std::memcpy(id.data(), words, id.size());
  id[6] = static_cast<unsigned char>((id[6] & 0x0f) | 0x40);  // version 4
  id[8] = static_cast<unsigned char>((id[8] & 0x3f) | 0x80);  // the RFC 4122 variant
  return id;
}

std::uint64_t RandomIds::random_bits() {
  if (used_ == block_.size()) {
    auto* at = reinterpret_cast<char*>(block_.data());
    std::size_t left = sizeof block_;
    while (left > 0) {
      const ssize_t got = getrandom(at, left, 0);
      if (got < 0 && errno != EINTR) throw std::runtime_error("getrandom failed");
      if (got > 0) {
        at += got;
        left -= static_cast<std::size_t>(got);
      }
    }
    used_ = 0;
  }
  return block_[used_++];
}

std::uint64_t SeededIds::random_bits() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string format_uuid(const IdBytes& id) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(digits[id[i] >> 4]);
    text.push_back(digits[id[i] & 15]);
  }
  return text;
}

}  // namespace signalbox::broker
