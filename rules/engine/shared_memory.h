// Memory that snapshots share with the set they were taken of, while the set goes on changing.
//
// Everything a snapshot can see is in blocks. A block made since the last snapshot is private and
// is changed in place; any other is copied first and the old one retired: it is freed when the last
// snapshot that could see it is gone. So a snapshot costs no copying, a change copies what it
// touches, and readers never meet a lock or a count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace signalbox::rules::engine {

// Begins every block.
struct BlockHeader {
  std::uint64_t epoch;  // it was made in
  std::uint32_t size_bytes;
  std::uint32_t count;  // of whatever the block holds
};

// Owns what was retired between one snapshot and the next, and keeps all later generations, whose
// blocks an older snapshot may see too. The last owner may be any thread.
class Generation {
 public:
  Generation() = default;
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

 private:
  friend class SharedMemory;
  using Destroy = void (*)(BlockHeader*);
  std::vector<std::pair<BlockHeader*, Destroy>> retired_;
  std::shared_ptr<Generation> next_;
};

// Belongs to one thread, the set's.
class SharedMemory {
 public:
  using Destroy = void (*)(BlockHeader*);

  SharedMemory() : generation_(std::make_shared<Generation>()) {}

  // Zeroed, private, header filled in.
  BlockHeader* allocate(std::size_t size_bytes);
  BlockHeader* copy(const BlockHeader* block, std::size_t size_bytes);
  bool is_private(const BlockHeader* block) const { return block->epoch == epoch_; }
  // No longer part of the set.
  void retire(BlockHeader* block, Destroy destroy = free_block);

  // What keeps a snapshot taken now valid. Everything is shared from here on.
  std::shared_ptr<const Generation> take_snapshot();

  std::size_t used_bytes() const { return used_bytes_; }

  static void free_block(BlockHeader* block);

 private:
  std::shared_ptr<Generation> generation_;  // collects
  std::uint64_t epoch_ = 1;
  std::size_t used_bytes_ = 0;  // of blocks that are part of the set
};

// An array in blocks of 2^bits entries. Copying the object itself copies nothing: the copy is what
// a snapshot reads.
template <class T, unsigned bits = 6>
class SharedArray {
  static_assert(std::is_trivially_copyable_v<T>);
  static constexpr std::size_t chunk_size = std::size_t{1} << bits;
  struct Chunk {
    BlockHeader header;
    T entries[chunk_size];
  };
  struct Root {
    BlockHeader header;
    Chunk* chunks[1];
  };

 public:
  std::size_t size() const { return size_; }
  const T& operator[](std::size_t index) const {
    return root_->chunks[index >> bits]->entries[index & (chunk_size - 1)];
  }

  // For writing. The reference is good until the next snapshot.
  T& edit(SharedMemory& memory, std::size_t index) {
    make_private(memory);
    Chunk*& chunk = root_->chunks[index >> bits];
    if (!memory.is_private(&chunk->header)) {
      auto* copied = memory.copy(&chunk->header, sizeof(Chunk));
      memory.retire(&chunk->header);
      chunk = reinterpret_cast<Chunk*>(copied);
    }
    return chunk->entries[index & (chunk_size - 1)];
  }

  // New entries are zeroed.
  void resize(SharedMemory& memory, std::size_t size) {
    const std::size_t chunks = (size + chunk_size - 1) >> bits;
    if (root_ == nullptr || chunks > capacity()) grow(memory, chunks);
    make_private(memory);
    for (; root_->header.count < chunks; ++root_->header.count) {
      root_->chunks[root_->header.count] = reinterpret_cast<Chunk*>(memory.allocate(sizeof(Chunk)));
    }
    size_ = size;
  }

  void retire_all(SharedMemory& memory) {
    if (root_ == nullptr) return;
    for (std::uint32_t i = 0; i < root_->header.count; ++i)
      memory.retire(&root_->chunks[i]->header);
    memory.retire(&root_->header);
    root_ = nullptr;
    size_ = 0;
  }

 private:
  static std::size_t root_bytes(std::size_t chunks) {
    return sizeof(BlockHeader) + chunks * sizeof(Chunk*);
  }
  std::size_t capacity() const {
    return (root_->header.size_bytes - sizeof(BlockHeader)) / sizeof(Chunk*);
  }

  void make_private(SharedMemory& memory) {
    if (memory.is_private(&root_->header)) return;
    auto* copied = memory.copy(&root_->header, root_->header.size_bytes);
    memory.retire(&root_->header);
    root_ = reinterpret_cast<Root*>(copied);
  }

  void grow(SharedMemory& memory, std::size_t chunks) {
    const std::size_t doubled = root_ == nullptr ? 4 : 2 * capacity();
    auto* grown =
        reinterpret_cast<Root*>(memory.allocate(root_bytes(chunks > doubled ? chunks : doubled)));
    if (root_ != nullptr) {
      grown->header.count = root_->header.count;
      std::memcpy(grown->chunks, root_->chunks, root_->header.count * sizeof(Chunk*));
      memory.retire(&root_->header);
    }
    root_ = grown;
  }

  Root* root_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace signalbox::rules::engine
