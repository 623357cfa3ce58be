// Receipt handles: which message a receive handed out, sealed so that nobody can make one up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/message.h"

namespace signalbox::broker {

// Kept in the store under keys::secret("receipt-handle"), made at the first start.
using HandleKey = std::array<unsigned char, 32>;

struct ReceiptHandle {
  MessageRef ref;
  IdBytes message_id{};
  std::uint64_t receive_number = 0;  // boot epoch above, counter below: differs at each receive
};

// Base64 of the handle and the first 16 bytes of its HMAC-SHA256.
std::string seal_handle(const ReceiptHandle& handle, const HandleKey& key);
// Nullopt for anything that seal_handle did not make with this key.
std::optional<ReceiptHandle> open_handle(std::string_view text, const HandleKey& key);

}  // namespace signalbox::broker
