// Ids and random bits come in from outside: a seeded source makes a run repeatable.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace signalbox::broker {

using IdBytes = std::array<unsigned char, 16>;

// Used by one thread at a time; each io thread and the core own one.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual std::uint64_t random_bits() = 0;

  // A version 4 UUID.
  IdBytes uuid();
};

// Unpredictable, from the operating system's generator, in blocks.
class RandomIds : public IdSource {
 public:
  std::uint64_t random_bits() override;

 private:
  std::array<std::uint64_t, 512> block_{};
  std::size_t used_ = 512;
};

// The same ids for the same seed (splitmix64). For tests and simulation only.
class SeededIds : public IdSource {
 public:
  explicit SeededIds(std::uint64_t seed) : state_(seed) {}
  std::uint64_t random_bits() override;

 private:
  std::uint64_t state_;
};

// "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
std::string format_uuid(const IdBytes& id);

}  // namespace signalbox::broker
