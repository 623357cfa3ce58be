#include "broker/page_token.h"

#include <openssl/evp.h>

namespace signalbox::broker {

namespace {
constexpr std::string_view marker = "after:";
}

std::string make_page_token(std::string_view last_name) {
  const std::string plain = std::string(marker) + std::string(last_name);
  std::string token((plain.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(token.data()),
                                     reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
  token.resize(static_cast<std::size_t>(length));
  return token;
}

std::optional<std::string> read_page_token(std::string_view token) {
  if (token.empty() || token.size() % 4 != 0 || token.size() > 4096) return std::nullopt;
  std::string plain(token.size(), '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                     reinterpret_cast<const unsigned char*>(token.data()),
                                     static_cast<int>(token.size()));
  if (length < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as bytes.
  plain.resize(static_cast<std::size_t>(length) - (token[token.size() - 1] == '=') -
               (token[token.size() - 2] == '='));
  if (!plain.starts_with(marker)) return std::nullopt;
  return plain.substr(marker.size());
}

}  // namespace signalbox::broker
