#include "broker/context.h"

namespace signalbox::broker {

const std::optional<std::string>* Fetched::get(std::string_view key) {
  const auto at = values_.find(key);
  if (at != values_.end()) return &at->second;
  wanted_.emplace_back(key);
  return nullptr;
}

std::vector<std::string> Fetched::all_keys() const {
  std::vector<std::string> keys = wanted_;
  for (const auto& [key, value] : values_) keys.push_back(key);
  return keys;
}

void Fetched::lay_in(std::string key, std::optional<std::string> value) {
  values_[std::move(key)] = std::move(value);
}

void Fetched::clear() {
  wanted_.clear();
  values_.clear();
  wanted_reading_.reset();
  reading_.reset();
}

void Fetched::forget(std::string_view key) {
  const auto at = values_.find(key);
  if (at != values_.end()) at->second.reset();
}

}  // namespace signalbox::broker
