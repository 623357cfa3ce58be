// Stored buses, rules, targets and tasks: read back as written, refused when cut or newer.
#include "broker/events_records.h"

#include <catch2/catch.hpp>
#include <functional>

namespace signalbox::broker {

namespace {

// Every shorter record and one of a later version must be refused.
void check_refusals(const std::string& record,
                    const std::function<bool(std::string_view)>& decodes) {
  REQUIRE(decodes(record));
  for (std::size_t size = 0; size < record.size(); ++size) {
    INFO("cut to " << size << " of " << record.size() << " bytes");
    REQUIRE_FALSE(decodes(std::string_view(record).substr(0, size)));
  }
  REQUIRE_FALSE(decodes(record + "x"));
  std::string newer = record;
  newer[0] = static_cast<char>(newer[0] + 1);
  REQUIRE_FALSE(decodes(newer));
}

api::Target full_target() {
  api::Target target;
  target.id = "t";
  target.arn = "arn:aws:sqs:us-east-1:000000000000:q";
  target.role_arn = "role";
  target.input_path = "$.detail";
  target.input_transformer = api::InputTransformer{{{"a", "$.a"}}, "\"<a>\""};
  target.kinesis_parameters = api::KinesisParameters{"$.key"};
  target.sqs_parameters = api::SqsParameters{"group"};
  target.http_parameters = api::HttpParameters{{"p1", "p2"}, {{"h", "v"}}, {{"q", "v"}}};
  target.dead_letter_config = api::DeadLetterConfig{"dlq"};
  target.retry_policy = api::RetryPolicy{3, std::nullopt};
  auto& task = target.ecs_parameters.emplace();
  task.task_definition_arn = "task";
  task.enable_execute_command = false;
  task.network_configuration.emplace().awsvpc_configuration =
      api::AwsVpcConfiguration{{"subnet"}, std::nullopt, "ENABLED"};
  task.tags = api::TagList{{"k", "v"}};
  return target;
}

}  // namespace

TEST_CASE("a stored target is what PutTargets gave", "[events]") {
  const auto target = full_target();
  api::Target read;
  std::uint64_t lane_id = 0;
  REQUIRE(decode_target(encode_target(target, 7), read, lane_id));
  CHECK(lane_id == 7);
  CHECK(read.id == "t");
  CHECK(read.arn == target.arn);
  CHECK(read.role_arn == "role");
  CHECK_FALSE(read.input);
  CHECK(read.input_path == "$.detail");
  CHECK(read.input_transformer->input_paths_map == target.input_transformer->input_paths_map);
  CHECK(read.input_transformer->input_template == "\"<a>\"");
  CHECK(read.kinesis_parameters->partition_key_path == "$.key");
  CHECK(read.sqs_parameters->message_group_id == "group");
  CHECK(read.http_parameters->path_parameter_values == api::StringList{"p1", "p2"});
  CHECK(read.http_parameters->query_string_parameters.at("q") == "v");
  CHECK(read.dead_letter_config->arn == "dlq");
  CHECK(read.retry_policy->maximum_retry_attempts == 3);
  CHECK_FALSE(read.retry_policy->maximum_event_age_in_seconds);
  CHECK_FALSE(read.batch_parameters);
  const api::EcsParameters& task = *read.ecs_parameters;
  CHECK(task.task_definition_arn == "task");
  CHECK_FALSE(task.task_count);
  CHECK(task.enable_execute_command == false);
  const auto& network = *task.network_configuration->awsvpc_configuration;
  CHECK(network.subnets == api::StringList{"subnet"});
  CHECK_FALSE(network.security_groups);
  CHECK(network.assign_public_ip == "ENABLED");
  CHECK(task.tags->at(0).value == "v");
  check_refusals(encode_target(target, 7), [](std::string_view record) {
    api::Target cut;
    std::uint64_t lane_id = 0;
    return decode_target(record, cut, lane_id);
  });
}

TEST_CASE("a stored rule is what PutRule gave", "[events]") {
  Rule rule;
  rule.name = "r";
  rule.event_pattern = R"({"source":["x"]})";
  rule.state = "DISABLED";
  rule.role_arn = "role";
  rule.tags = {{"k", "v"}};
  Rule read;
  REQUIRE(decode_rule(encode_rule(rule), read));
  CHECK(read.name == "r");
  CHECK(read.event_pattern == rule.event_pattern);
  CHECK_FALSE(read.schedule_expression);
  CHECK(read.state == "DISABLED");
  CHECK(read.role_arn == "role");
  CHECK(read.tags == rule.tags);
  check_refusals(encode_rule(rule), [](std::string_view record) {
    Rule cut;
    return decode_rule(record, cut);
  });
}

TEST_CASE("a stored bus knows its world and its settings", "[events]") {
  World world;
  world.id = 3;
  Bus bus;
  bus.world = &world;
  bus.name = "orders";
  bus.description = "d";
  bus.log_config = api::LogConfig{"FULL", "INFO"};
  bus.dead_letter_config = api::DeadLetterConfig{};
  bus.tags = {{"k", "v"}};
  bus.created_ms = 1;
  bus.modified_ms = 2;
  Bus read;
  std::uint32_t world_id = 0;
  REQUIRE(decode_bus(encode_bus(bus), read, world_id));
  CHECK(world_id == 3);
  CHECK(read.name == "orders");
  CHECK(read.description == "d");
  CHECK(read.log_config->include_detail == "FULL");
  CHECK(read.log_config->level == "INFO");
  CHECK(read.dead_letter_config.has_value());
  CHECK(read.modified_ms == 2);
  check_refusals(encode_bus(bus), [&](std::string_view record) {
    Bus cut;
    return decode_bus(record, cut, world_id);
  });
}

TEST_CASE("a stored fan-out task knows its event and whom it still owes it", "[events]") {
  FanOutTask task;
  task.bus_id = 5;
  task.event_id = {1, 2, 3};
  task.json = "{}";
  task.md5_of_json = std::string(16, 'm');
  task.trace_header = "Root=1";
  task.accepted_ms = 7;
  task.deliveries = {{1, "a"}, {2, "b"}};
  FanOutTask read;
  REQUIRE(decode_fan_out_task(encode_fan_out_task(task), read));
  CHECK(read.bus_id == 5);
  CHECK(read.event_id == task.event_id);
  CHECK(read.json == "{}");
  CHECK(read.md5_of_json == task.md5_of_json);
  CHECK(read.trace_header == "Root=1");
  CHECK(read.accepted_ms == 7);
  CHECK(read.deliveries == task.deliveries);
  check_refusals(encode_fan_out_task(task), [](std::string_view record) {
    FanOutTask cut;
    return decode_fan_out_task(record, cut);
  });
  check_refusals(encode_fan_out_cursor(9), [](std::string_view record) {
    std::size_t position = 0;
    return decode_fan_out_cursor(record, position) && position == 9;
  });
}

}  // namespace signalbox::broker
