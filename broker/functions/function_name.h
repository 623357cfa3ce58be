// A function as requests name it: "orders", "orders:2", "123456789012:function:orders" or an ARN.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/context.h"
#include "broker/result.h"

namespace signalbox::broker::functions {

struct FunctionName {
  std::string account;  // the caller's when the name says none
  std::string region;
  std::string name;
  std::optional<std::string> qualifier;  // a version or an alias

  // With the qualifier, if there is one.
  std::string arn() const;
};

constexpr std::string_view latest = "$LATEST";

// Of an ARN; empty: it has none.
std::string qualifier_of(std::string_view function_arn);

// A worker process asks under a name that says which it is: the function's ARN, and "@12".
struct WorkerName {
  std::string_view function_name;
  std::uint64_t worker_id = 0;  // 0: one of which nothing is known
};
// From here on: workers that attached themselves, of which somebody tells when they leave. The
// broker's own processes have lower numbers.
constexpr std::uint64_t attached_ids = std::uint64_t{1} << 62;
WorkerName parse_worker_name(std::string_view text);

// text fits the model's pattern. A qualifier beside it that says something else is an error.
Result<FunctionName> parse_function_name(std::string_view text,
                                         const std::optional<std::string>& qualifier,
                                         const Caller& caller);

}  // namespace signalbox::broker::functions
