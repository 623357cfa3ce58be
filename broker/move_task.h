// A message move task: what it was asked to do, how far it is, how it ended. Core thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/clock.h"
#include "broker/ids.h"

namespace signalbox::broker {

struct Queue;

struct MoveTask {
  enum class Status : std::uint8_t { running, cancelling, completed, cancelled, failed };

  std::uint64_t id = 0;
  IdBytes uuid{};
  std::optional<std::string> destination_arn;  // none: each message goes back where it came from
  std::optional<std::int64_t> rate;            // messages per second; none: as fast as it goes
  std::int64_t started_ms = 0;
  // The source queue's next sequence when it started: what came later is not moved, so that a task
  // ends though its messages fail again and come back.
  std::uint64_t arrived_before = 0;
  std::uint64_t to_move = 0;
  std::uint64_t moved = 0;
  Status status = Status::running;
  std::string failure_reason;

  // Not stored.
  Time next_slice{};
  std::size_t slice_messages_max = 16;

  bool is_active() const { return status == Status::running || status == Status::cancelling; }
};

std::string_view status_text(MoveTask::Status status);

// The stored form, without id; decoding gives false for damage and for a newer format.
std::string encode_move_task(const MoveTask& task);
bool decode_move_task(std::string_view record, MoveTask& task);

// TaskHandle as the service gives it: base64 of JSON with taskId and sourceArn.
struct MoveTaskHandle {
  std::string task_id;
  std::string source_arn;
};
std::string encode_task_handle(const MoveTaskHandle& handle);
std::optional<MoveTaskHandle> decode_task_handle(std::string_view text);

// A message on its way to another queue.
struct PlannedMove {
  Queue* destination = nullptr;  // null: there is no message any more
  std::string record, group_id;
  IdBytes old_id{};
};

}  // namespace signalbox::broker
