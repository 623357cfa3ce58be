#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <string>

#include "protocol/request_job.h"
#include "protocol/wire.h"

using namespace signalbox::protocol;

namespace {

// What the page calls a service.
std::string title_of(Service service) {
  switch (service) {
    case Service::sqs: return "SQS";
    case Service::events: return "EventBridge";
    case Service::scheduler: return "Scheduler";
    case Service::schemas: return "Schemas";
    case Service::iam: return "IAM";
    case Service::sts: return "STS";
    case Service::lambda: return "Lambda";
    case Service::runtime: return "Lambda Runtime API";
  }
  return {};
}

// "service operation" -> state, as docs/compatibility.md lists them.
std::map<std::string, std::string> documented_states() {
  std::ifstream page(SIGNALBOX_SOURCE_DIR "/docs/compatibility.md");
  REQUIRE(page);
  std::map<std::string, std::string> states;
  std::string service;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) service = line.substr(3);
    if (!line.starts_with("| ") || line.starts_with("| operation")) continue;
    const auto name_end = line.find(" | ");
    const auto state_end = line.find(" | ", name_end + 3);
    REQUIRE(state_end != std::string::npos);
    states[service + " " + line.substr(2, name_end - 2)] =
        line.substr(name_end + 3, state_end - name_end - 3);
  }
  return states;
}

}  // namespace

TEST_CASE("the operations of all services are in the table's order") {
  CHECK(is_operation_table(operation_rows()));
}

TEST_CASE("the compatibility page says of each operation whether the table has it") {
  auto states = documented_states();
  CHECK(states.size() == 23 + 57 + 12 + 31 + 33 + 2 + 91 + 4);
  for (const auto& row : operation_rows()) {
    const std::string service = title_of(row.service);
    const auto at = states.find(service + " " + std::string(row.name));
    INFO(service << " " << row.name);
    REQUIRE(at != states.end());
    CHECK(at->second == "works");
    states.erase(at);
  }
  for (const auto& [operation, state] : states) {
    INFO(operation);
    CHECK(state == "-");
  }
}
