#include "storage/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

namespace signalbox::storage {

namespace {

constexpr int bloom_bits_per_key = 10;
constexpr int cache_shard_bits = 4;
constexpr std::size_t info_log_bytes_max = 1 << 20;
constexpr std::size_t info_log_count_max = 3;
constexpr std::size_t background_sync_bytes = 1 << 20;
constexpr std::size_t manifest_bytes_max = 16 << 20;

// A queue that was consumed leaves runs of deletions that every scan must step over: a table with
// half of a window deleted is compacted without waiting for its level to fill.
constexpr std::size_t deletion_window_entries = 16384;
constexpr std::size_t deletion_trigger_entries = 8192;

bool has_compression(rocksdb::CompressionType wanted) {
  for (const auto type : rocksdb::GetSupportedCompressions()) {
    if (type == wanted) return true;
  }
  return false;
}

void set_tables(const RocksStore::Options& options, rocksdb::Options& rocks) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, cache_shard_bits);
  // Index and filter blocks count against the cache too: memory must not grow with what is stored.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  // In parts, of which a read needs one: the whole index of a large table is more than a small
  // cache's shard takes, and would be read again for every message.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.pin_top_level_index_and_filter = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = 16 * 1024;
  table.format_version = 5;
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocks.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(deletion_window_entries,
                                                    deletion_trigger_entries));
  // The upper levels hold what is about to be consumed or rewritten: not worth the processor time.
  const auto lower = has_compression(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression
                                                               : rocksdb::kNoCompression;
  rocks.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, lower};
  rocks.level_compaction_dynamic_level_bytes = true;
}

void set_wal(const RocksStore::Options& options, rocksdb::Options& rocks) {
  // Takes a torn tail for the end, as a power cut leaves one in the last, unacknowledged record.
  // What it would also take for the end is caught by the watermark and by GroupFilter.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  rocks.track_and_verify_wals_in_manifest = true;
  // Logs are preallocated (RocksDB's default; slower without) and not recycled: a recycled one
  // ends in old records instead of nothing, where a spoiled record is taken for the end more
  // easily, newer RocksDB refuses it in this recovery mode, and fdatasync gains some 10 % at most.
  rocks.recycle_log_file_num = 0;
  rocks.max_total_wal_size = options.wal_bytes_max;
}

}  // namespace

rocksdb::Options rocks_options(const RocksStore::Options& options, rocksdb::Env& environment) {
  rocksdb::Options rocks;
  rocks.env = &environment;
  set_tables(options, rocks);
  set_wal(options, rocks);

  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.max_write_buffer_number = 2;
  // Small write buffers keep memory flat; letting sixteen of their tables gather keeps the merges
  // into the next level, whose keys overlap in every table, as rare as with large ones.
  rocks.level0_file_num_compaction_trigger = 16;
  rocks.level0_slowdown_writes_trigger = 40;
  rocks.level0_stop_writes_trigger = 60;
  // One thread writes: what makes several fast would only cost memory.
  rocks.allow_concurrent_memtable_write = false;
  rocks.enable_write_thread_adaptive_yield = false;

  rocks.max_background_jobs = 2;
  rocks.max_open_files = options.open_files_max;
  rocks.max_file_opening_threads = 2;  // by default sixteen start for the sake of one table
  rocks.max_manifest_file_size = manifest_bytes_max;
  // Spreads the write-back of tables, which would otherwise meet a group's fdatasync in one lump.
  rocks.bytes_per_sync = background_sync_bytes;

  // A failure is final: RocksDB must not go on by itself behind our back.
  rocks.paranoid_checks = true;
  rocks.max_bgerror_resume_count = 0;

  rocks.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocks.max_log_file_size = info_log_bytes_max;
  rocks.keep_log_file_num = info_log_count_max;
  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;
  return rocks;
}

}  // namespace signalbox::storage
