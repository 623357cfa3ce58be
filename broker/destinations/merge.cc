#include "broker/destinations/merge.h"

#include <algorithm>

#include "broker/events_envelope.h"
#include "broker/json_path.h"

namespace signalbox::broker {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_header(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Where the path of a URL starts and ends.
std::pair<std::size_t, std::size_t> path_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end = std::min(url.find_first_of("?#", authority), url.size());
  const auto start = std::min(url.find('/', authority), end);
  return {start, end};
}

template <class IsSame>
void set(NamedValues& values, std::string_view name, std::string value, IsSame is_same) {
  const auto at = std::find_if(values.begin(), values.end(),
                               [&](const auto& each) { return is_same(each.first, name); });
  if (at == values.end()) {
    values.emplace_back(name, std::move(value));
  } else {
    at->second = std::move(value);
  }
}

}  // namespace

void set_value(NamedValues& values, std::string_view name, std::string value) {
  set(values, name, std::move(value), std::equal_to<std::string_view>());
}

void set_header(NamedValues& headers, std::string_view name, std::string value) {
  set(headers, name, std::move(value), is_same_header);
}

bool has_header(const NamedValues& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return is_same_header(header.first, name); });
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(digits[byte >> 4]);
    encoded.push_back(digits[byte & 15]);
  }
  return encoded;
}

std::optional<std::string> fill_wildcards(std::string_view url,
                                          const std::vector<std::string>& values) {
  const auto [start, end] = path_of(url);
  std::string filled(url.substr(0, start));
  auto next = values.begin();
  for (const char c : url.substr(start, end - start)) {
    if (c != '*') {
      filled.push_back(c);
    } else if (next == values.end()) {
      return std::nullopt;
    } else {
      filled += percent_encoded(*next++);
    }
  }
  filled += url.substr(end);
  return filled;
}

std::string form_encoded(const NamedValues& values) {
  std::string encoded;
  for (const auto& [name, value] : values) {
    if (!encoded.empty()) encoded.push_back('&');
    encoded.append(percent_encoded(name)).append("=").append(percent_encoded(value));
  }
  return encoded;
}

std::string with_query(std::string url, const NamedValues& values) {
  if (values.empty()) return url;
  const bool has_query = url.find('?') != std::string::npos;
  if (!has_query) {
    url.push_back('?');
  } else if (url.back() != '?' && url.back() != '&') {
    url.push_back('&');
  }
  return url + form_encoded(values);
}

std::string with_members(std::string body, const NamedValues& values) {
  if (values.empty() || !is_json_object(body)) return body;
  std::string merged = "{";
  const auto separate = [&] {
    if (merged.size() > 1) merged.push_back(',');
  };
  each_member(body, [&](std::string_view name, std::string_view value) {
    const std::string plain = decode_json_string(name);
    const bool is_replaced = std::any_of(values.begin(), values.end(),
                                         [&](const auto& each) { return each.first == plain; });
    if (is_replaced) return;
    separate();
    merged.append(name).append(":").append(value);
  });
  for (const auto& [name, value] : values) {
    separate();
    append_json_string(merged, name);
    merged.push_back(':');
    append_json_string(merged, value);
  }
  merged.push_back('}');
  return merged;
}

}  // namespace signalbox::broker
