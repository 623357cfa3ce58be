// Stored records: what is written is read back, and damage is noticed instead of read past.
#include <catch2/catch.hpp>

#include "broker/record.h"

namespace signalbox::broker {

namespace {

std::string sample() {
  return RecordWriter()
      .u8(1)
      .u16(0xbeef)
      .u32(0xdeadbeef)
      .u64(0x0123456789abcdef)
      .i64(-5)
      .bytes(std::string_view("a\0b", 3))
      .optional(std::optional<std::string>("text"))
      .optional(std::optional<std::string>())
      .optional(std::optional<std::int64_t>(-7))
      .map({{"k", "v"}, {"l", ""}})
      .raw("rest")
      .take();
}

// True when the whole sample could be read.
bool read_sample(std::string_view record) {
  RecordReader reader(record);
  reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.i64();
  reader.bytes(), reader.optional(), reader.optional(), reader.optional_i64(), reader.map();
  reader.raw(4);
  return !reader.failed() && reader.at_end();
}

}  // namespace

TEST_CASE("a record gives back what was written, in the same order", "[record]") {
  const std::string record = sample();
  RecordReader reader(record);
  CHECK(reader.u8() == 1);
  CHECK(reader.u16() == 0xbeef);
  CHECK(reader.u32() == 0xdeadbeef);
  CHECK(reader.u64() == 0x0123456789abcdef);
  CHECK(reader.i64() == -5);
  CHECK(reader.bytes() == std::string_view("a\0b", 3));
  CHECK(reader.optional() == std::optional<std::string>("text"));
  CHECK_FALSE(reader.optional().has_value());
  CHECK(reader.optional_i64() == std::optional<std::int64_t>(-7));
  CHECK(reader.map() == std::map<std::string, std::string>{{"k", "v"}, {"l", ""}});
  CHECK(reader.rest() == "rest");
  CHECK_FALSE(reader.failed());
}

TEST_CASE("numbers are stored with the lowest byte first on every machine", "[record]") {
  CHECK(RecordWriter().u32(0x01020304).take() == std::string_view("\4\3\2\1", 4));
}

TEST_CASE("a record cut at any byte is reported as failed", "[record]") {
  const std::string record = sample();
  REQUIRE(read_sample(record));
  for (std::size_t size = 0; size < record.size(); ++size) {
    INFO("cut to " << size << " bytes");
    CHECK_FALSE(read_sample(std::string_view(record).substr(0, size)));
  }
}

TEST_CASE("a length that points past the end gives nothing and fails every later read",
          "[record]") {
  const std::string record = RecordWriter().u32(0xffffffff).u64(9).take();
  RecordReader reader(record);
  CHECK(reader.bytes().empty());
  CHECK(reader.failed());
  CHECK(reader.u64() == 0);

  RecordReader map_reader(record);
  CHECK(map_reader.map().empty());
  CHECK(map_reader.failed());
}

}  // namespace signalbox::broker
