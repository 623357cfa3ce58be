// Requests and responses of partner event sources (EventBridge, service "events"), as botocore
// 1.44.8's model describes them.
#pragma once

#include "broker/api/events.h"

namespace signalbox::broker::api {

bool is_partner_source_prefix(std::string_view text);
bool is_account(std::string_view text);  // \d{12}

constexpr Traits partner_source_required{.required = true,
                                         .min = 1,
                                         .max = 256,
                                         .pattern = R"(aws\.partner(/[\.\-_A-Za-z0-9]+){2,})",
                                         .matches = is_partner_source};
constexpr Traits account_required{
    .required = true, .min = 12, .max = 12, .pattern = R"(\d{12})", .matches = is_account};

// Activate, deactivate, describe.
struct EventSourceRequest {
  std::string name;
  static constexpr auto fields() {
    return std::tuple{field("Name", &EventSourceRequest::name, partner_source_required)};
  }
};
// What DescribeEventSource and ListEventSources show.
struct EventSource {
  std::string arn, created_by;
  Timestamp creation_time;
  std::optional<Timestamp> expiration_time;
  std::string name, state;
  static constexpr auto fields() {
    using T = EventSource;
    return std::tuple{field("Arn", &T::arn),
                      field("CreatedBy", &T::created_by),
                      field("CreationTime", &T::creation_time),
                      field("ExpirationTime", &T::expiration_time),
                      field("Name", &T::name),
                      field("State", &T::state)};
  }
};
struct ListEventSourcesRequest {
  std::optional<std::string> name_prefix, next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListEventSourcesRequest;
    return std::tuple{
        field("NamePrefix", &T::name_prefix,
              {.min = 1, .max = 256, .pattern = R"([/\.\-_A-Za-z0-9]+)", .matches = is_bus_name}),
        field("NextToken", &T::next_token, next_token_traits),
        field("Limit", &T::limit, limit_traits)};
  }
};
struct ListEventSourcesResponse {
  std::vector<EventSource> event_sources;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListEventSourcesResponse;
    return std::tuple{field("EventSources", &T::event_sources), field("NextToken", &T::next_token)};
  }
};

// Create, delete.
struct PartnerEventSourceRequest {
  std::string name, account;
  static constexpr auto fields() {
    using T = PartnerEventSourceRequest;
    return std::tuple{field("Name", &T::name, partner_source_required),
                      field("Account", &T::account, account_required)};
  }
};
struct CreatePartnerEventSourceResponse {
  std::string event_source_arn;
  static constexpr auto fields() {
    return std::tuple{field("EventSourceArn", &CreatePartnerEventSourceResponse::event_source_arn)};
  }
};
// What DescribePartnerEventSource and ListPartnerEventSources show.
struct PartnerEventSource {
  std::string arn, name;
  static constexpr auto fields() {
    using T = PartnerEventSource;
    return std::tuple{field("Arn", &T::arn), field("Name", &T::name)};
  }
};
struct ListPartnerEventSourcesRequest {
  std::string name_prefix;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListPartnerEventSourcesRequest;
    return std::tuple{field("NamePrefix", &T::name_prefix,
                            {.required = true,
                             .min = 1,
                             .max = 256,
                             .pattern = R"(aws\.partner/[\.\-_A-Za-z0-9]+/[/\.\-_A-Za-z0-9]*)",
                             .matches = is_partner_source_prefix}),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct ListPartnerEventSourcesResponse {
  std::vector<PartnerEventSource> partner_event_sources;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListPartnerEventSourcesResponse;
    return std::tuple{field("PartnerEventSources", &T::partner_event_sources),
                      field("NextToken", &T::next_token)};
  }
};
struct ListPartnerEventSourceAccountsRequest {
  std::string event_source_name;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> limit;
  static constexpr auto fields() {
    using T = ListPartnerEventSourceAccountsRequest;
    return std::tuple{field("EventSourceName", &T::event_source_name, partner_source_required),
                      field("NextToken", &T::next_token, next_token_traits),
                      field("Limit", &T::limit, limit_traits)};
  }
};
struct PartnerEventSourceAccount {
  std::string account;
  Timestamp creation_time;
  std::optional<Timestamp> expiration_time;
  std::string state;
  static constexpr auto fields() {
    using T = PartnerEventSourceAccount;
    return std::tuple{field("Account", &T::account), field("CreationTime", &T::creation_time),
                      field("ExpirationTime", &T::expiration_time), field("State", &T::state)};
  }
};
struct ListPartnerEventSourceAccountsResponse {
  std::vector<PartnerEventSourceAccount> partner_event_source_accounts;
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListPartnerEventSourceAccountsResponse;
    return std::tuple{field("PartnerEventSourceAccounts", &T::partner_event_source_accounts),
                      field("NextToken", &T::next_token)};
  }
};

struct PutPartnerEventsRequestEntry {
  std::optional<Timestamp> time;
  std::optional<std::string> source;
  StringList resources;
  std::optional<std::string> detail_type;
  std::optional<std::string> detail;
  static constexpr auto fields() {
    using T = PutPartnerEventsRequestEntry;
    return std::tuple{field("Time", &T::time),
                      field("Source", &T::source,
                            {.min = 1,
                             .max = 256,
                             .pattern = R"(aws\.partner(/[\.\-_A-Za-z0-9]+){2,})",
                             .matches = is_partner_source}),
                      field("Resources", &T::resources, {.each = &event_resource}),
                      field("DetailType", &T::detail_type), field("Detail", &T::detail)};
  }
};
struct PutPartnerEventsRequest {
  std::vector<PutPartnerEventsRequestEntry> entries;
  static constexpr auto fields() {
    return std::tuple{field("Entries", &PutPartnerEventsRequest::entries,
                            {.required = true, .min = 1, .max = 20})};
  }
};

}  // namespace signalbox::broker::api
