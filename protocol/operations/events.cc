// The operations of EventBridge.
#include "broker/api/events.h"

#include "broker/api/archives.h"
#include "broker/api/connections.h"
#include "broker/api/operator.h"
#include "broker/api/partners.h"
#include "broker/endpoints/endpoints.h"
#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::Broker;
using broker::Endpoints;

constexpr auto events = Service::events;

constexpr Row rows[] = {
    row<&Broker::activate_event_source>(events, "ActivateEventSource", Kind::writes),
    row<&Broker::cancel_replay>(events, "CancelReplay", Kind::writes),
    row<&Broker::create_api_destination>(events, "CreateApiDestination", Kind::writes),
    row<&Broker::create_archive>(events, "CreateArchive", Kind::writes),
    row<&Broker::create_connection>(events, "CreateConnection", Kind::writes),
    row<&Endpoints::create_endpoint>(events, "CreateEndpoint", Kind::writes),
    row<&Broker::create_event_bus>(events, "CreateEventBus", Kind::writes),
    row<&Broker::create_partner_event_source>(events, "CreatePartnerEventSource", Kind::writes),
    row<&Broker::deactivate_event_source>(events, "DeactivateEventSource", Kind::writes),
    row<&Broker::deauthorize_connection>(events, "DeauthorizeConnection", Kind::writes),
    row<&Broker::delete_api_destination>(events, "DeleteApiDestination", Kind::writes),
    row<&Broker::delete_archive>(events, "DeleteArchive", Kind::writes),
    row<&Broker::delete_connection>(events, "DeleteConnection", Kind::writes),
    row<&Endpoints::delete_endpoint>(events, "DeleteEndpoint", Kind::writes),
    row<&Broker::delete_event_bus>(events, "DeleteEventBus", Kind::writes),
    row<&Broker::delete_partner_event_source>(events, "DeletePartnerEventSource", Kind::writes),
    row<&Broker::delete_rule>(events, "DeleteRule", Kind::writes),
    row<&Broker::describe_api_destination>(events, "DescribeApiDestination", Kind::reads),
    row<&Broker::describe_archive>(events, "DescribeArchive", Kind::reads),
    row<&Broker::describe_connection>(events, "DescribeConnection", Kind::reads),
    row<&Endpoints::describe_endpoint>(events, "DescribeEndpoint", Kind::reads),
    row<&Broker::describe_event_bus>(events, "DescribeEventBus", Kind::reads),
    row<&Broker::describe_event_source>(events, "DescribeEventSource", Kind::reads),
    row<&Broker::describe_partner_event_source>(events, "DescribePartnerEventSource", Kind::reads),
    row<&Broker::describe_replay>(events, "DescribeReplay", Kind::reads),
    row<&Broker::describe_rule>(events, "DescribeRule", Kind::reads),
    row<&Broker::disable_rule>(events, "DisableRule", Kind::writes),
    row<&Broker::enable_rule>(events, "EnableRule", Kind::writes),
    row<&Broker::list_api_destinations>(events, "ListApiDestinations", Kind::reads),
    row<&Broker::list_archives>(events, "ListArchives", Kind::reads),
    row<&Broker::list_connections>(events, "ListConnections", Kind::reads),
    row<&Endpoints::list_endpoints>(events, "ListEndpoints", Kind::reads),
    row<&Broker::list_event_buses>(events, "ListEventBuses", Kind::reads),
    row<&Broker::list_event_sources>(events, "ListEventSources", Kind::reads),
    row<&Broker::list_partner_event_source_accounts>(events, "ListPartnerEventSourceAccounts",
                                                     Kind::reads),
    row<&Broker::list_partner_event_sources>(events, "ListPartnerEventSources", Kind::reads),
    row<&Broker::list_replays>(events, "ListReplays", Kind::reads),
    row<&Broker::list_rule_names_by_target>(events, "ListRuleNamesByTarget", Kind::reads),
    row<&Broker::list_rules>(events, "ListRules", Kind::reads),
    row<&Broker::list_tags_for_resource>(events, "ListTagsForResource", Kind::reads),
    row<&Broker::list_targets_by_rule>(events, "ListTargetsByRule", Kind::reads),
    row<&Broker::put_events>(events, "PutEvents", Kind::writes),
    row<&Broker::put_partner_events>(events, "PutPartnerEvents", Kind::writes),
    row<&Broker::put_permission>(events, "PutPermission", Kind::writes),
    row<&Broker::put_rule>(events, "PutRule", Kind::writes),
    row<&Broker::put_targets>(events, "PutTargets", Kind::writes),
    row<&Broker::remove_bus_permission>(events, "RemovePermission", Kind::writes),
    row<&Broker::remove_targets>(events, "RemoveTargets", Kind::writes),
    row<&Broker::start_replay>(events, "StartReplay", Kind::writes),
    row<&Broker::tag_resource>(events, "TagResource", Kind::writes),
    row<&Broker::test_event_pattern>(events, "TestEventPattern", Kind::reads),
    row<&Broker::untag_resource>(events, "UntagResource", Kind::writes),
    row<&Broker::update_api_destination>(events, "UpdateApiDestination", Kind::writes),
    row<&Broker::update_archive>(events, "UpdateArchive", Kind::writes),
    row<&Broker::update_connection>(events, "UpdateConnection", Kind::writes),
    row<&Endpoints::update_endpoint>(events, "UpdateEndpoint", Kind::writes),
    row<&Broker::update_event_bus>(events, "UpdateEventBus", Kind::writes),
};
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> events_rows() { return rows; }

}  // namespace signalbox::protocol::operations
