// The operations of SQS.
#include "broker/api/sqs.h"

#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::Broker;

constexpr auto sqs = Service::sqs;

constexpr Row rows[] = {
    row<&Broker::add_permission>(sqs, "AddPermission", Kind::writes),
    row<&Broker::cancel_message_move_task>(sqs, "CancelMessageMoveTask", Kind::writes),
    row<&Broker::change_message_visibility>(sqs, "ChangeMessageVisibility", Kind::writes),
    row<&Broker::change_message_visibility_batch>(sqs, "ChangeMessageVisibilityBatch",
                                                  Kind::writes),
    row<&Broker::create_queue>(sqs, "CreateQueue", Kind::writes),
    row<&Broker::delete_message>(sqs, "DeleteMessage", Kind::writes),
    row<&Broker::delete_message_batch>(sqs, "DeleteMessageBatch", Kind::writes),
    row<&Broker::delete_queue>(sqs, "DeleteQueue", Kind::writes),
    row<&Broker::get_queue_attributes>(sqs, "GetQueueAttributes", Kind::reads),
    row<&Broker::get_queue_url>(sqs, "GetQueueUrl", Kind::reads),
    row<&Broker::list_dead_letter_source_queues>(sqs, "ListDeadLetterSourceQueues", Kind::reads),
    row<&Broker::list_message_move_tasks>(sqs, "ListMessageMoveTasks", Kind::reads),
    row<&Broker::list_queue_tags>(sqs, "ListQueueTags", Kind::reads),
    row<&Broker::list_queues>(sqs, "ListQueues", Kind::reads),
    row<&Broker::purge_queue>(sqs, "PurgeQueue", Kind::writes),
    row<&Broker::receive_message>(sqs, "ReceiveMessage", Kind::waits),
    row<&Broker::remove_permission>(sqs, "RemovePermission", Kind::writes),
    row<&Broker::send_message>(sqs, "SendMessage", Kind::writes),
    row<&Broker::send_message_batch>(sqs, "SendMessageBatch", Kind::writes),
    row<&Broker::set_queue_attributes>(sqs, "SetQueueAttributes", Kind::writes),
    row<&Broker::start_message_move_task>(sqs, "StartMessageMoveTask", Kind::writes),
    row<&Broker::tag_queue>(sqs, "TagQueue", Kind::writes),
    row<&Broker::untag_queue>(sqs, "UntagQueue", Kind::writes),
};
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> sqs_rows() { return rows; }

}  // namespace signalbox::protocol::operations
