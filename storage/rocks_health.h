// Internal to RocksStore: the first failure, which is final, and the last read error.
#pragma once

#include <rocksdb/listener.h>
#include <rocksdb/status.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "storage/rocks_store.h"

namespace signalbox::storage {

inline FailureKind failure_kind(const rocksdb::Status& status) {
  return status.IsNoSpace() ? FailureKind::no_space : FailureKind::io_error;
}

// Callable from any thread, RocksDB's own included.
class Health {
 public:
  void stop(FailureKind kind, std::string error) {
    const std::lock_guard lock(mutex_);
    if (kind_ != FailureKind::none) return;
    kind_ = kind;
    stop_error_ = std::move(error);
  }

  void read_failed(const rocksdb::Status& status) {
    const std::lock_guard lock(mutex_);
    read_error_ = "cannot read: " + status.ToString();
  }

  FailureKind kind() const {
    const std::lock_guard lock(mutex_);
    return kind_;
  }

  std::string error() const {
    const std::lock_guard lock(mutex_);
    return stop_error_.empty() ? read_error_ : stop_error_;
  }

 private:
  mutable std::mutex mutex_;
  FailureKind kind_ = FailureKind::none;
  std::string stop_error_;
  std::string read_error_;
};

// A flush or compaction that failed on one of RocksDB's threads stops the store like a failed
// write.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(std::shared_ptr<Health> health) : health_(std::move(health)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    health_->stop(failure_kind(*error), "cannot write: " + error->ToString());
  }

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error,
                            bool* auto_recovery) override {
    error.PermitUncheckedError();
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<Health> health_;
};

}  // namespace signalbox::storage
