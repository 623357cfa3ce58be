#include "broker/delays.h"

#include <iterator>

namespace signalbox::broker {

void Delays::add(const DueEntry& entry) {
  if (complete_ || entry < unknown_from_) {
    known_.insert(entry);
    trim();
    return;
  }
  // On disk only; a read under way may or may not see it, so it is merged when that ends.
  if (loading_) added_while_loading_.push_back(entry);
}

void Delays::trim() {
  while (known_.size() > count_max_) {
    const auto last = std::prev(known_.end());
    unknown_from_ = *last;
    complete_ = false;
    // A read under way starts past this entry: it would be lost between the two.
    if (loading_) added_while_loading_.push_back(*last);
    known_.erase(last);
  }
}

void Delays::loaded(const std::vector<DueEntry>& rows, bool reached_end) {
  loading_ = false;
  known_.insert(rows.begin(), rows.end());
  complete_ = reached_end;
  if (!reached_end && !rows.empty()) {
    // Everything up to and including the last row is known now.
    unknown_from_ = rows.back();
    ++unknown_from_.sequence;
  }
  for (const auto& entry : added_while_loading_) {
    if (complete_ || entry < unknown_from_) known_.insert(entry);
  }
  added_while_loading_.clear();
  trim();
}

void Delays::reset_to_disk() {
  known_.clear();
  added_while_loading_.clear();
  unknown_from_ = {};
  complete_ = false;
  loading_ = false;
}

}  // namespace signalbox::broker
