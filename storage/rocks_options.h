// Internal to RocksStore: how RocksDB is set up for it, and why.
#pragma once

#include <rocksdb/options.h>

#include <memory>

#include "storage/rocks_store.h"

namespace signalbox::storage {

rocksdb::Options rocks_options(const RocksStore::Options& options, rocksdb::Env& environment);

}  // namespace signalbox::storage
