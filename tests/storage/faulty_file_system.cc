#include "tests/storage/faulty_file_system.h"

#include <unistd.h>

#include <utility>

namespace signalbox::storage::testing {

namespace {

rocksdb::IOStatus failure(Faults::Kind kind) {
  if (kind == Faults::Kind::no_space) return rocksdb::IOStatus::NoSpace("No space left on device");
  return rocksdb::IOStatus::IOError("Input/output error");
}

bool is_wal(const std::string& path) { return path.ends_with(".log"); }

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path,
             std::shared_ptr<Faults> faults)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        faults_(std::move(faults)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    auto status = faults_->before_change(false);
    if (!status.ok()) return half_written(data, options, context, std::move(status));
    status = rocksdb::FSWritableFileOwnerWrapper::Append(data, options, context);
    if (status.ok()) size_ += data.size();
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    if (is_wal(path_)) faults_->before_wal_sync();
    const auto size = size_;
    auto status = faults_->before_change(true);
    if (!status.ok()) return status;
    status = rocksdb::FSWritableFileOwnerWrapper::Sync(options, context);
    if (status.ok()) faults_->synced(path_, size);
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  // A disk that fails a write may have taken part of it.
  rocksdb::IOStatus half_written(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context, rocksdb::IOStatus failure) {
    const rocksdb::Slice half(data.data(), data.size() / 2);
    FSWritableFileOwnerWrapper::Append(half, options, context).PermitUncheckedError();
    return failure;
  }

  const std::string path_;
  const std::shared_ptr<Faults> faults_;
  std::uint64_t size_ = 0;
};

}  // namespace

void Faults::fail_from_call(std::uint64_t k, Kind kind) {
  const std::lock_guard lock(mutex_);
  call_count_ = 0;
  fail_from_ = k;
  kind_ = kind;
}

void Faults::fail_syncs(Kind kind) {
  const std::lock_guard lock(mutex_);
  failing_syncs_ = kind;
}

std::uint64_t Faults::call_count() const {
  const std::lock_guard lock(mutex_);
  return call_count_;
}

void Faults::block_wal_syncs(bool blocked) {
  {
    const std::lock_guard lock(mutex_);
    blocked_ = blocked;
  }
  changed_.notify_all();
}

void Faults::wait_until_blocked() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_; });
}

void Faults::claim_free_bytes(std::optional<std::uint64_t> free) {
  const std::lock_guard lock(mutex_);
  free_ = free;
}

std::optional<std::uint64_t> Faults::claimed_free_bytes() const {
  const std::lock_guard lock(mutex_);
  return free_;
}

void Faults::fail_table_files(Kind kind) {
  const std::lock_guard lock(mutex_);
  failing_tables_ = kind;
}

rocksdb::IOStatus Faults::before_creation(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (failing_tables_ && path.ends_with(".sst")) return failure(*failing_tables_);
  }
  return before_change(false);
}

rocksdb::IOStatus Faults::before_change(bool is_sync) {
  const std::lock_guard lock(mutex_);
  ++call_count_;
  if (is_sync && failing_syncs_) return failure(*failing_syncs_);
  if (fail_from_ && call_count_ >= *fail_from_) return failure(kind_);
  return rocksdb::IOStatus::OK();
}

void Faults::before_wal_sync() {
  std::unique_lock lock(mutex_);
  if (!blocked_) return;
  waiting_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !blocked_; });
  waiting_ = false;
}

void Faults::synced(const std::string& path, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  synced_sizes_[path] = size;
}

void Faults::renamed(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = synced_sizes_.find(from);
  if (found == synced_sizes_.end()) return;
  const auto size = found->second;
  synced_sizes_.erase(found);
  synced_sizes_[to] = size;
}

void Faults::forgotten(const std::string& path) {
  const std::lock_guard lock(mutex_);
  synced_sizes_.erase(path);
}

void Faults::cut_power() { cut_power_in_copy({}, {}); }

void Faults::cut_power_in_copy(const std::string& directory, const std::string& copy) {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, size] : synced_sizes_) {
    const auto cut = directory.empty() ? path : copy + path.substr(directory.size());
    // Files that were made and are gone again need no cut.
    (void)!::truncate(cut.c_str(), static_cast<off_t>(size));
  }
}

rocksdb::IOStatus FaultyFileSystem::NewWritableFile(const std::string& path,
                                                    const rocksdb::FileOptions& options,
                                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                    rocksdb::IODebugContext* context) {
  auto status = faults_->before_creation(path);
  if (!status.ok()) return status;
  status = FileSystemWrapper::NewWritableFile(path, options, file, context);
  if (!status.ok()) return status;
  faults_->synced(path, 0);
  *file = std::make_unique<FaultyFile>(std::move(*file), path, faults_);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::ReuseWritableFile(
    const std::string& path, const std::string& old_path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* context) {
  auto status = faults_->before_change(false);
  if (!status.ok()) return status;
  status = FileSystemWrapper::ReuseWritableFile(path, old_path, options, file, context);
  if (!status.ok()) return status;
  faults_->renamed(old_path, path);
  *file = std::make_unique<FaultyFile>(std::move(*file), path, faults_);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                               const rocksdb::IOOptions& options,
                                               rocksdb::IODebugContext* context) {
  auto status = faults_->before_change(false);
  if (!status.ok()) return status;
  status = FileSystemWrapper::RenameFile(from, to, options, context);
  if (status.ok()) faults_->renamed(from, to);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::DeleteFile(const std::string& path,
                                               const rocksdb::IOOptions& options,
                                               rocksdb::IODebugContext* context) {
  auto status = faults_->before_change(false);
  if (!status.ok()) return status;
  status = FileSystemWrapper::DeleteFile(path, options, context);
  if (status.ok()) faults_->forgotten(path);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::GetFreeSpace(const std::string& path,
                                                 const rocksdb::IOOptions& options,
                                                 std::uint64_t* free,
                                                 rocksdb::IODebugContext* context) {
  const auto claimed = faults_->claimed_free_bytes();
  if (!claimed) return FileSystemWrapper::GetFreeSpace(path, options, free, context);
  *free = *claimed;
  return rocksdb::IOStatus::OK();
}

}  // namespace signalbox::storage::testing
