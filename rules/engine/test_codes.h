// Internal to conditions: how tests are laid out in bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace signalbox::rules::engine {

enum class TestCode : std::uint8_t {
  text,
  number,
  range,
  prefix,
  suffix,
  folded,  // the letters are ASCII and in lower case
  folded_prefix,
  folded_suffix,
  letters,  // they are not all ASCII
  letters_prefix,
  letters_suffix,
  wildcard,
  cidr,
};

struct Test {
  TestCode code;
  // 0: the value passes when the test does. Else all tests of a group are one anything-but: the
  // value passes when none of them does. At most 255 are told apart; see encode_tests().
  std::uint8_t group;
  std::string_view bytes;
};

class TestReader {
 public:
  explicit TestReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool at_end() const { return at_ == end_; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(*at_++); }
  double number() { return take<double>(); }
  std::string_view text() {
    const auto size = take<std::uint32_t>();
    at_ += size;
    return {at_ - size, size};
  }
  Test test() {
    const auto code = static_cast<TestCode>(byte());
    const auto group = byte();
    return {code, group, text()};
  }

 private:
  template <class T>
  T take() {
    T out;
    std::memcpy(&out, at_, sizeof out);
    at_ += sizeof out;
    return out;
  }

  const char* at_;
  const char* end_;
};

class TestWriter {
 public:
  explicit TestWriter(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void number(double value) { put(&value, sizeof value); }
  void text(std::string_view value) {
    const auto size = static_cast<std::uint32_t>(value.size());
    put(&size, sizeof size);
    out_ += value;
  }
  void test(TestCode code, std::uint8_t group, std::string_view bytes) {
    byte(static_cast<std::uint8_t>(code));
    byte(group);
    text(bytes);
  }

 private:
  void put(const void* bytes, std::size_t size) {
    out_.append(static_cast<const char*>(bytes), size);
  }
  std::string& out_;
};

inline char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace signalbox::rules::engine
