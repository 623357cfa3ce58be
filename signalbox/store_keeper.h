// Opens the store on disk, lets go of it when it failed, and opens it again.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/receipt_handle.h"
#include "signalbox/settings.h"
#include "storage/rocks_store.h"

namespace signalbox {

class StoreKeeper {
 public:
  explicit StoreKeeper(const Settings& settings) : settings_(settings) {}

  struct Opened {
    std::shared_ptr<storage::Store> store;
    broker::HandleKey handle_key{};
    std::vector<std::string> notes;
    std::string error;  // set when store is null: what, where, what to do
  };
  Opened open();
  // Changes nothing on disk. Null when even that cannot be opened.
  std::shared_ptr<storage::Store> open_read_only();

  struct Failure {
    storage::FailureKind kind = storage::FailureKind::none;
    std::string error;
  };
  // Null while none is open. Any thread.
  std::shared_ptr<storage::Store> store() const;
  // Forgets the store and says why it failed.
  Failure let_go();

  // Whether the file system has room for opening again.
  bool has_space() const;
  // For metrics; zeros while no store is open.
  storage::RocksStore::Stats stats() const;

 private:
  storage::RocksStore::Options options() const;

  const Settings& settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<storage::RocksStore> store_;
};

}  // namespace signalbox
