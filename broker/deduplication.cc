#include "broker/deduplication.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <cstring>
#include <string>

namespace signalbox::broker {

DeduplicationDigest deduplication_digest(std::string_view group_id, std::string_view id) {
  // The length in front keeps ("a", "bc") and ("ab", "c") apart.
  const std::string text = fmt::format("{}:{}{}", group_id.size(), group_id, id);
  unsigned char whole[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), whole);
  DeduplicationDigest digest;
  std::memcpy(digest.data(), whole, digest.size());
  return digest;
}

std::string content_deduplication_id(std::string_view body) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sequence_number_text(std::uint64_t sequence) { return fmt::format("{:020}", sequence); }

std::size_t Deduplication::Hash::operator()(const DeduplicationDigest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

const Acceptance* Deduplication::find(const DeduplicationDigest& digest,
                                      std::int64_t now_ms) const {
  const auto at = known_.find(digest);
  return at != known_.end() && at->second.is_recent(now_ms) ? &at->second : nullptr;
}

bool Deduplication::is_complete(std::int64_t now_ms) const {
  return !Acceptance{.at_ms = complete_since_ms_}.is_recent(now_ms);
}

void Deduplication::add(const DeduplicationDigest& digest, const Acceptance& acceptance,
                        std::size_t count_max) {
  latest_ms_ = acceptance.at_ms;
  known_[digest] = acceptance;
  by_age_.emplace_back(acceptance.at_ms, digest);
  const std::int64_t now_ms = acceptance.at_ms;
  while (!by_age_.empty()) {
    const auto& [at_ms, oldest] = by_age_.front();
    const bool is_recent = Acceptance{.at_ms = at_ms}.is_recent(now_ms);
    if (is_recent && by_age_.size() <= count_max) break;
    const auto known = known_.find(oldest);
    // Accepted again since, it has a younger entry.
    if (known != known_.end() && known->second.at_ms == at_ms) known_.erase(known);
    if (is_recent) complete_since_ms_ = at_ms + 1;
    by_age_.pop_front();
  }
}

}  // namespace signalbox::broker
