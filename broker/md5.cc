#include "broker/md5.h"

#include <openssl/evp.h>

#include <memory>

namespace signalbox::broker {

namespace {

// Fetching the digest by name costs more than hashing a small body: once per process.
const EVP_MD* md5_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return algorithm;
}

class Md5Stream {
 public:
  Md5Stream() { EVP_DigestInit_ex2(context(), md5_algorithm(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context(), bytes.data(), bytes.size()); }
  void add_sized(std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const char head[4] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                          static_cast<char>(size >> 8), static_cast<char>(size)};
    add({head, 4});
    add(bytes);
  }
  Md5 finish() {
    Md5 digest;
    EVP_DigestFinal_ex(context(), digest.data(), nullptr);
    return digest;
  }

 private:
  static EVP_MD_CTX* context() {
    struct Free {
      void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    static thread_local const std::unique_ptr<EVP_MD_CTX, Free> mine(EVP_MD_CTX_new());
    return mine.get();
  }
};

}  // namespace

Md5 md5_of(std::string_view bytes) {
  Md5Stream stream;
  stream.add(bytes);
  return stream.finish();
}

Md5 md5_of(const api::MessageAttributeMap& attributes) {
  Md5Stream stream;
  for (const auto& [name, value] : attributes) {
    stream.add_sized(name);
    stream.add_sized(value.data_type);
    if (value.binary_value) {
      stream.add({"\2", 1});
      stream.add_sized(value.binary_value->bytes);
    } else {
      stream.add({"\1", 1});
      stream.add_sized(value.string_value.value_or(""));
    }
  }
  return stream.finish();
}

std::string hex(const Md5& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const unsigned char byte : digest) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

}  // namespace signalbox::broker
