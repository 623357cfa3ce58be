#include "rules/array_consistency.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace signalbox::rules {
namespace {

using Membership = EventFields::Membership;
using Iterator = std::vector<Membership>::const_iterator;

void sort_unique(std::vector<Membership>& memberships) {
  std::sort(memberships.begin(), memberships.end());
  memberships.erase(std::unique(memberships.begin(), memberships.end()), memberships.end());
}

// Calls visit for each of the sorted memberships that agrees with the elements taken, until it
// returns false. A membership goes from the outermost array in; an array that was not taken from
// has no arrays inside that were, so the search goes down one index per array and never over the
// others.
template <class Visit>
bool each_consistent(const Membership& taken, const std::vector<Membership>& sorted, Visit visit) {
  struct Range {
    Iterator first;
    Iterator last;
    std::size_t depth;  // how much of the membership they share
  };
  std::vector<Range> ranges{{sorted.begin(), sorted.end(), 0}};
  while (!ranges.empty()) {
    auto [first, last, depth] = ranges.back();
    ranges.pop_back();
    for (; first != last && first->size() == depth; ++first) {
      if (!visit(*first)) {
        return false;
      }
    }
    while (first != last) {
      const std::uint32_t array = (*first)[depth].first;
      const auto below = [depth = depth](const Membership& membership,
                                         std::pair<std::uint32_t, std::uint32_t> value) {
        return membership[depth] < value;
      };
      const auto array_end =
          std::lower_bound(first, last, std::pair(array + 1, std::uint32_t{0}), below);
      const auto element =
          std::lower_bound(taken.begin(), taken.end(), std::pair(array, std::uint32_t{0}));
      if (element != taken.end() && element->first == array) {
        const auto from = std::lower_bound(first, array_end, *element, below);
        const auto to =
            std::lower_bound(from, array_end, std::pair(array, element->second + 1), below);
        if (from != to) {
          ranges.push_back({from, to, depth + 1});
        }
      } else {
        for (auto it = first; it != array_end; ++it) {
          if (!visit(*it)) {
            return false;
          }
        }
      }
      first = array_end;
    }
  }
  return true;
}

}  // namespace

void ArrayConsistency::add(std::vector<Membership> matching, std::vector<Membership> present,
                           bool absent) {
  const auto step = static_cast<std::int64_t>(steps_.size());
  steps_.push_back({std::move(matching), {}, absent});
  note_use(steps_.back().matching, step);
  if (absent) {
    steps_.back().present = std::move(present);
    note_use(steps_.back().present, step);
  }
}

void ArrayConsistency::note_use(const std::vector<Membership>& memberships, std::int64_t step) {
  for (const Membership& membership : memberships) {
    for (const auto& [array, index] : membership) {
      first_use_[array] = std::min(first_use_[array], step);
      last_use_[array] = step;
    }
  }
}

// Forgets arrays that no other step has leaves in.
void ArrayConsistency::reduce(std::vector<Membership>& memberships, std::int64_t step) const {
  for (Membership& membership : memberships) {
    std::erase_if(membership, [&](const auto& entry) {
      return first_use_[entry.first] >= step && last_use_[entry.first] <= step;
    });
  }
  sort_unique(memberships);
}

// Both together, without the arrays of which no later step has leaves.
Membership ArrayConsistency::join(const Membership& taken, const Membership& added,
                                  std::int64_t step) const {
  Membership out;
  out.reserve(taken.size() + added.size());
  std::set_union(taken.begin(), taken.end(), added.begin(), added.end(), std::back_inserter(out));
  std::erase_if(out, [&](const auto& entry) { return last_use_[entry.first] <= step; });
  return out;
}

bool ArrayConsistency::holds() {
  std::vector<Membership> states{Membership{}};
  std::vector<Membership> next;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    const auto number = static_cast<std::int64_t>(i);
    const bool is_last = i + 1 == steps_.size();
    reduce(step.matching, number);
    reduce(step.present, number);
    next.clear();
    const auto take = [&](const Membership& state, const Membership& added) {
      next.push_back(join(state, added, number));
      return !is_last;  // one way is enough at the end
    };
    for (const Membership& state : states) {
      const bool none_agrees =
          step.absent &&
          each_consistent(state, step.present, [](const Membership&) { return false; });
      if (none_agrees) {
        take(state, Membership{});
      }
      each_consistent(state, step.matching,
                      [&](const Membership& added) { return take(state, added); });
      if (is_last && !next.empty()) {
        return true;
      }
    }
    sort_unique(next);
    if (next.empty()) {
      return false;
    }
    states.swap(next);
  }
  return true;
}

}  // namespace signalbox::rules
