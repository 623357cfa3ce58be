// How functions are stored. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/lambda_aliases.h"
#include "broker/api/lambda_invoke_config.h"

namespace signalbox::broker::functions {

struct PolicyStatement {
  std::string sid;
  std::string text;  // JSON
  static constexpr auto fields() {
    using T = PolicyStatement;
    return std::tuple{api::field("Sid", &T::sid), api::field("Text", &T::text)};
  }
};

// A resource policy, of a function, a version or an alias.
struct Policy {
  std::string revision_id;
  std::vector<PolicyStatement> statements;  // never none
  static constexpr auto fields() {
    using T = Policy;
    return std::tuple{api::field("RevisionId", &T::revision_id),
                      api::field("Statements", &T::statements)};
  }
};

// What is stored of a function, without its code. Members are stored under these names: one that
// is added later is absent from older records.
struct FunctionRecord {
  std::uint32_t world_id = 0;  // stored before the members, as in every format
  api::StringMap tags;
  std::optional<std::int64_t> reserved_concurrency;
  std::optional<std::int64_t> code_number;
  std::optional<std::string> image_uri;
  std::optional<std::int64_t> last_version;
  // Of a version: the id of its function, and what that one's description was.
  std::optional<std::int64_t> latest_id;
  std::optional<std::string> latest_description;
  std::optional<Policy> policy;
  std::optional<api::lambda::FunctionEventInvokeConfig> event_invoke_config;
  api::lambda::FunctionConfiguration config;
  static constexpr auto fields() {
    using T = FunctionRecord;
    return std::tuple{api::field("Tags", &T::tags),
                      api::field("ReservedConcurrency", &T::reserved_concurrency),
                      api::field("CodeNumber", &T::code_number),
                      api::field("ImageUri", &T::image_uri),
                      api::field("LastVersion", &T::last_version),
                      api::field("LatestId", &T::latest_id),
                      api::field("LatestDescription", &T::latest_description),
                      api::field("Policy", &T::policy),
                      api::field("EventInvokeConfig", &T::event_invoke_config),
                      api::field("Config", &T::config)};
  }
};

// What is stored of an alias.
struct AliasRecord {
  std::int64_t id = 0;
  api::lambda::AliasConfiguration config;
  std::optional<Policy> policy;
  std::optional<api::lambda::FunctionEventInvokeConfig> event_invoke_config;
  static constexpr auto fields() {
    using T = AliasRecord;
    return std::tuple{api::field("Id", &T::id), api::field("Config", &T::config),
                      api::field("Policy", &T::policy),
                      api::field("EventInvokeConfig", &T::event_invoke_config)};
  }
};

std::string encode(const FunctionRecord& record);
std::string encode(const AliasRecord& record);
// Nullopt: damage, or a format that this program does not know.
std::optional<FunctionRecord> decode_function(std::string_view bytes);
std::optional<AliasRecord> decode_alias(std::string_view bytes);

}  // namespace signalbox::broker::functions
