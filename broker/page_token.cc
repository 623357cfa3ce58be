#include "broker/page_token.h"

#include "broker/base64.h"

namespace signalbox::broker {

namespace {
constexpr std::string_view marker = "after:";
}

std::string make_page_token(std::string_view last_name) {
  std::string token;
  append_base64(token, std::string(marker) + std::string(last_name));
  return token;
}

std::optional<std::string> read_page_token(std::string_view token) {
  const auto plain = decode_base64(token);
  if (!plain || !plain->starts_with(marker)) return std::nullopt;
  return plain->substr(marker.size());
}

}  // namespace signalbox::broker
