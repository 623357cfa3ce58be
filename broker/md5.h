// MD5 as SQS uses it: over bodies and over message attributes. OpenSSL does the work.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "broker/api/sqs.h"
#include "broker/message_record.h"

namespace signalbox::broker {

Md5 md5_of(std::string_view bytes);
std::string hex(const Md5& digest);  // 32 lower-case digits

// Over the attributes in byte order of their names: each name, type and value with its length, u32
// big-endian, in front, and 1 (String, Number) or 2 (Binary) before the value. Source: the
// service's documentation, checked against recorded digests.
Md5 md5_of(const api::MessageAttributeMap& attributes);

}  // namespace signalbox::broker
