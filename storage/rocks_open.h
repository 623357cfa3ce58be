// Internal to RocksStore: from a directory to a checked, open database.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/wal_filter.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/data_directory.h"
#include "storage/rocks_store.h"
#include "storage/watermark.h"

namespace signalbox::storage {

// What belongs together as long as the database is open. The lock goes last.
struct Database {
  DirectoryLock lock;
  Watermark watermark;
  std::unique_ptr<rocksdb::WalFilter> filter;  // the database keeps a pointer to it
  std::unique_ptr<rocksdb::DB> db;
  std::uint64_t commit_number = 0;  // of the last group recovered, all of it durable
  std::vector<std::string> notes;
};

struct OpenError {
  OpenFailure failure = OpenFailure::none;
  std::string text;
  explicit operator bool() const { return failure != OpenFailure::none; }
};

// Until it has decided that the store may be opened it changes nothing in the directory but its
// access mode and the lock file: a refused directory is refused again, and loses nothing more.
OpenError open_database(const RocksStore::Options& options, rocksdb::Env& environment,
                        std::shared_ptr<rocksdb::EventListener> listener, Database& database);

// Free bytes of the directory's file system, as far as this user may take them; nullopt when the
// system does not say.
std::optional<std::uint64_t> free_bytes(rocksdb::Env& environment, const std::string& directory);

}  // namespace signalbox::storage
