// Empties a buffer that is kept from event to event, and gives the memory of an unusually large
// event back.
#pragma once

#include <cstddef>
#include <vector>

namespace signalbox::rules {

constexpr std::size_t kept_entries_max = 16 * 1024;

template <class T>
void reuse(std::vector<T>& entries) {
  entries.clear();
  if (entries.capacity() > kept_entries_max) entries.shrink_to_fit();
}

}  // namespace signalbox::rules
