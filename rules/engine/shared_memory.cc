#include "rules/engine/shared_memory.h"

#include <cstdlib>
#include <new>

namespace signalbox::rules::engine {

// One generation after the other: a chain of a million must not nest a million destructors.
Generation::~Generation() {
  for (const auto& [block, destroy] : retired_) destroy(block);
  thread_local std::vector<std::shared_ptr<Generation>>* pending = nullptr;
  if (pending != nullptr) {
    pending->push_back(std::move(next_));
    return;
  }
  std::vector<std::shared_ptr<Generation>> following;
  pending = &following;
  following.push_back(std::move(next_));
  while (!following.empty()) {
    const auto last_owner = std::move(following.back());
    following.pop_back();
  }
  pending = nullptr;
}

BlockHeader* SharedMemory::allocate(std::size_t size_bytes) {
  auto* block = static_cast<BlockHeader*>(std::calloc(1, size_bytes));
  if (block == nullptr) throw std::bad_alloc();
  block->epoch = epoch_;
  block->size_bytes = static_cast<std::uint32_t>(size_bytes);
  used_bytes_ += size_bytes;
  return block;
}

BlockHeader* SharedMemory::copy(const BlockHeader* block, std::size_t size_bytes) {
  auto* copied = static_cast<BlockHeader*>(std::malloc(size_bytes));
  if (copied == nullptr) throw std::bad_alloc();
  std::memcpy(static_cast<void*>(copied), block, size_bytes);
  copied->epoch = epoch_;
  copied->size_bytes = static_cast<std::uint32_t>(size_bytes);
  used_bytes_ += size_bytes;
  return copied;
}

void SharedMemory::retire(BlockHeader* block, Destroy destroy) {
  used_bytes_ -= block->size_bytes;
  if (is_private(block)) {
    destroy(block);
  } else {
    generation_->retired_.emplace_back(block, destroy);
  }
}

std::shared_ptr<const Generation> SharedMemory::take_snapshot() {
  auto seen = std::move(generation_);
  generation_ = std::make_shared<Generation>();
  seen->next_ = generation_;
  ++epoch_;
  return seen;
}

void SharedMemory::free_block(BlockHeader* block) { std::free(block); }

}  // namespace signalbox::rules::engine
