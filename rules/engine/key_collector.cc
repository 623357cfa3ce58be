#include "rules/engine/key_collector.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "rules/engine/condition.h"
#include "rules/engine/test_codes.h"
#include "rules/ip_range.h"
#include "rules/utf8.h"

namespace signalbox::rules::engine {

namespace {

constexpr std::size_t kept_lookups_max = 16 * 1024;
constexpr std::size_t kept_bytes_max = 256 * 1024;

}  // namespace

std::span<Lookup> KeyCollector::collect(const NameTree& names, EventWalker& event) {
  if (lookup_capacity_ > kept_lookups_max) {
    lookups_.reset();
    lookup_capacity_ = 0;
  }
  lookup_count_ = 0;
  long_addresses_.clear();
  folded_.clear();
  if (folded_.capacity() > kept_bytes_max) folded_.shrink_to_fit();
  // Never longer than all values together, so that keys can point into it.
  folded_.reserve(event.value_bytes());
  value_ = no_value;
  if (names.node(root_node).probes != nullptr)
    add_bytes(key_space(root_node, KeyKind::always, 0), "");
  std::uint32_t at = 0;
  for (EventValue& value : event.values()) {
    value_ = at++;
    if (value.path->probes != nullptr) collect_value(value, *value.path);
  }
  return {lookups_.get(), lookup_count_};
}

void KeyCollector::collect_value(EventValue& value, const NameTree::Node& node) {
  const bool is_string = value.is_string();
  folded_value_ = nullptr;
  address_.is_read = false;
  const Probe* const end = node.probes->entries + node.probes->header.count;
  for (const Probe* probe = node.probes->entries; probe != end; ++probe) {
    if (probe->kind <= KeyKind::folded_suffix) {
      if (probe->parameter > value.size_bytes || (!is_string && probe->kind != KeyKind::text)) {
        continue;
      }
      collect_text(value, *probe);
      continue;
    }
    switch (probe->kind) {
      case KeyKind::number:
      case KeyKind::block:
        if (!is_string) add_number(value, *probe);
        break;
      case KeyKind::present:
        // Once for the path: with the value that was found first.
        if (value.next == no_value) add_bytes(probe->space, "").value = no_value;
        break;
      case KeyKind::cidr:
        if (is_string) add_address(value, *probe);
        break;
      case KeyKind::gram:
        if (is_string) add_grams(value, *probe);
        break;
      default: break;
    }
  }
}

inline void KeyCollector::collect_text(const EventValue& value, const Probe& probe) {
  const std::string_view text = value.text();
  const std::uint32_t size = probe.parameter;
  switch (probe.kind) {
    case KeyKind::text: {
      if (probe.may_have(feature_of_text(text))) add_bytes(probe.space, text);
      return;
    }
    case KeyKind::prefix: {
      const auto prefix = text.substr(0, size);
      if (probe.may_have(feature_of_prefix(prefix))) {
        add_bytes(probe.space, prefix);
      }
      return;
    }
    case KeyKind::suffix: {
      const auto suffix = text.substr(text.size() - size);
      if (probe.may_have(feature_of_suffix(suffix))) {
        add_bytes(probe.space, suffix);
      }
      return;
    }
    case KeyKind::folded: return add_text(probe, folded(value));
    case KeyKind::folded_prefix: return add_text(probe, folded(value).substr(0, size));
    case KeyKind::folded_suffix: return add_text(probe, folded(value).substr(text.size() - size));
    default: return;
  }
}

void KeyCollector::add_text(const Probe& probe, std::string_view bytes) {
  if (probe.may_have(feature_of_key(probe.kind, bytes))) {
    add_bytes(probe.space, bytes);
  }
}

Lookup& KeyCollector::add_bytes(std::uint64_t space, std::string_view bytes) {
  if (lookup_count_ == lookup_capacity_) grow();
  Lookup& lookup = lookups_[lookup_count_++];
  lookup.hash = hash_key(space, bytes);
  lookup.bytes = bytes.data();
  lookup.space = space;
  lookup.size_bytes = static_cast<std::uint32_t>(bytes.size());
  lookup.tried = 0;
  lookup.value = value_;
  lookup.is_word = false;
  return lookup;
}

void KeyCollector::grow() {
  const std::size_t capacity = std::max<std::size_t>(2 * lookup_capacity_, 256);
  auto grown = std::make_unique_for_overwrite<Lookup[]>(capacity);
  std::copy(lookups_.get(), lookups_.get() + lookup_count_, grown.get());
  lookups_ = std::move(grown);
  lookup_capacity_ = capacity;
}

void KeyCollector::add_word(const Probe& probe, std::uint64_t word, std::size_t size_bytes) {
  const std::string_view bytes(reinterpret_cast<const char*>(&word), size_bytes);
  if (!probe.may_have(feature_of_key(probe.kind, bytes))) return;
  Lookup& lookup = add_bytes(probe.space, bytes);
  lookup.word = word;
  lookup.is_word = true;
}

void KeyCollector::add_number(EventValue& value, const Probe& probe) {
  double number = 0;
  if (!value.looks_like_number() || !value.number.near(value.text(), number)) return;
  const std::uint64_t word = probe.kind == KeyKind::number
                                 ? std::bit_cast<std::uint64_t>(number)
                                 : number_order(number) >> probe.parameter;
  add_word(probe, word, sizeof word);
}

// Without the bits behind the block's.
void KeyCollector::add_address(const EventValue& value, const Probe& probe) {
  if (!address_.is_read) {
    const auto text = value.text().substr(1, value.size_bytes - 2);
    address_ = {.size_bytes = 4, .is_read = true};
    if (!read_plain_ipv4(text, address_.bytes)) {
      const auto bytes = parse_ip(text).value_or("");
      address_.size_bytes = static_cast<std::uint8_t>(bytes.size());
      std::copy(bytes.begin(), bytes.end(), address_.bytes);
    }
  }
  const std::uint32_t bits = probe.parameter;
  if (address_.size_bytes == 0 || address_.size_bytes * 8 < bits) return;
  const std::size_t size = (bits + 7) / 8;
  unsigned char masked[sizeof address_.bytes];
  std::copy(address_.bytes, address_.bytes + size, masked);
  if (bits % 8 != 0) masked[size - 1] &= static_cast<unsigned char>(0xFF00 >> bits % 8);
  std::uint64_t word = 0;
  if (size <= sizeof word) {
    std::memcpy(&word, masked, size);
    return add_word(probe, word, size);
  }
  long_addresses_.emplace_back(reinterpret_cast<const char*>(masked), size);
  add_text(probe, long_addresses_.back());
}

void KeyCollector::add_grams(const EventValue& value, const Probe& probe) {
  const NameTree::GramFilter& filter = *value.path->gram_filter;
  for (std::uint32_t i = 0; i + 4 <= value.size_bytes; ++i) {
    if (filter.has(NameTree::GramFilter::fold(load_4(value.data + i)))) {
      add_bytes(probe.space, {value.data + i, 4});
    }
  }
}

// The value in lower case.
std::string_view KeyCollector::folded(const EventValue& value) {
  if (folded_value_ != &value) {
    folded_value_ = &value;
    folded_.append(value.data, value.size_bytes);
    char* const end = folded_.data() + folded_.size();
    std::transform(end - value.size_bytes, end, end - value.size_bytes, fold);
  }
  return std::string_view(folded_).substr(folded_.size() - value.size_bytes);
}

}  // namespace signalbox::rules::engine
