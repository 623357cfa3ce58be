#include "broker/receipt_handle.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

namespace signalbox::broker {

namespace {

constexpr unsigned char version = 1;
constexpr std::size_t plain_bytes = 1 + 8 + 4 + 1 + 8 + 16 + 8;
constexpr std::size_t mac_bytes = 16;
constexpr std::size_t sealed_bytes = plain_bytes + mac_bytes;
constexpr std::size_t text_bytes = (sealed_bytes + 2) / 3 * 4;

void mac_of(const unsigned char* plain, const HandleKey& key, unsigned char* mac) {
  unsigned char full[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), plain, plain_bytes, full, &length);
  std::memcpy(mac, full, mac_bytes);
}

template <class T>
void put(unsigned char*& at, const T& value) {
  std::memcpy(at, &value, sizeof value);
  at += sizeof value;
}

template <class T>
T take(const unsigned char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

}  // namespace

std::string seal_handle(const ReceiptHandle& handle, const HandleKey& key) {
  unsigned char sealed[sealed_bytes];
  unsigned char* at = sealed;
  put(at, version);
  put(at, handle.ref.queue_id);
  put(at, handle.ref.generation);
  put(at, handle.ref.lane);
  put(at, handle.ref.sequence);
  put(at, handle.message_id);
  put(at, handle.receive_number);
  mac_of(sealed, key, at);
  std::string text(text_bytes, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), sealed, sealed_bytes);
  return text;
}

std::optional<ReceiptHandle> open_handle(std::string_view text, const HandleKey& key) {
  if (text.size() != text_bytes) return std::nullopt;
  unsigned char sealed[text_bytes];
  const int length = EVP_DecodeBlock(sealed, reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  // EVP_DecodeBlock counts padding as bytes.
  if (length < static_cast<int>(sealed_bytes)) return std::nullopt;
  unsigned char mac[mac_bytes];
  mac_of(sealed, key, mac);
  if (CRYPTO_memcmp(mac, sealed + plain_bytes, mac_bytes) != 0) return std::nullopt;
  const unsigned char* at = sealed;
  if (take<unsigned char>(at) != version) return std::nullopt;
  ReceiptHandle handle;
  handle.ref.queue_id = take<std::uint64_t>(at);
  handle.ref.generation = take<std::uint32_t>(at);
  handle.ref.lane = take<Lane>(at);
  handle.ref.sequence = take<std::uint64_t>(at);
  handle.message_id = take<IdBytes>(at);
  handle.receive_number = take<std::uint64_t>(at);
  return handle;
}

}  // namespace signalbox::broker
