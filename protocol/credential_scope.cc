#include "protocol/credential_scope.h"

#include <algorithm>
#include <optional>

#include "protocol/query_codec.h"

namespace signalbox::protocol {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// "ASIA", the account, and what makes it as long as others: 20 characters. The service's own are
// base 32, which has no 0, 1, 8 or 9: twelve digits in a row are as good as never among them.
std::string_view account_of_session(std::string_view access_key) {
  const bool is_session = access_key.size() == 20 && access_key.starts_with("ASIA");
  return is_session ? access_key.substr(4, 12) : std::string_view();
}

bool is_access_key(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// Takes what follows the last slash off the end; all of it when there is none.
std::string_view take_last(std::string_view& text) {
  const auto slash = text.rfind('/');
  const auto last = text.substr(slash == std::string_view::npos ? 0 : slash + 1);
  text = text.substr(0, slash == std::string_view::npos ? 0 : slash);
  return last;
}

// "AKID/20260101/us-east-1/sqs/aws4_request"; read from the end, since a key may hold slashes. The
// scope of a multi-region signature has no region.
void read_credential(std::string_view text, bool has_region, CredentialScope& scope) {
  if (take_last(text) != "aws4_request") return;
  const auto service = take_last(text);
  const auto region = has_region ? take_last(text) : std::string_view();
  take_last(text);  // the date
  if (is_access_key(text)) scope.access_key = text;
  if (is_account_id(text)) scope.account = text;
  if (is_account_id(account_of_session(text))) scope.account = account_of_session(text);
  if (is_region_name(region)) scope.region = region;
  // Signing names are of the same letters: they become part of log lines.
  if (is_region_name(service)) scope.service = service;
}

constexpr std::string_view multi_region = "AWS4-ECDSA-P256-SHA256";

// Finds one parameter without decoding the others: a form of a megabyte may stand in a query
// string.
std::optional<std::string> presigned_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() <= name.size() || !pair.starts_with(name) || pair[name.size()] != '=') {
      continue;
    }
    QueryParameters one;
    if (QueryParameters::parse(pair, {}, one)) return std::nullopt;
    return std::string(one.find(name).value_or(""));
  }
  return std::nullopt;
}

}  // namespace

bool is_region_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '-';
  });
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
}

CredentialScope parse_credential_scope(std::string_view authorization,
                                       std::string_view query_string,
                                       const ScopeDefaults& defaults) {
  CredentialScope scope{.access_key = {},
                        .account = std::string(defaults.account),
                        .region = std::string(defaults.region),
                        .service = {}};
  if (authorization.starts_with("AWS4-")) {
    constexpr std::string_view marker = "Credential=";
    const auto at = authorization.find(marker);
    if (at == std::string_view::npos) return scope;
    const auto credential = authorization.substr(at + marker.size());
    read_credential(credential.substr(0, credential.find_first_of(", \t")),
                    !authorization.starts_with(multi_region), scope);
  } else if (const auto credential = presigned_parameter(query_string, "X-Amz-Credential")) {
    const auto algorithm = presigned_parameter(query_string, "X-Amz-Algorithm");
    read_credential(*credential, algorithm != multi_region, scope);
  }
  return scope;
}

}  // namespace signalbox::protocol
