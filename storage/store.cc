#include "storage/store.h"

namespace signalbox::storage {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::committed: return "committed";
    case Outcome::full: return "full";
    case Outcome::unavailable: return "unavailable";
    case Outcome::unknown: return "unknown";
    case Outcome::fenced: return "fenced";
  }
  return "invalid";
}

}  // namespace signalbox::storage
