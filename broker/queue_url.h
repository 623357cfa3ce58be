// Queue URLs and ARNs: read in all the styles SDKs send, made in one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/context.h"

namespace signalbox::broker {

struct QueuePlace {
  std::string account;
  std::string region;
  std::string name;
};

// Accepts http(s)://sqs.REGION.HOST/ACCOUNT/NAME, http(s)://[REGION.]queue.HOST/ACCOUNT/NAME,
// http(s)://HOST/queue/REGION/ACCOUNT/NAME, http(s)://HOST/ACCOUNT/NAME, the same paths without a
// host, and a bare NAME. What the URL leaves out is the caller's. Its host is never compared to
// ours.
std::optional<QueuePlace> parse_queue_url(std::string_view url, const Caller& caller);

// arn:aws:sqs:REGION:ACCOUNT:NAME
std::optional<QueuePlace> parse_queue_arn(std::string_view arn);

// base_url/ACCOUNT/NAME
std::string make_queue_url(std::string_view base_url, std::string_view account,
                           std::string_view name);

}  // namespace signalbox::broker
