// Schedules of the Scheduler service on top of the test broker, in the words of the tests. Its
// clock starts at 2026-01-02T03:04:05.678Z, a Friday.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "broker/api/scheduler.h"
#include "broker/schedules/schedule.h"
#include "tests/broker/events_fixture.h"
#include "tests/broker/zone_fixture.h"

namespace signalbox::broker::test {

namespace scheduler = api::scheduler;

inline Settings with_zones(Settings settings = {}) {
  settings.time_zones = system_zones();
  return settings;
}

inline scheduler::ScheduleRequest schedule_of(const std::string& name,
                                              const std::string& expression,
                                              const std::string& target_arn) {
  scheduler::ScheduleRequest request;
  request.name = name;
  request.schedule_expression = expression;
  request.target.arn = target_arn;
  request.target.role_arn = "arn:aws:iam::000000000000:role/scheduler";
  request.target.input = "<aws.scheduler.scheduled-time>";
  request.flexible_time_window.mode = "OFF";
  return request;
}

class SchedulerWorld : public EventsWorld {
 public:
  explicit SchedulerWorld(Settings settings = {}) : EventsWorld(with_zones(std::move(settings))) {}
  SchedulerWorld(Settings settings, std::shared_ptr<storage::Store> store)
      : EventsWorld(with_zones(std::move(settings)), std::move(store)) {}

  Reply<scheduler::ScheduleResponse> create(const scheduler::ScheduleRequest& request) {
    return call<&Broker::create_schedule>(request);
  }
  Reply<scheduler::ScheduleResponse> update(const scheduler::ScheduleRequest& request) {
    return call<&Broker::update_schedule>(request);
  }
  Reply<scheduler::GetScheduleResponse> get(const std::string& name,
                                            const std::string& group = "default") {
    return call<&Broker::get_schedule>({name, group});
  }
  Reply<api::Empty> erase(const std::string& name, const std::string& group = "default") {
    return call<&Broker::delete_schedule>({name, group, {}});
  }
  Reply<scheduler::CreateScheduleGroupResponse> create_group(const std::string& name) {
    return call<&Broker::create_schedule_group>({name, {}, {}});
  }
  // A schedule whose target is a new queue of the same name; returns the queue's URL.
  std::string schedule(const std::string& name, const std::string& expression) {
    const auto queue = create_queue(name);
    REQUIRE_FALSE(create(schedule_of(name, expression, queue_arn(name))).error);
    return queue;
  }
  // The bodies of the messages in the queue, which are deleted.
  std::vector<std::string> taken(const std::string& queue) {
    std::vector<std::string> found;
    while (true) {
      const auto messages = receive(queue);
      if (messages.empty()) return found;
      for (const auto& message : messages) {
        found.push_back(message.body);
        REQUIRE_FALSE(remove(queue, message.receipt_handle));
      }
    }
  }
};

using Bodies = std::vector<std::string>;

}  // namespace signalbox::broker::test
