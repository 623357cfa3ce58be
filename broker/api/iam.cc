#include "broker/api/iam.h"

#include <algorithm>

#include "broker/api/sts.h"

namespace signalbox::broker::api {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// \w and these.
bool is_word_text(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || c == '_' || others.find(c) != std::string_view::npos;
  });
}

bool all_between(std::string_view text, char first, char last) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= last; });
}

// Calls fits(code point) for each of a text that is valid UTF-8, until it says no.
template <class Fits>
bool all_code_points(std::string_view text, Fits&& fits) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
    }
    if (!fits(point)) return false;
    i += length;
  }
  return true;
}

bool is_blank_or_latin(char32_t point, char32_t gap_first, char32_t gap_last) {
  const bool is_blank = point == '\t' || point == '\n' || point == '\r';
  const bool is_in_gap = point >= gap_first && point <= gap_last;
  return is_blank || (point >= ' ' && point <= 0xff && !is_in_gap);
}

}  // namespace

namespace iam {

bool is_name(std::string_view text) { return !text.empty() && is_word_text(text, "+=,.@-"); }

bool is_path(std::string_view text) {
  if (text == "/") return true;
  return text.size() > 2 && text.front() == '/' && text.back() == '/' &&
         all_between(text, '\x21', '\x7e');
}

bool is_path_prefix(std::string_view text) {
  return text.starts_with('/') && all_between(text, '\x21', '\x7f');
}

bool is_policy_path(std::string_view text) {
  return text.starts_with('/') && text.ends_with('/') &&
         text.find("//") == std::string_view::npos && is_word_text(text, "/.,+@=-");
}

bool is_document(std::string_view text) {
  return !text.empty() &&
         all_code_points(text, [](char32_t point) { return is_blank_or_latin(point, 1, 0); });
}

bool is_description(std::string_view text) {
  return all_code_points(text, [](char32_t point) { return is_blank_or_latin(point, 0x7f, 0xa0); });
}

bool is_marker(std::string_view text) {
  return !text.empty() &&
         all_code_points(text, [](char32_t point) { return point >= ' ' && point <= 0xff; });
}

bool is_version(std::string_view text) {
  if (!text.starts_with('v')) return false;
  const auto dot = std::min(text.find('.'), text.size());
  const auto number = text.substr(1, dot - 1);
  const auto rest = text.substr(std::min(dot + 1, text.size()));
  return !number.empty() && number.front() != '0' && all_between(number, '0', '9') &&
         std::all_of(rest.begin(), rest.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// What is not ASCII is taken for letters, numbers and spaces: nearly all of it is.
bool is_tag_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || is_word_text({&c, 1}, " .:/=+-@");
  });
}

}  // namespace iam

namespace sts {

bool is_session_name(std::string_view text) { return is_word_text(text, "+=,.@-"); }
bool is_external_id(std::string_view text) { return is_word_text(text, "+=,.@:/-"); }
bool is_serial_number(std::string_view text) { return is_word_text(text, "+=/:,.@-"); }
bool is_token_code(std::string_view text) { return all_between(text, '0', '9'); }

bool is_arn_text(std::string_view text) {
  return !text.empty() && all_code_points(text, [](char32_t point) {
    const bool is_blank = point == '\t' || point == '\n' || point == '\r' || point == 0x85;
    return is_blank || (point >= ' ' && point < 0x7f) ||
           (point >= 0xa0 && point != 0xfffe && point != 0xffff);
  });
}

}  // namespace sts

}  // namespace signalbox::broker::api
