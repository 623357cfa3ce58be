#include "storage/memory_store.h"

#include <iterator>
#include <limits>
#include <utility>

namespace signalbox::storage {

namespace {

// An empty batch waits too: it must count, or empty ones could queue up without bound.
constexpr std::size_t waiting_overhead_bytes = 64;

ReadStatus find(const MemoryStore::Contents& contents, std::string_view key, std::string& value) {
  const auto found = contents.find(key);
  if (found == contents.end()) return ReadStatus::absent;
  value = found->second;
  return ReadStatus::found;
}

class MemoryView final : public View {
 public:
  MemoryView(std::shared_ptr<const MemoryStore::Contents> contents, std::mutex& mutex)
      : contents_(std::move(contents)), mutex_(mutex) {}
  // Under the lock: whoever then finds the contents unshared writes them in place, and must do so
  // after the last read of this view.
  ~MemoryView() override {
    const std::lock_guard lock(mutex_);
    contents_.reset();
  }
  MemoryView(const MemoryView&) = delete;
  MemoryView& operator=(const MemoryView&) = delete;

  ReadStatus get(std::string_view key, std::string& value) const override {
    return find(*contents_, key, value);
  }

  bool scan(std::string_view first, std::string_view past_last, Direction direction,
            const Visit& visit) const override {
    if (first >= past_last) return true;
    const auto begin = contents_->lower_bound(first);
    const auto end = contents_->lower_bound(past_last);
    if (direction == Direction::forward) {
      for (auto at = begin; at != end && visit(at->first, at->second);) ++at;
    } else {
      for (auto at = end; at != begin;) {
        --at;
        if (!visit(at->first, at->second)) break;
      }
    }
    return true;
  }

 private:
  std::shared_ptr<const MemoryStore::Contents> contents_;
  std::mutex& mutex_;
};

}  // namespace

MemoryStore::MemoryStore(Options options)
    : completing_(options.completing),
      queue_bytes_max_(options.queue_bytes_max),
      contents_(std::make_shared<Contents>(std::move(options.contents))) {}

void MemoryStore::commit(Batch batch, Durability, Completion done) {
  {
    const std::lock_guard lock(mutex_);
    ++commit_count_;
    waiting_bytes_ += batch.size_bytes() + waiting_overhead_bytes;
    waiting_.push_back({std::move(batch), std::move(done)});
  }
  if (completing_ == Completing::at_once) pump();
}

bool MemoryStore::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_ < queue_bytes_max_;
}

std::unique_ptr<View> MemoryStore::view() const {
  const std::lock_guard lock(mutex_);
  return std::make_unique<MemoryView>(contents_, mutex_);
}

ReadStatus MemoryStore::get(std::string_view key, ReadTier tier, std::string& value) const {
  const std::lock_guard lock(mutex_);
  if (tier == ReadTier::memory && cache_forgotten_) return ReadStatus::not_cached;
  return find(*contents_, key, value);
}

std::string MemoryStore::checkpoint(const std::string&) {
  return "a store in memory has no files to copy";
}

std::size_t MemoryStore::pump() { return pump(std::numeric_limits<std::size_t>::max()); }

std::size_t MemoryStore::pump(std::size_t count) {
  std::unique_lock lock(mutex_);
  // Called by a completion, or while another thread pumps: whoever pumps already takes it in turn.
  if (pumping_) return 0;
  pumping_ = true;
  std::size_t completed_count = 0;
  while (completed_count < count && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.batch.size_bytes() + waiting_overhead_bytes;
    write(next.batch);
    ++completed_count;
    lock.unlock();
    if (next.done) next.done(Outcome::committed);
    lock.lock();
  }
  pumping_ = false;
  return completed_count;
}

void MemoryStore::write(const Batch& batch) {
  if (batch.empty()) return;
  if (contents_.use_count() > 1) contents_ = std::make_shared<Contents>(*contents_);
  batch.for_each([this](const Batch::Op& op) {
    switch (op.kind) {
      case Batch::Kind::put: contents_->insert_or_assign(std::string(op.key), op.value); break;
      case Batch::Kind::erase: {
        const auto found = contents_->find(op.key);
        if (found != contents_->end()) contents_->erase(found);
        break;
      }
      case Batch::Kind::erase_range:
        if (op.key < op.value) {
          contents_->erase(contents_->lower_bound(op.key), contents_->lower_bound(op.value));
        }
        break;
    }
  });
}

std::size_t MemoryStore::waiting_count() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::size_t MemoryStore::commit_count() const {
  const std::lock_guard lock(mutex_);
  return commit_count_;
}

MemoryStore::Contents MemoryStore::contents() const {
  const std::lock_guard lock(mutex_);
  return *contents_;
}

void MemoryStore::forget_cache(bool forgotten) {
  const std::lock_guard lock(mutex_);
  cache_forgotten_ = forgotten;
}

}  // namespace signalbox::storage
