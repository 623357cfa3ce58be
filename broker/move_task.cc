#include "broker/move_task.h"

#include <simdjson.h>

#include "broker/base64.h"
#include "broker/events_envelope.h"
#include "broker/record.h"

namespace signalbox::broker {

namespace {
constexpr std::uint8_t task_format = 1;
}

std::string_view status_text(MoveTask::Status status) {
  switch (status) {
    case MoveTask::Status::running: return "RUNNING";
    case MoveTask::Status::cancelling: return "CANCELLING";
    case MoveTask::Status::completed: return "COMPLETED";
    case MoveTask::Status::cancelled: return "CANCELLED";
    case MoveTask::Status::failed: break;
  }
  return "FAILED";
}

std::string encode_move_task(const MoveTask& task) {
  RecordWriter record;
  record.u8(task_format).u8(static_cast<std::uint8_t>(task.status)).id(task.uuid);
  record.optional(task.destination_arn).optional(task.rate);
  record.i64(task.started_ms).u64(task.arrived_before).u64(task.to_move).u64(task.moved);
  record.bytes(task.failure_reason);
  return record.take();
}

bool decode_move_task(std::string_view bytes, MoveTask& task) {
  RecordReader record(bytes);
  if (record.u8() != task_format) return false;
  const std::uint8_t status = record.u8();
  if (status > static_cast<std::uint8_t>(MoveTask::Status::failed)) return false;
  task.status = static_cast<MoveTask::Status>(status);
  task.uuid = record.id();
  task.destination_arn = record.optional();
  task.rate = record.optional_i64();
  task.started_ms = record.i64();
  task.arrived_before = record.u64();
  task.to_move = record.u64();
  task.moved = record.u64();
  task.failure_reason = record.bytes();
  return !record.failed() && record.at_end();
}

std::string encode_task_handle(const MoveTaskHandle& handle) {
  std::string json = R"({"taskId":)";
  append_json_string(json, handle.task_id);
  json += R"(,"sourceArn":)";
  append_json_string(json, handle.source_arn);
  json += '}';
  std::string text;
  append_base64(text, json);
  return text;
}

std::optional<MoveTaskHandle> decode_task_handle(std::string_view text) {
  const auto json = decode_base64(text);
  if (!json) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view task_id;
  std::string_view source_arn;
  if (parser.parse(*json).get(object) != simdjson::SUCCESS ||
      object["taskId"].get(task_id) != simdjson::SUCCESS ||
      object["sourceArn"].get(source_arn) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return MoveTaskHandle{std::string(task_id), std::string(source_arn)};
}

}  // namespace signalbox::broker
