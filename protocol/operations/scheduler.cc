// The operations of EventBridge Scheduler.
#include "broker/api/scheduler.h"

#include "protocol/operations/rows.h"

namespace signalbox::protocol::operations {

namespace {

using broker::Broker;

constexpr auto scheduler = Service::scheduler;

constexpr Row rows[] = {
    rest<&Broker::create_schedule>(scheduler, "CreateSchedule", Kind::writes,
                                   "POST /schedules/{Name}"),
    rest<&Broker::create_schedule_group>(scheduler, "CreateScheduleGroup", Kind::writes,
                                         "POST /schedule-groups/{Name}"),
    rest<&Broker::delete_schedule>(scheduler, "DeleteSchedule", Kind::writes,
                                   "DELETE /schedules/{Name}"),
    rest<&Broker::delete_schedule_group>(scheduler, "DeleteScheduleGroup", Kind::writes,
                                         "DELETE /schedule-groups/{Name}"),
    rest<&Broker::get_schedule>(scheduler, "GetSchedule", Kind::reads, "GET /schedules/{Name}"),
    rest<&Broker::get_schedule_group>(scheduler, "GetScheduleGroup", Kind::reads,
                                      "GET /schedule-groups/{Name}"),
    rest<&Broker::list_schedule_groups>(scheduler, "ListScheduleGroups", Kind::reads,
                                        "GET /schedule-groups"),
    rest<&Broker::list_schedules>(scheduler, "ListSchedules", Kind::reads, "GET /schedules"),
    rest<&Broker::list_tags_of_schedule_group>(scheduler, "ListTagsForResource", Kind::reads,
                                               "GET /tags/{ResourceArn}"),
    rest<&Broker::tag_schedule_group>(scheduler, "TagResource", Kind::writes,
                                      "POST /tags/{ResourceArn}"),
    rest<&Broker::untag_schedule_group>(scheduler, "UntagResource", Kind::writes,
                                        "DELETE /tags/{ResourceArn}"),
    rest<&Broker::update_schedule>(scheduler, "UpdateSchedule", Kind::writes,
                                   "PUT /schedules/{Name}"),
};
static_assert(is_operation_table(std::span<const Row>(rows)));

}  // namespace

std::span<const Row> scheduler_rows() { return rows; }

}  // namespace signalbox::protocol::operations
