#include "protocol/query_codec.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "broker/base64.h"

namespace signalbox::protocol {

namespace {

DecodeError syntax_error(std::string detail) {
  return {.message = "The query string contains a syntax error.", .detail = std::move(detail)};
}

constexpr std::uint8_t no_digit = 0xff;
constexpr std::array<std::uint8_t, 256> hex_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = 10 + i;
  return values;
}();

// Bodies are often more escapes than text.
bool decode_escapes(std::string_view text, bool plus_is_space, std::string& out) {
  out.resize(text.size());
  char* to = out.data();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char c = *at++;
    if (c != '%') {
      *to++ = c == '+' && plus_is_space ? ' ' : c;
      continue;
    }
    if (end - at < 2) return false;
    const std::uint8_t high = hex_values[static_cast<unsigned char>(at[0])];
    const std::uint8_t low = hex_values[static_cast<unsigned char>(at[1])];
    if (high == no_digit || low == no_digit) return false;
    *to++ = static_cast<char>(high << 4 | low);
    at += 2;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return true;
}

}  // namespace

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  return decode_escapes(text, plus_is_space, out) && simdjson::validate_utf8(out);
}

namespace {

std::optional<DecodeError> parse_form(std::string_view text,
                                      std::vector<QueryParameter>& parameters) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (parameters.size() == QueryParameters::parameter_count_max) {
      return syntax_error("too many parameters");
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto& parameter = parameters.emplace_back();
    if (!percent_decode(pair.substr(0, equals), true, parameter.name) ||
        !percent_decode(pair.substr(std::min(equals + 1, pair.size())), true, parameter.value)) {
      return syntax_error("a malformed percent escape, or text that is not UTF-8");
    }
  }
  return std::nullopt;
}

// Segment by segment, so that everything under a prefix of segments stands together.
bool name_less(std::string_view left, std::string_view right) {
  const auto rank = [](char c) { return c == '.' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [&](char a, char b) { return rank(a) < rank(b); });
}

bool by_name(const QueryParameter& left, const QueryParameter& right) {
  return name_less(left.name, right.name);
}

// A number an entry may have. Longer ones are names of something else.
std::optional<std::size_t> entry_number(std::string_view segment) {
  constexpr std::size_t digits_max = 9;
  if (segment.empty() || segment.size() > digits_max) return std::nullopt;
  std::size_t number = 0;
  const auto [end, error] =
      std::from_chars(segment.data(), segment.data() + segment.size(), number);
  if (error != std::errc() || end != segment.data() + segment.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<DecodeError> QueryParameters::parse(std::string_view body,
                                                  std::string_view query_string,
                                                  QueryParameters& out) {
  out.parameters_.clear();
  if (auto error = parse_form(body, out.parameters_)) return error;
  if (auto error = parse_form(query_string, out.parameters_)) return error;
  std::stable_sort(out.parameters_.begin(), out.parameters_.end(), by_name);
  return std::nullopt;
}

std::optional<std::string_view> QueryParameters::find(std::string_view name) const {
  const auto found = std::lower_bound(parameters_.begin(), parameters_.end(), name,
                                      [](const QueryParameter& each, std::string_view wanted) {
                                        return name_less(each.name, wanted);
                                      });
  if (found == parameters_.end() || found->name != name) return std::nullopt;
  return found->value;
}

void QueryParameters::set_default(std::string name, std::string value) {
  if (find(name)) return;
  QueryParameter parameter{std::move(name), std::move(value)};
  const auto place = std::upper_bound(parameters_.begin(), parameters_.end(), parameter, by_name);
  parameters_.insert(place, std::move(parameter));
}

std::optional<std::string> queue_url_of_path(std::string_view path, std::string_view base_url) {
  std::string decoded;
  if (!percent_decode(path, true, decoded)) return std::nullopt;
  std::string_view rest = decoded;
  if (rest.starts_with("/queue/")) {
    const auto region_end = rest.find('/', std::string_view("/queue/").size());
    if (region_end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(region_end);
  }
  constexpr std::size_t account_digits = 12;
  if (rest.size() < account_digits + 3 || rest[0] != '/' || rest[account_digits + 1] != '/') {
    return std::nullopt;
  }
  const auto account = rest.substr(1, account_digits);
  const auto name = rest.substr(account_digits + 2);
  const bool is_account = account.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_account || name.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(base_url) + decoded;
}

namespace query {

std::string_view Node::segment(const QueryParameter& parameter) const {
  const std::string_view rest = std::string_view(parameter.name).substr(offset_);
  return rest.substr(0, rest.find('.'));
}

std::optional<std::string_view> Node::value() const {
  // Among equal names the first came first in the request.
  if (empty() || offset_ == 0 || first_->name.size() + 1 != offset_) return std::nullopt;
  return first_->value;
}

Node Node::child(std::string_view name) const {
  // Parameters that end at this node have no segment here; they come first.
  const auto ends_here = [&](const QueryParameter& each) { return each.name.size() < offset_; };
  const auto begin = std::partition_point(first_, last_, ends_here);
  const auto first = std::partition_point(
      begin, last_, [&](const QueryParameter& each) { return segment(each) < name; });
  const auto last = std::partition_point(
      first, last_, [&](const QueryParameter& each) { return segment(each) == name; });
  return Node(first, last, offset_ + name.size() + 1);
}

Node Node::child(std::initializer_list<std::string_view> names) const {
  Node found(last_, last_, offset_);
  for (const auto name : names) {
    found = child(name);
    if (!found.empty()) break;
  }
  return found;
}

std::vector<Node::Entry> Node::numbered() const {
  std::vector<Entry> entries;
  auto at = std::partition_point(
      first_, last_, [&](const QueryParameter& each) { return each.name.size() < offset_; });
  while (at != last_) {
    const Node node = child(segment(*at));
    if (const auto number = entry_number(segment(*at))) {
      entries.push_back({std::max<std::size_t>(*number, 1), node});
    }
    at = node.last_;
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    return left.number < right.number;
  });
  return entries;
}

std::vector<Node::Entry> Node::entries(std::string_view wrapper) const {
  auto entries = numbered();
  if (entries.empty()) entries = child(wrapper).numbered();
  if (entries.empty() && value() != "") entries.push_back({1, *this});
  return entries;
}

void Reader::add_missing(const MemberPath& member, bool entries) {
  broker::add_missing(missing, member, entries);
}

// In the words of the JSON wire: it is the same framework behind both.
bool Reader::refuse(std::string_view wanted) {
  error = DecodeError{.message = fmt::format("STRING_VALUE can not be converted to {}", wanted),
                      .detail = {}};
  return false;
}

bool read(Reader& reader, Node node, const MemberPath& at, std::string& out) {
  const auto text = node.value();
  if (text) {
    out.assign(*text);
  } else {
    reader.add_missing(at, false);
  }
  return true;
}

bool read(Reader& reader, Node node, const MemberPath&, bool& out) {
  const auto text = node.value();
  if (text != "true" && text != "false") return reader.refuse("a Boolean");
  out = text == "true";
  return true;
}

bool read(Reader& reader, Node node, const MemberPath&, std::int64_t& out) {
  const std::string_view text = node.value().value_or("");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return reader.refuse("an Integer");
  }
  return true;
}

bool read(Reader& reader, Node node, const MemberPath&, double& out) {
  const std::string_view text = node.value().value_or("");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return reader.refuse("a Double");
  }
  return true;
}

bool read(Reader& reader, Node node, const MemberPath&, broker::api::Blob& out) {
  auto bytes = broker::decode_base64(node.value().value_or(""));
  if (!bytes) return reader.refuse("a Blob");
  out.bytes = std::move(*bytes);
  return true;
}

bool read(Reader& reader, Node node, const MemberPath&, broker::api::Timestamp& out) {
  const auto time = parse_rfc3339(node.value().value_or(""));
  if (!time) return reader.refuse("milliseconds since epoch");
  out = *time;
  return true;
}

void append_text(std::string& out, const std::string& text) { append_xml_text(out, text); }
void append_text(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_text(std::string& out, std::int64_t value) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}
void append_text(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void append_text(std::string& out, const broker::api::Blob& value) {
  broker::append_base64(out, value.bytes);
}
// In whole seconds, as these services count.
void append_text(std::string& out, const broker::api::Timestamp& value) {
  append_rfc3339(out, value);
  constexpr std::string_view fraction = ".000Z";
  out.replace(out.size() - fraction.size(), fraction.size(), "Z");
}
void append_text(std::string& out, const broker::api::IsoTimestamp& value) {
  append_text(out, broker::api::Timestamp{value.ms});
}

void begin_reply(const Writer& to, std::string_view action) {
  to.out += R"(<?xml version="1.0"?><)";
  to.out += action;
  to.out += R"(Response xmlns=")";
  to.out += to.dialect.xml_namespace;
  to.out += R"(">)";
}

void end_reply(const Writer& to, std::string_view action, std::string_view request_id) {
  to.out += "<ResponseMetadata>";
  append_xml_element(to.out, "RequestId", request_id);
  to.out += "</ResponseMetadata></";
  to.out += action;
  to.out += "Response>";
}

}  // namespace query

}  // namespace signalbox::protocol
