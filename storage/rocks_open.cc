#include "storage/rocks_open.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rocksdb/metadata.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "storage/keys.h"
#include "storage/rocks_options.h"
#include "storage/rocks_wal.h"

namespace signalbox::storage {

namespace fs = std::filesystem;

namespace {

// Raised when an older program could not read what a newer one writes.
constexpr std::uint32_t format_version_known = 1;

// Ends every table file: db/format.md of RocksDB calls it the block based table's magic number.
constexpr unsigned char table_magic[8] = {0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88};

constexpr const char* restore_hint = "restore the directory from a copy";

OpenError refuse(OpenFailure failure, std::string text) { return {failure, std::move(text)}; }

bool is_damage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound() ||
         status.IsInvalidArgument();
}

// A spoiled block is found when it is read; a table without its end can be told by a glance.
bool ends_as_table(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char end[sizeof table_magic] = {};
  file.seekg(-static_cast<std::streamoff>(sizeof end), std::ios::end);
  file.read(end, sizeof end);
  return file && std::memcmp(end, table_magic, sizeof end) == 0;
}

// RocksDB's texts do not always name the file, or name it by an extension of old.
std::string describe_damage(const std::string& directory, const rocksdb::Status& status) {
  auto text = status.ToString();
  for (auto at = text.find(".ldb"); at != std::string::npos; at = text.find(".ldb", at)) {
    text.replace(at, 4, ".sst");
  }
  std::ifstream current(directory + "/CURRENT");
  std::string manifest;
  std::getline(current, manifest);
  const bool plausible = manifest.starts_with("MANIFEST-") && manifest.size() < 64;
  text += plausible ? " (CURRENT names " + manifest : " (CURRENT names no manifest";
  DataFiles files;
  list_data_files(directory, files);
  for (const auto& table : files.tables) {
    if (!ends_as_table(directory + "/" + table)) text += ", " + table + " does not end as a table";
  }
  return text + ")";
}

OpenError refuse_status(const std::string& directory, const rocksdb::Status& status) {
  if (status.IsNoSpace()) {
    return refuse(OpenFailure::no_space,
                  fmt::format("no space to open data directory {}: {}; free some and start again",
                              directory, status.ToString()));
  }
  if (!is_damage(status)) {
    return refuse(OpenFailure::io_error,
                  fmt::format("cannot open data directory {}: {}", directory, status.ToString()));
  }
  return refuse(OpenFailure::damaged,
                fmt::format("data directory {} is damaged: {}; {}", directory,
                            describe_damage(directory, status), restore_hint));
}

std::optional<std::string> read_key(rocksdb::DB& db, const Key& key, rocksdb::Status& status) {
  std::string value;
  const rocksdb::Slice name(key.view().data(), key.view().size());
  status = db.Get(rocksdb::ReadOptions(), name, &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) status = rocksdb::Status::OK();
  return std::nullopt;
}

// What a directory holds, found without changing it.
struct Look {
  bool is_new = false;  // nothing was ever written
  std::optional<std::uint32_t> format_version;
  std::uint64_t table_number = 0;  // of the last group that is in tables
  std::uint64_t number = 0;        // of the last group that can be recovered
  std::optional<GroupFilter::Gap> gap;
  std::string last_file;
  std::vector<std::string> warnings;
  DataFiles files;
};

// RocksDB opens only some of the tables at once.
OpenError check_table_ends(rocksdb::DB& db, const std::string& directory) {
  std::vector<rocksdb::LiveFileMetaData> live;
  db.GetLiveFilesMetaData(&live);
  for (const auto& table : live) {
    const auto path = table.db_path + table.name;
    if (ends_as_table(path)) continue;
    return refuse(OpenFailure::damaged,
                  fmt::format("data directory {} is damaged: table {} does not end as a table; {}",
                              directory, path, restore_hint));
  }
  return {};
}

OpenError look(const RocksStore::Options& options, rocksdb::Env& environment, Look& found) {
  auto rocks = rocks_options(options, environment);
  auto filter = GroupFilter::looking();
  const auto log = std::make_shared<WarningLog>();
  rocks.wal_filter = &filter;
  rocks.info_log = log;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly(rocks, options.directory, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  found.warnings = log->lines();
  if (!status.ok()) return refuse_status(options.directory, status);
  if (auto error = check_table_ends(*db, options.directory)) return error;
  if (options.verify_checksums) {
    status = db->VerifyChecksum();
    if (!status.ok()) return refuse_status(options.directory, status);
  }
  const auto version = read_key(*db, keys::format_version(), status);
  if (!status.ok()) return refuse_status(options.directory, status);
  const auto number = read_key(*db, keys::commit_number(), status);
  if (!status.ok()) return refuse_status(options.directory, status);
  if (version) found.format_version = keys::decode_u32(*version).value_or(0);
  if (number) found.table_number = keys::decode_u64(*number).value_or(0);

  found.number = found.table_number;
  found.gap = filter.gap();
  if (filter.first() && *filter.first() > found.table_number + 1) {
    found.gap = {found.table_number, *filter.first(), filter.first_file()};
  } else if (filter.last()) {
    found.number = std::max(found.number, *filter.last());
    found.last_file = filter.last_file();
  }
  const bool foreign = !filter.foreign_file().empty() ||
                       (!version && !found.files.tables.empty()) || (version && !number);
  if (foreign) {
    return refuse(OpenFailure::damaged,
                  fmt::format("{} holds a RocksDB database that is not Signalbox's, or one whose "
                              "first records are gone; choose another directory",
                              options.directory));
  }
  return {};
}

OpenError check_format(const std::string& directory, std::optional<std::uint32_t> version) {
  if (!version || *version == format_version_known) return {};
  return refuse(
      OpenFailure::newer_format,
      fmt::format("data directory {} has format {}, this version knows {}; start the newer "
                  "version that wrote it, or choose another directory",
                  directory, *version, format_version_known));
}

std::string where_it_ends(const std::string& directory, const Look& found) {
  std::string text = fmt::format("tables hold everything up to group {}; write-ahead log: {}",
                                 found.table_number, describe_files(directory, found.files.wals));
  if (!found.last_file.empty()) {
    text += fmt::format("; the last group that can be read is in {}", found.last_file);
  }
  if (found.gap) {
    text += fmt::format("; groups between {} and {} are missing before {}", found.gap->after,
                        found.gap->before, found.gap->file);
  }
  if (!found.warnings.empty()) {
    text += fmt::format("; RocksDB says: {}", fmt::join(found.warnings, " | "));
  }
  return text;
}

// Holds what was found against the watermark. Refuses when acknowledged data is missing.
OpenError check_watermark(const RocksStore::Options& options, const Watermark::Reading& mark,
                          const Look& found, std::vector<std::string>& notes) {
  const auto path = options.directory + "/" + Watermark::file_name;
  const char* salvage_hint =
      "restore the directory from a copy, or start with --salvage to go on with what can be read";
  switch (mark.state) {
    case Watermark::State::unreadable: return refuse(OpenFailure::io_error, mark.error);
    case Watermark::State::missing:
      if (found.is_new || found.number == 0) return {};
      notes.push_back(fmt::format(
          "{} is missing: whether acknowledged data is missing cannot be told; made anew "
          "at group {}",
          path, found.number));
      return {};
    case Watermark::State::corrupt: {
      auto text =
          fmt::format("{} is damaged: whether acknowledged data is missing cannot be told", path);
      if (options.salvage) {
        notes.push_back(fmt::format("{}; salvaged at group {}", text, found.number));
        return {};
      }
      return refuse(OpenFailure::damaged, fmt::format("{}; groups up to {} can be read; {}", text,
                                                      found.number, salvage_hint));
    }
    case Watermark::State::valid: break;
  }
  if (mark.one_slot_spoiled) {
    notes.push_back(fmt::format("{} has one damaged slot: the other one, group {}, was used", path,
                                mark.number));
  }
  if (found.number < mark.number) {
    auto text = fmt::format(
        "data directory {}: acknowledged data is missing. {} says group {} was on disk, the last "
        "one "
        "that can be read is {}: {} missing ({})",
        options.directory, path, mark.number, found.number, mark.number - found.number,
        where_it_ends(options.directory, found));
    if (!options.salvage) {
      return refuse(OpenFailure::data_missing, fmt::format("{}; {}", text, salvage_hint));
    }
    notes.push_back("salvaged: " + text);
  } else if (found.number > mark.number) {
    notes.push_back(
        fmt::format("recovered {} groups past the watermark ({}): written when the last "
                    "run ended, not known to be acknowledged",
                    found.number - mark.number, mark.number));
  }
  if (found.number >= mark.number && (found.gap || !found.warnings.empty())) {
    notes.push_back("dropped an unacknowledged end of the write-ahead log: " +
                    where_it_ends(options.directory, found));
  }
  return {};
}

// RocksDB deletes the logs it has replayed, and with them what might still be read by hand.
std::string keep_wals(const std::string& directory, const DataFiles& files, std::uint64_t number) {
  const auto copy = fmt::format("{}/before-salvage-{}", directory, number);
  std::error_code error;
  fs::create_directory(copy, error);
  for (const auto& wal : files.wals) {
    if (error) break;
    fs::copy_file(fs::path(directory) / wal, fs::path(copy) / wal,
                  fs::copy_options::overwrite_existing, error);
  }
  if (error) return fmt::format("cannot copy the write-ahead log to {}: {}", copy, error.message());
  return {};
}

rocksdb::Status write_format(rocksdb::DB& db, std::uint64_t number) {
  rocksdb::WriteBatch group;
  put_group_number(group, number);
  const auto key = keys::format_version();
  group.Put(rocksdb::Slice(key.view().data(), key.view().size()),
            keys::encode_u32(format_version_known));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto status = db.Write(synced, &group);
  // In a table it is found by a look that applies no log.
  return status.ok() ? db.Flush(rocksdb::FlushOptions()) : status;
}

OpenError open_for_use(const RocksStore::Options& options, rocksdb::Env& environment,
                       std::shared_ptr<rocksdb::EventListener> listener, const Look& found,
                       Database& database) {
  auto rocks = rocks_options(options, environment);
  database.filter = std::make_unique<GroupFilter>(GroupFilter::applying(found.number));
  rocks.wal_filter = database.filter.get();
  rocks.listeners.push_back(std::move(listener));
  rocks.create_if_missing = found.is_new;
  if (options.read_only) rocks.info_log = std::make_shared<WarningLog>();
  rocksdb::DB* opened = nullptr;
  auto status = options.read_only ? rocksdb::DB::OpenForReadOnly(rocks, options.directory, &opened)
                                  : rocksdb::DB::Open(rocks, options.directory, &opened);
  database.db.reset(opened);
  if (!status.ok()) return refuse_status(options.directory, status);

  const auto number = read_key(*opened, keys::commit_number(), status);
  if (!status.ok()) return refuse_status(options.directory, status);
  database.commit_number = number ? keys::decode_u64(*number).value_or(0) : 0;
  if (database.commit_number != found.number) {
    return refuse(OpenFailure::damaged,
                  fmt::format("data directory {} recovered group {} where {} was expected",
                              options.directory, database.commit_number, found.number));
  }
  const auto version = read_key(*opened, keys::format_version(), status);
  if (!status.ok()) return refuse_status(options.directory, status);
  if (version) return check_format(options.directory, keys::decode_u32(*version).value_or(0));
  if (options.read_only) return {};
  status = write_format(*opened, database.commit_number + 1);
  if (!status.ok()) return refuse_status(options.directory, status);
  ++database.commit_number;
  return {};
}

OpenError take_directory(const RocksStore::Options& options, Database& database) {
  struct stat status {};
  if (options.read_only && ::stat(options.directory.c_str(), &status) != 0) {
    return refuse(OpenFailure::bad_directory, failed_to("open data directory", options.directory));
  }
  if (!options.read_only) {
    auto error = prepare_directory(options.directory, database.notes);
    if (!error.empty()) return refuse(OpenFailure::bad_directory, std::move(error));
  }
  auto failure =
      database.lock.take(options.directory, options.read_only ? DirectoryLock::Kind::shared
                                                              : DirectoryLock::Kind::exclusive);
  if (failure.error.empty()) return {};
  return refuse(failure.in_use ? OpenFailure::in_use : OpenFailure::bad_directory,
                std::move(failure.error));
}

OpenError check_room(const RocksStore::Options& options, rocksdb::Env& environment) {
  if (options.read_only || options.free_bytes_min == 0) return {};
  const auto needed = 2 * options.free_bytes_min;
  const auto free = free_bytes(environment, options.directory);
  if (!free || *free >= needed) return {};
  return refuse(
      OpenFailure::no_space,
      fmt::format("data directory {}: {} bytes are free, {} are needed; free some and start "
                  "again",
                  options.directory, *free, needed));
}

OpenError find_out(const RocksStore::Options& options, rocksdb::Env& environment, Look& found) {
  auto error = list_data_files(options.directory, found.files);
  if (!error.empty()) return refuse(OpenFailure::bad_directory, std::move(error));
  if (found.files.has_current) return look(options, environment, found);
  if (found.files.hold_data()) {
    return refuse(
        OpenFailure::damaged,
        fmt::format("data directory {} is damaged: {}/CURRENT is missing beside data files; {}",
                    options.directory, options.directory, restore_hint));
  }
  if (options.read_only) {
    return refuse(OpenFailure::bad_directory,
                  fmt::format("data directory {} holds no data", options.directory));
  }
  found.is_new = true;
  return {};
}

}  // namespace

OpenError open_database(const RocksStore::Options& options, rocksdb::Env& environment,
                        std::shared_ptr<rocksdb::EventListener> listener, Database& database) {
  if (auto error = take_directory(options, database)) return error;
  if (auto error = check_room(options, environment)) return error;
  Look found;
  if (auto error = find_out(options, environment, found)) return error;
  if (auto error = check_format(options.directory, found.format_version)) return error;
  const auto mark = Watermark::read(options.directory);
  if (auto error = check_watermark(options, mark, found, database.notes)) return error;

  if (options.salvage && !options.read_only && !found.is_new) {
    auto error = keep_wals(options.directory, found.files, mark.number);
    if (!error.empty()) return refuse(OpenFailure::bad_directory, std::move(error));
  }
  if (auto error = open_for_use(options, environment, std::move(listener), found, database)) {
    return error;
  }
  if (options.read_only) return {};
  // Opening has moved everything it recovered into synced tables: all of it is durable now.
  auto error = Watermark::reset(options.directory, database.commit_number);
  if (error.empty()) error = database.watermark.open(options.directory);
  if (!error.empty()) return refuse(OpenFailure::io_error, std::move(error));
  return {};
}

std::optional<std::uint64_t> free_bytes(rocksdb::Env& environment, const std::string& directory) {
  std::uint64_t free = 0;
  const auto status = environment.GetFreeSpace(directory, &free);
  return status.ok() ? std::optional(free) : std::nullopt;
}

}  // namespace signalbox::storage
