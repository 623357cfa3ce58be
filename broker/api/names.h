// The names of requests and responses, for headers that only pass them on: whoever looks into one
// includes its own header. Those headers are long; each costs most of a second of compile time.
#pragma once

namespace signalbox::broker::api {

struct AddPermissionRequest;
struct ApiDestinationRequest;
struct ApiDestinationStateResponse;
struct ArchiveRequest;
struct ArchiveResponse;
struct CancelMessageMoveTaskRequest;
struct CancelMessageMoveTaskResponse;
struct CancelReplayResponse;
struct ChangeMessageVisibilityBatchRequest;
struct ChangeMessageVisibilityBatchResponse;
struct ChangeMessageVisibilityRequest;
struct ChangedMessage;
struct ConnectionRequest;
struct ConnectionStateResponse;
struct CreateArchiveRequest;
struct CreateConnectionResponse;
struct CreateEndpointRequest;
struct CreateEndpointResponse;
struct CreateEventBusRequest;
struct CreateEventBusResponse;
struct CreatePartnerEventSourceResponse;
struct CreateQueueRequest;
struct CreateQueueResponse;
struct DeleteEndpointRequest;
struct DeleteEventBusRequest;
struct DeleteMessageBatchRequest;
struct DeleteMessageBatchResponse;
struct DeleteMessageRequest;
struct DeleteQueueRequest;
struct DeleteRuleRequest;
struct DescribeApiDestinationResponse;
struct DescribeArchiveResponse;
struct DescribeConnectionResponse;
struct DescribeEndpointRequest;
struct DescribeEventBusRequest;
struct DescribeEventBusResponse;
struct DescribeQueuesRequest;
struct DescribeQueuesResponse;
struct DescribeReplayResponse;
struct DescribeRuleResponse;
struct DiscardMessageRequest;
struct EditMessageRequest;
struct Endpoint;
struct EventSource;
struct EventSourceRequest;
struct GetQueueAttributesRequest;
struct GetQueueAttributesResponse;
struct GetQueueUrlRequest;
struct GetQueueUrlResponse;
struct ListApiDestinationsRequest;
struct ListApiDestinationsResponse;
struct ListArchivesRequest;
struct ListArchivesResponse;
struct ListConnectionsRequest;
struct ListConnectionsResponse;
struct ListDeadLetterSourceQueuesRequest;
struct ListDeadLetterSourceQueuesResponse;
struct ListEndpointsRequest;
struct ListEndpointsResponse;
struct ListEventBusesRequest;
struct ListEventBusesResponse;
struct ListEventSourcesRequest;
struct ListEventSourcesResponse;
struct ListMessageMoveTasksRequest;
struct ListMessageMoveTasksResponse;
struct ListPartnerEventSourceAccountsRequest;
struct ListPartnerEventSourceAccountsResponse;
struct ListPartnerEventSourcesRequest;
struct ListPartnerEventSourcesResponse;
struct ListQueueTagsRequest;
struct ListQueueTagsResponse;
struct ListQueuesRequest;
struct ListQueuesResponse;
struct ListReplaysRequest;
struct ListReplaysResponse;
struct ListRuleNamesByTargetRequest;
struct ListRuleNamesByTargetResponse;
struct ListRulesRequest;
struct ListRulesResponse;
struct ListTagsForResourceRequest;
struct ListTagsForResourceResponse;
struct ListTargetsByRuleRequest;
struct ListTargetsByRuleResponse;
struct PartnerEventSource;
struct PartnerEventSourceRequest;
struct PeekMessagesRequest;
struct PeekMessagesResponse;
struct PurgeQueueRequest;
struct PutEventsRequest;
struct PutEventsResponse;
struct PutEventsResultEntry;
struct PutPartnerEventsRequest;
struct PutPartnerEventsRequestEntry;
struct PutPermissionRequest;
struct PutRuleRequest;
struct PutRuleResponse;
struct PutTargetsRequest;
struct QueueOverview;
struct ReceiveMessageRequest;
struct ReceiveMessageResponse;
struct RemoveBusPermissionRequest;
struct RemovePermissionRequest;
struct RemoveTargetsRequest;
struct ReplayRequest;
struct RuleRequest;
struct SendMessageBatchRequest;
struct SendMessageBatchResponse;
struct SendMessageRequest;
struct SendMessageResponse;
struct SetQueueAttributesRequest;
struct StartMessageMoveTaskRequest;
struct StartMessageMoveTaskResponse;
struct StartReplayRequest;
struct StartReplayResponse;
struct TagQueueRequest;
struct TagResourceRequest;
struct TargetsResponse;
struct TestEventPatternRequest;
struct TestEventPatternResponse;
struct UntagQueueRequest;
struct UntagResourceRequest;
struct UpdateArchiveRequest;
struct UpdateEndpointRequest;
struct UpdateEndpointResponse;
struct UpdateEventBusRequest;
struct UpdateEventBusResponse;

template <bool is_new>
struct PutApiDestinationRequest;
using CreateApiDestinationRequest = PutApiDestinationRequest<true>;
using UpdateApiDestinationRequest = PutApiDestinationRequest<false>;
template <bool is_new>
struct PutConnectionRequest;
using CreateConnectionRequest = PutConnectionRequest<true>;
using UpdateConnectionRequest = PutConnectionRequest<false>;

}  // namespace signalbox::broker::api

namespace signalbox::broker::api::scheduler {

struct CreateScheduleGroupRequest;
struct CreateScheduleGroupResponse;
struct DeleteScheduleGroupRequest;
struct DeleteScheduleRequest;
struct GetScheduleGroupRequest;
struct GetScheduleGroupResponse;
struct GetScheduleRequest;
struct GetScheduleResponse;
struct ListScheduleGroupsRequest;
struct ListScheduleGroupsResponse;
struct ListSchedulesRequest;
struct ListSchedulesResponse;
struct ListTagsForResourceRequest;
struct ListTagsForResourceResponse;
struct ScheduleRequest;
struct ScheduleResponse;
struct TagResourceRequest;
struct UntagResourceRequest;

}  // namespace signalbox::broker::api::scheduler
