// What a start makes of a directory that a crash, a power cut or bit rot left behind.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <random>

#include "storage/watermark.h"
#include "tests/storage/faulty_file_system.h"
#include "tests/storage/rocks_fixture.h"

using namespace signalbox::storage;
using namespace signalbox::storage::testing;
namespace fs = std::filesystem;

namespace {

constexpr int record_count = 40;

// A store killed with record_count records in its log and none in tables.
struct Killed {
  TempDir dir;
  std::string directory = dir.path("killed");
  Killed() {
    const auto store = open_store(in_directory(dir.path("data")));
    commit_records(*store, 0, record_count);
    copy_as_killed(dir.path("data"), directory);
  }
  std::string watermark() const { return directory + "/" + Watermark::file_name; }
};

RocksStore::Options salvaging(const std::string& directory) {
  auto options = in_directory(directory);
  options.salvage = true;
  return options;
}

}  // namespace

TEST_CASE("after a kill everything acknowledged is recovered", "[recovery]") {
  Killed killed;
  const auto store = open_store(in_directory(killed.directory));
  REQUIRE(joined(store->open_notes()).empty());
  REQUIRE(count_records(*store) == record_count);
}

TEST_CASE("a truncated log is refused with file and numbers, and refused again", "[recovery]") {
  Killed killed;
  const auto wal = newest_wal(killed.directory);
  fs::resize_file(wal, fs::file_size(wal) / 2);
  const auto before = picture(killed.directory);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = RocksStore::open(in_directory(killed.directory));
    REQUIRE_FALSE(opened.store);
    REQUIRE(opened.failure == OpenFailure::data_missing);
    REQUIRE(mentions(opened.error, killed.directory));
    REQUIRE(mentions(opened.error, fs::path(wal).filename().string()));
    REQUIRE(mentions(opened.error, "says group 41 was on disk"));
    REQUIRE(mentions(opened.error, "--salvage"));
  }
  REQUIRE(picture(killed.directory) == before);
}

TEST_CASE("negative control: without its watermark the truncated log opens with data lost",
          "[recovery]") {
  Killed killed;
  const auto wal = newest_wal(killed.directory);
  fs::resize_file(wal, fs::file_size(wal) / 2);
  fs::remove(killed.watermark());
  const auto store = open_store(in_directory(killed.directory));
  REQUIRE(count_records(*store) < record_count);
  REQUIRE(count_records(*store) > 0);
  REQUIRE(mentions(joined(store->open_notes()), "WATERMARK is missing"));
}

TEST_CASE("salvage opens a truncated log, says what is gone, keeps a copy and resets the mark",
          "[recovery]") {
  Killed killed;
  const auto wal = newest_wal(killed.directory);
  fs::resize_file(wal, fs::file_size(wal) / 2);
  const auto damaged = read_file(wal);
  int left_count = 0;
  {
    const auto store = open_store(salvaging(killed.directory));
    REQUIRE(mentions(joined(store->open_notes()), "salvaged: "));
    left_count = count_records(*store);
    REQUIRE(left_count < record_count);
    commit_records(*store, 100, 3);
  }
  const auto kept = killed.directory + "/before-salvage-41/" + fs::path(wal).filename().string();
  REQUIRE(read_file(kept) == damaged);
  const auto store = open_store(in_directory(killed.directory));
  REQUIRE(joined(store->open_notes()).empty());
  REQUIRE(count_records(*store) == left_count + 3);
}

TEST_CASE("a flipped byte in an acknowledged record is refused, wherever it is", "[recovery]") {
  Killed killed;
  const auto wal = fs::path(newest_wal(killed.directory)).filename().string();
  const auto size = fs::file_size(fs::path(killed.directory) / wal);
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    const auto at = std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
    const auto copy = killed.dir.path("flipped");
    copy_as_killed(killed.directory, copy);
    flip_byte(copy + "/" + wal, at);
    const auto opened = RocksStore::open(in_directory(copy));
    CAPTURE(at, size);
    REQUIRE_FALSE(opened.store);
    REQUIRE(opened.failure == OpenFailure::data_missing);
    REQUIRE(mentions(opened.error, wal));
  }
}

TEST_CASE("a deleted log is refused", "[recovery]") {
  Killed killed;
  fs::remove(newest_wal(killed.directory));
  const auto opened = RocksStore::open(in_directory(killed.directory));
  REQUIRE(opened.failure == OpenFailure::data_missing);
  REQUIRE(mentions(opened.error, "write-ahead log: none"));
}

TEST_CASE("garbage, zeroes or a torn record behind the last acknowledged one do not stop a start",
          "[recovery]") {
  Killed killed;
  const auto wal_name = fs::path(newest_wal(killed.directory)).filename().string();
  const auto whole = read_file(killed.directory + "/" + wal_name);
  // A real record for the torn ones: what one more unacknowledged group would have written.
  const auto record = whole.substr(whole.size() - 1100);
  std::string garbage(3000, '\0');
  std::mt19937 random(3);
  for (auto& byte : garbage) byte = static_cast<char>(random());
  const std::vector<std::string> tails = {
      garbage, garbage.substr(0, 5), std::string(4096, '\0'), std::string(1, '\0'),
      record,  record.substr(0, 10), record.substr(0, 600)};
  for (const auto& tail : tails) {
    const auto copy = killed.dir.path("torn");
    copy_as_killed(killed.directory, copy);
    write_file(copy + "/" + wal_name, whole + tail);
    {
      const auto store = open_store(in_directory(copy));
      REQUIRE(count_records(*store) == record_count);
      commit_records(*store, record_count, 1);
    }
    REQUIRE(count_records(*open_store(in_directory(copy))) == record_count + 1);
  }
}

TEST_CASE("killed again right after a torn tail was dropped, it starts and has everything",
          "[recovery]") {
  Killed killed;
  const auto wal = newest_wal(killed.directory);
  write_file(wal, read_file(wal) + std::string(100, 'x'));
  const auto again = killed.dir.path("again");
  {
    const auto store = open_store(in_directory(killed.directory));
    commit_records(*store, record_count, 3);
    copy_as_killed(killed.directory, again);
  }
  REQUIRE(count_records(*open_store(in_directory(again))) == record_count + 3);
}

TEST_CASE("killed over and over, with a torn tail each time, it keeps everything acknowledged",
          "[recovery]") {
  TempDir dir;
  std::mt19937 random(11);
  int acknowledged_count = 0;
  for (int round = 0; round < 8; ++round) {
    auto options = in_directory(dir.path("round-" + std::to_string(round)));
    options.write_buffer_bytes = 64 << 10;  // some rounds leave several logs
    const auto store = open_store(options);
    REQUIRE(count_records(*store) == acknowledged_count);
    const auto count = static_cast<int>(random() % 80);
    commit_records(*store, acknowledged_count, count);
    acknowledged_count += count;
    const auto killed = dir.path("round-" + std::to_string(round + 1));
    copy_as_killed(options.directory, killed);
    const auto wal = newest_wal(killed);
    write_file(wal, read_file(wal) + std::string(random() % 3000, static_cast<char>(random())));
  }
}

TEST_CASE("cut at any byte of its unacknowledged end a log opens; one byte less is refused",
          "[recovery]") {
  TempDir dir;
  const auto data = dir.path("data");
  {
    const auto store = open_store(in_directory(data));
    commit_records(*store, 0, 5);
    const auto acknowledged_bytes = fs::file_size(newest_wal(data));
    const auto mark = read_file(data + "/" + Watermark::file_name);
    commit_records(*store, 5, 1);
    copy_as_killed(data, dir.path("killed"));
    // The last record was not yet acknowledged: the mark is the one from before it.
    write_file(dir.path("killed") + "/" + Watermark::file_name, mark);
    const auto wal = fs::path(newest_wal(data)).filename().string();
    const auto end = fs::file_size(newest_wal(data));
    for (auto size = acknowledged_bytes - 1; size <= end;
         size += size < acknowledged_bytes ? 1 : 37) {
      copy_as_killed(dir.path("killed"), dir.path("cut"));
      fs::resize_file(dir.path("cut") + "/" + wal, size);
      const auto opened = RocksStore::open(in_directory(dir.path("cut")));
      CAPTURE(size, acknowledged_bytes, end, opened.error);
      REQUIRE((opened.store != nullptr) == (size >= acknowledged_bytes));
      if (opened.store) REQUIRE(count_records(*opened.store) == 5);
    }
  }
}

TEST_CASE("an end of the log past the watermark is kept and told", "[recovery]") {
  TempDir dir;
  const auto data = dir.path("data");
  const auto store = open_store(in_directory(data));
  commit_records(*store, 0, 5);
  commit_records(*store, 5, 3, Durability::buffered);
  copy_as_killed(data, dir.path("killed"));
  {
    const auto recovered = open_store(in_directory(dir.path("killed")));
    REQUIRE(count_records(*recovered) == 8);
    REQUIRE(mentions(joined(recovered->open_notes()), "recovered 3 groups past the watermark (6)"));
  }
  // It is durable from then on: the next start asks for all of it.
  REQUIRE(joined(open_store(in_directory(dir.path("killed")))->open_notes()).empty());
  REQUIRE(Watermark::read(dir.path("killed")).number == 9);
}

TEST_CASE("groups missing between two logs are noticed", "[recovery]") {
  // Two logs: the first one's memtable cannot be flushed while its write is blocked at a sync, so a
  // small write buffer and a burst of buffered groups leave several logs behind.
  TempDir dir;
  auto options = in_directory(dir.path("data"));
  options.write_buffer_bytes = 64 << 10;
  std::string killed;
  {
    const auto store = open_store(options);
    for (int i = 0; i < 400 && killed.empty(); ++i) {
      commit_records(*store, i * 10, 10, Durability::buffered);
      copy_as_killed(options.directory, dir.path("killed"));
      if (files_ending(dir.path("killed"), ".log").size() > 1) killed = dir.path("killed");
    }
    REQUIRE_FALSE(killed.empty());
  }
  const auto first = files_ending(killed, ".log").front();
  const auto second = files_ending(killed, ".log").back();
  REQUIRE(fs::file_size(second) > 0);
  fs::resize_file(first, fs::file_size(first) / 2);

  SECTION("below the watermark the store is refused") {
    REQUIRE(Watermark::reset(killed, 1000000) == "");
    const auto opened = RocksStore::open(in_directory(killed));
    REQUIRE_FALSE(opened.store);
  }
  SECTION("above it nothing behind the gap is shown") {
    REQUIRE(Watermark::reset(killed, 1) == "");
    const auto opened = RocksStore::open(in_directory(killed));
    INFO(opened.error);
    if (opened.store) {
      std::vector<bool> there;
      const auto count = count_records(*opened.store);
      for (int i = 0; i < count; ++i) {
        REQUIRE(value_of(*opened.store, "key-" + std::to_string(i)) != "(absent)");
      }
    } else {
      REQUIRE(mentions(opened.error, fs::path(first).filename().string()));
    }
  }
}

TEST_CASE("a damaged watermark is refused, salvage makes it anew", "[recovery]") {
  Killed killed;
  SECTION("both slots spoiled") {
    flip_byte(killed.watermark(), 9);
    flip_byte(killed.watermark(), 4096 + 20);
  }
  SECTION("emptied") { fs::resize_file(killed.watermark(), 0); }
  const auto opened = RocksStore::open(in_directory(killed.directory));
  REQUIRE(opened.failure == OpenFailure::damaged);
  REQUIRE(mentions(opened.error, killed.watermark() + " is damaged"));
  REQUIRE(count_records(*open_store(salvaging(killed.directory))) == record_count);
  REQUIRE(joined(open_store(in_directory(killed.directory))->open_notes()).empty());
}

TEST_CASE("one spoiled slot of the watermark leaves the other", "[recovery]") {
  Killed killed;
  flip_byte(killed.watermark(), 9);
  const auto store = open_store(in_directory(killed.directory));
  REQUIRE(mentions(joined(store->open_notes()), "one damaged slot"));
  REQUIRE(count_records(*store) == record_count);
}

TEST_CASE("a watermark slot is valid or not, whichever byte of it changes", "[recovery]") {
  TempDir dir;
  const auto path = dir.path(Watermark::file_name);
  REQUIRE(Watermark::reset(dir.path("."), 0x0123456789abcdef) == "");
  const auto whole = read_file(path);
  REQUIRE(whole.size() == 4096 + 24);
  for (std::size_t at = 0; at < 24; ++at) {
    write_file(path, whole);
    flip_byte(path, at);
    const auto reading = Watermark::read(dir.path("."));
    REQUIRE(reading.state == Watermark::State::valid);
    REQUIRE(reading.one_slot_spoiled);
    flip_byte(path, 4096 + (at + 5) % 24);
    REQUIRE(Watermark::read(dir.path(".")).state == Watermark::State::corrupt);
  }
}

TEST_CASE("the watermark keeps the higher of its slots", "[recovery]") {
  TempDir dir;
  REQUIRE(Watermark::read(dir.path(".")).state == Watermark::State::missing);
  REQUIRE(Watermark::reset(dir.path("."), 10) == "");
  Watermark mark;
  REQUIRE(mark.open(dir.path(".")) == "");
  for (std::uint64_t number = 11; number < 20; ++number) {
    REQUIRE(mark.advance(number) == "");
    const auto reading = Watermark::read(dir.path("."));
    REQUIRE(reading.number == number);
    REQUIRE_FALSE(reading.one_slot_spoiled);
  }
  REQUIRE(mark.dirty());
  REQUIRE(mark.sync() == "");
  REQUIRE_FALSE(mark.dirty());
}

TEST_CASE("a missing or spoiled CURRENT or MANIFEST is refused by name and left alone",
          "[recovery]") {
  Killed killed;
  const auto current = killed.directory + "/CURRENT";
  const auto manifest = files_ending(killed.directory, "").at(0);
  const auto manifest_name = read_file(current).substr(0, read_file(current).find('\n'));
  const auto manifest_path = killed.directory + "/" + manifest_name;
  std::string named;
  SECTION("no CURRENT") {
    fs::remove(current);
    named = "CURRENT";
  }
  SECTION("empty CURRENT") {
    write_file(current, "");
    named = "CURRENT";
  }
  SECTION("CURRENT with other text") {
    write_file(current, "something else");
    named = "CURRENT";
  }
  SECTION("CURRENT that names a file that is not there") {
    write_file(current, "MANIFEST-999999\n");
    named = "MANIFEST-999999";
  }
  SECTION("no MANIFEST") {
    fs::remove(manifest_path);
    named = manifest_name;
  }
  SECTION("empty MANIFEST") {
    write_file(manifest_path, "");
    named = manifest_name;
  }
  SECTION("MANIFEST with a flipped byte near its start") {
    flip_byte(manifest_path, 12);
    named = manifest_name;
  }
  const auto before = picture(killed.directory);
  const auto opened = RocksStore::open(in_directory(killed.directory));
  REQUIRE_FALSE(opened.store);
  REQUIRE(opened.failure == OpenFailure::damaged);
  REQUIRE(mentions(opened.error, killed.directory));
  REQUIRE(mentions(opened.error, named));
  REQUIRE(picture(killed.directory) == before);
}

TEST_CASE("a MANIFEST damaged anywhere never loses acknowledged data silently", "[recovery]") {
  TempDir dir;
  {
    const auto store = open_store(in_directory(dir.path("data")));
    commit_records(*store, 0, 20);
  }
  {
    const auto store = open_store(in_directory(dir.path("data")));
    commit_records(*store, 20, 20);
  }
  const auto current = read_file(dir.path("data/CURRENT"));
  const auto name = current.substr(0, current.find('\n'));
  const auto size = fs::file_size(dir.path("data/" + name));
  int refused_count = 0;
  for (std::size_t at = 0; at < size; at += 1 + size / 60) {
    for (const bool cut : {false, true}) {
      copy_as_killed(dir.path("data"), dir.path("copy"));
      if (cut) {
        fs::resize_file(dir.path("copy/" + name), at);
      } else {
        flip_byte(dir.path("copy/" + name), at);
      }
      const auto opened = RocksStore::open(in_directory(dir.path("copy")));
      CAPTURE(at, cut, opened.error);
      if (opened.store) {
        REQUIRE(count_records(*opened.store) == 40);
      } else {
        ++refused_count;
        REQUIRE(mentions(opened.error, dir.path("copy")));
      }
    }
  }
  REQUIRE(refused_count > 60);
}

TEST_CASE("a missing, shortened or endless table is refused by name", "[recovery]") {
  TempDir dir;
  commit_records(*open_store(in_directory(dir.path("data"))), 0, 20);
  const auto table = files_ending(dir.path("data"), ".sst").back();
  SECTION("missing") { fs::remove(table); }
  SECTION("shortened") { fs::resize_file(table, fs::file_size(table) - 1); }
  SECTION("emptied") { write_file(table, ""); }
  SECTION("its last bytes flipped") { flip_byte(table, fs::file_size(table) - 2); }
  const auto before = picture(dir.path("data"));
  const auto opened = RocksStore::open(in_directory(dir.path("data")));
  REQUIRE_FALSE(opened.store);
  REQUIRE(opened.failure == OpenFailure::damaged);
  REQUIRE(mentions(opened.error, fs::path(table).filename().string()));
  REQUIRE(picture(dir.path("data")) == before);
}

TEST_CASE("a flipped byte in a table is an error that names it, never other data", "[recovery]") {
  TempDir dir;
  commit_records(*open_store(in_directory(dir.path("data"))), 0, 60);
  const auto tables = files_ending(dir.path("data"), ".sst");
  const auto table = *std::max_element(tables.begin(), tables.end(), [](auto& a, auto& b) {
    return fs::file_size(a) < fs::file_size(b);
  });
  const auto name = fs::path(table).filename().string();
  const auto size = fs::file_size(table);
  int noticed_count = 0;
  for (std::size_t at = 10; at < size; at += size / 40) {
    copy_as_killed(dir.path("data"), dir.path("copy"));
    flip_byte(dir.path("copy/" + name), at);
    const auto opened = RocksStore::open(in_directory(dir.path("copy")));
    CAPTURE(at, opened.error);
    if (!opened.store) {
      ++noticed_count;
      REQUIRE(mentions(opened.error, name));
      continue;
    }
    for (int i = 0; i < 60; ++i) {
      const auto value = value_of(*opened.store, "key-" + std::to_string(i));
      if (value == "(failed)") {
        ++noticed_count;
        REQUIRE(mentions(opened.store->last_error(), name));
        break;
      }
      REQUIRE(value == std::string(1024, static_cast<char>('a' + i % 26)));
    }
  }
  REQUIRE(noticed_count > 20);

  auto verifying = in_directory(dir.path("copy"));
  verifying.verify_checksums = true;
  copy_as_killed(dir.path("data"), dir.path("copy"));
  open_store(verifying).reset();
  copy_as_killed(dir.path("data"), dir.path("copy"));
  flip_byte(dir.path("copy/" + name), size / 3);
  const auto verified = RocksStore::open(verifying);
  REQUIRE(verified.failure == OpenFailure::damaged);
  REQUIRE(mentions(verified.error, name));
}

TEST_CASE("a directory whose files but the watermark are gone is refused", "[recovery]") {
  Killed killed;
  for (const auto& path : files_ending(killed.directory, "")) {
    if (path != killed.watermark()) fs::remove(path);
  }
  REQUIRE(RocksStore::open(in_directory(killed.directory)).failure == OpenFailure::damaged);
}

TEST_CASE("a directory of somebody else's files is refused and left as it is", "[recovery]") {
  TempDir dir;
  const auto directory = dir.path("home");
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms(0755));
  write_file(directory + "/notes.txt", "mine");
  const auto opened = RocksStore::open(in_directory(directory));
  REQUIRE_FALSE(opened.store);
  REQUIRE(mentions(opened.error, "not a Signalbox store"));
  REQUIRE(fs::status(directory).permissions() == fs::perms(0755));
  REQUIRE(std::distance(fs::directory_iterator(directory), {}) == 1);
  // Negative control: without the file the same directory is taken.
  fs::remove(directory + "/notes.txt");
  REQUIRE(RocksStore::open(in_directory(directory)).store);
}

TEST_CASE("a creation that was cut short starts again", "[recovery]") {
  TempDir dir;
  fs::create_directory(dir.path("data"));
  write_file(dir.path("data/MANIFEST-000001"), "half a mani");
  write_file(dir.path("data/IDENTITY"), "");
  const auto store = open_store(in_directory(dir.path("data")));
  commit_records(*store, 0, 1);
}
