// Who a request says it comes from: the credential scope of Signature Version 4, in the
// Authorization header or, for presigned requests, the query string. Nothing is verified here.
//
// Pure functions, thread safe. Garbage is tolerated: whatever can't be read has its default.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::protocol {

struct CredentialScope {
  std::string access_key;  // empty: the request carries none
  std::string account;
  std::string region;
  std::string service;  // the signing name: "sqs", "events"; empty: none given
};

struct ScopeDefaults {
  std::string_view account = "000000000000";
  std::string_view region = "us-east-1";
};

// 1 to 32 of [a-z0-9-].
bool is_region_name(std::string_view text);
// 12 digits.
bool is_account_id(std::string_view text);

// authorization is the header's value, query_string what follows '?' in the target (either may be
// empty; the header wins). An access key of 12 digits names the account, and so do the 12 digits
// that AssumeRole puts behind the ASIA of one: a role acts in its own account. A region is taken if
// it is_region_name().
CredentialScope parse_credential_scope(std::string_view authorization,
                                       std::string_view query_string,
                                       const ScopeDefaults& defaults);

}  // namespace signalbox::protocol
