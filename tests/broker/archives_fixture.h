// Archives and replays on top of the tests' buses and rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/api/archives.h"
#include "storage/keys.h"
#include "tests/broker/events_fixture.h"

namespace signalbox::broker::test {

inline std::string bus_arn(const std::string& name = "default") {
  return "arn:aws:events:us-east-1:000000000000:event-bus/" + name;
}
inline std::string archive_arn(const std::string& name) {
  return "arn:aws:events:us-east-1:000000000000:archive/" + name;
}

class ArchivesWorld : public EventsWorld {
 public:
  using EventsWorld::EventsWorld;

  Reply<api::ArchiveResponse> create_archive(const std::string& name,
                                             std::optional<std::string> pattern = {},
                                             std::int64_t retention_days = 0,
                                             const std::string& bus = "default") {
    api::CreateArchiveRequest request;
    request.archive_name = name;
    request.event_source_arn = bus_arn(bus);
    request.event_pattern = std::move(pattern);
    request.retention_days = retention_days;
    return call<&Broker::create_archive>(request);
  }
  Reply<api::DescribeArchiveResponse> archive(const std::string& name) {
    api::ArchiveRequest request;
    request.archive_name = name;
    return call<&Broker::describe_archive>(request);
  }
  std::int64_t event_count(const std::string& name) { return archive(name).response.event_count; }
  std::optional<Error> delete_archive(const std::string& name) {
    api::ArchiveRequest request;
    request.archive_name = name;
    return call<&Broker::delete_archive>(request).error;
  }
  // The events of an archive, by the keys they are stored under.
  std::vector<std::string> archived(std::uint64_t archive_id) {
    std::vector<std::string> events;
    const auto range = storage::keys::events_of_bus(archive_id);
    store().view()->scan(range.first, range.past_last, storage::Direction::forward,
                         [&](std::string_view, std::string_view value) {
                           const auto event = decode_logged_event(value);
                           REQUIRE(event);
                           events.emplace_back(event->json);
                           return true;
                         });
    return events;
  }

  // A replay of everything that the archive has, unless the request is changed.
  api::StartReplayRequest replay_of(const std::string& name, const std::string& archive) {
    api::StartReplayRequest request;
    request.replay_name = name;
    request.event_source_arn = archive_arn(archive);
    request.event_start_time.ms = to_ms(clock().now()) - 86'400'000;
    request.event_end_time.ms = to_ms(clock().now()) + 86'400'000;
    request.destination.arn = bus_arn();
    return request;
  }
  Reply<api::StartReplayResponse> start_replay(const std::string& name,
                                               const std::string& archive) {
    return call<&Broker::start_replay>(replay_of(name, archive));
  }
  api::DescribeReplayResponse replay(const std::string& name) {
    api::ReplayRequest request;
    request.replay_name = name;
    const auto reply = call<&Broker::describe_replay>(request);
    REQUIRE_FALSE(reply.error);
    return reply.response;
  }
  Reply<api::CancelReplayResponse> cancel_replay(const std::string& name) {
    api::ReplayRequest request;
    request.replay_name = name;
    return call<&Broker::cancel_replay>(request);
  }
  // n events {"n":first}, {"n":first + 1}, ..., ten a request; all at once, or a step apart.
  void put_numbers(int count, int first = 0, Duration step = Duration(0)) {
    for (int n = first; n < first + count;) {
      std::vector<api::PutEventsRequestEntry> entries;
      for (; n < first + count && entries.size() < 10; ++n) {
        entries.push_back(entry_of("shop", "order", "{\"n\":" + std::to_string(n) + "}"));
      }
      REQUIRE(put(std::move(entries)).response.failed_entry_count == 0);
      if (step != Duration(0)) advance(step);
    }
  }
  // Receives and deletes everything; the bodies in the order of the queue.
  std::vector<std::string> drain_bodies(const std::string& queue) {
    std::vector<std::string> all;
    while (true) {
      const auto messages = receive(queue);
      if (messages.empty()) return all;
      for (const auto& message : messages) {
        all.push_back(message.body);
        REQUIRE_FALSE(remove(queue, message.receipt_handle));
      }
    }
  }
};

// The number of an event made by put_numbers.
inline int number_of(const std::string& event) {
  const auto at = event.find("{\"n\":");
  return at == std::string::npos ? -1 : std::stoi(event.substr(at + 5));
}

inline std::vector<int> numbers_of(const std::vector<std::string>& events) {
  std::vector<int> numbers;
  for (const auto& event : events) numbers.push_back(number_of(event));
  return numbers;
}

inline std::vector<int> numbers(int count, int first = 0) {
  std::vector<int> all;
  for (int n = first; n < first + count; ++n) all.push_back(n);
  return all;
}

}  // namespace signalbox::broker::test
