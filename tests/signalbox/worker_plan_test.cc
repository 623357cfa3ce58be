#include "signalbox/workers/worker_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "signalbox/workers/bootstraps.h"
#include "signalbox/workers/interpreter_probe.h"
#include "tests/signalbox/process_fixture.h"
#include "tests/storage/temp_dir.h"

using signalbox::workers::arn_part;
using signalbox::workers::plan_of;
using signalbox::workers::WorkerHost;
using signalbox::workers::WorkerOrder;
namespace fs = std::filesystem;

namespace {

struct World {
  signalbox::storage::testing::TempDir directory;
  const fs::path bin = directory.path("bin");
  const fs::path code = directory.path("code");
  WorkerHost host{bin.string(), "/var/lib/broker", directory.path("runtime")};
  WorkerOrder order;

  World() {
    fs::create_directories(bin);
    fs::create_directories(code);
    order.function_arn = "arn:aws:lambda:eu-west-3:123456789012:function:orders";
    order.runtime = "python3.12";
    order.handler = "app.run";
    order.runtime_api = "127.0.0.1:5000";
    order.endpoint_url = "http://127.0.0.1:4566";
    order.log_group = "/aws/lambda/orders";
    order.log_stream = "stream";
    order.memory_size_mb = 256;
  }
  void program(const fs::path& path, bool executable = true) const {
    std::ofstream(path) << "#!/bin/sh\n";
    fs::permissions(path, executable ? fs::perms(0755) : fs::perms(0644));
  }
  std::string variable(const std::string& name, bool has_code = true) const {
    const auto plan = plan_of(order, has_code ? code : fs::path(), host);
    for (const auto& each : plan.process.environment) {
      if (each.starts_with(name + "=")) return each.substr(name.size() + 1);
    }
    return "(none)";
  }
};

}  // namespace

TEST_CASE("a worker's environment is what the service gives, and nothing else", "[worker plan]") {
  World world;
  world.program(world.bin / "python3.12");
  CHECK(world.variable("AWS_LAMBDA_FUNCTION_NAME") == "orders");
  CHECK(world.variable("AWS_LAMBDA_FUNCTION_VERSION") == "$LATEST");
  CHECK(world.variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") == "256");
  CHECK(world.variable("_HANDLER") == "app.run");
  CHECK(world.variable("AWS_LAMBDA_RUNTIME_API") == "127.0.0.1:5000");
  CHECK(world.variable("AWS_REGION") == "eu-west-3");
  CHECK(world.variable("AWS_DEFAULT_REGION") == "eu-west-3");
  CHECK(world.variable("AWS_ACCESS_KEY_ID") == "123456789012");
  CHECK(world.variable("AWS_EXECUTION_ENV") == "AWS_Lambda_python3.12");
  CHECK(world.variable("AWS_ENDPOINT_URL") == "http://127.0.0.1:4566");
  CHECK(world.variable("AWS_LAMBDA_LOG_GROUP_NAME") == "/aws/lambda/orders");
  CHECK(world.variable("LAMBDA_TASK_ROOT") == world.code.string());
  CHECK(world.variable("LAMBDA_RUNTIME_DIR") == world.host.runtime_dir.string());
  CHECK(world.variable("TZ") == ":UTC");
  CHECK(world.variable("HOME") == world.code.string());
  CHECK(world.variable("USER") == "(none)");
}

TEST_CASE("a function's variables win, but for those that are reserved", "[worker plan]") {
  World world;
  world.program(world.bin / "python3.12");
  world.order.variables = {
      {"STAGE", "test"}, {"TZ", "Europe/Paris"}, {"AWS_LAMBDA_RUNTIME_API", "elsewhere"}};
  CHECK(world.variable("STAGE") == "test");
  CHECK(world.variable("TZ") == "Europe/Paris");
  CHECK(world.variable("AWS_LAMBDA_RUNTIME_API") == "127.0.0.1:5000");
}

TEST_CASE("Python is the version asked for, else the machine's", "[worker plan]") {
  World world;
  world.program(world.bin / "python3");
  auto argv = plan_of(world.order, world.code, world.host).process.argv;
  CHECK(argv == std::vector<std::string>{(world.bin / "python3").string(), "-u",
                                         (world.host.runtime_dir / "bootstrap.py").string()});
  world.program(world.bin / "python3.12");
  argv = plan_of(world.order, world.code, world.host).process.argv;
  CHECK(argv.front() == (world.bin / "python3.12").string());
}

TEST_CASE("an interpreter that does not run is passed over", "[worker plan]") {
  World world;
  const fs::path shims = world.directory.path("shims");
  fs::create_directories(shims);
  world.program(shims / "python3.12");
  std::ofstream(shims / "python3.12") << "#!/bin/sh\nexit 127\n";
  world.program(world.bin / "python3");
  world.host.path = shims.string() + ":" + world.bin.string();
  signalbox::workers::InterpreterProbe probe(world.host.path, "/");
  world.host.runs = [&](const std::string& program) { return probe.runs(program); };
  auto plan = plan_of(world.order, world.code, world.host);
  REQUIRE(plan.problem.empty());
  CHECK(plan.process.argv.front() == (world.bin / "python3").string());
  std::ofstream(shims / "python3.12") << "#!/bin/sh\n";
  plan = plan_of(world.order, world.code, world.host);
  CHECK(plan.process.argv.front() == (shims / "python3.12").string());
}

TEST_CASE("what cannot be run is said, with what to do", "[worker plan]") {
  World world;
  const auto problem = [&] {
    const auto plan = plan_of(world.order, world.code, world.host);
    CHECK(plan.error_type == "Runtime.InvalidEntrypoint");
    return plan.problem;
  };
  using Catch::Contains;
  CHECK_THAT(problem(), Contains("needs python3.12 on the broker's machine") &&
                            Contains("signalbox function run orders"));
  world.order.runtime = "nodejs20.x";
  CHECK_THAT(problem(), Contains("needs node on the broker's machine"));
  world.order.runtime = "java21";
  CHECK_THAT(problem(), Contains("cannot start the runtime java21"));
  world.order.runtime = "provided.al2023";
  CHECK_THAT(problem(), Contains("Couldn't find valid bootstrap(s)"));
  world.program(world.code / "bootstrap", false);
  CHECK_THAT(problem(), Contains("not executable"));
  world.order.command = {"no-such-program"};
  CHECK_THAT(problem(), Contains("no-such-program is not in PATH"));
}

TEST_CASE("commands run where they are told to", "[worker plan]") {
  World world;
  world.order.runtime = "";
  world.order.command = {"run", "it"};
  world.order.directory = world.code.string();
  world.program(world.bin / "run");
  auto plan = plan_of(world.order, {}, world.host);
  CHECK(plan.process.argv == std::vector<std::string>{(world.bin / "run").string(), "it"});
  CHECK(plan.process.directory == world.code.string());
  CHECK(world.variable("HOME", false) == "/var/lib/broker");
  CHECK(world.variable("AWS_EXECUTION_ENV", false) == "(none)");
  world.order.command = {"./run"};
  plan = plan_of(world.order, {}, world.host);
  CHECK(plan.process.argv.front() == (world.code / "./run").string());
}

TEST_CASE("a zip's bootstrap is what provided runtimes run", "[worker plan]") {
  World world;
  world.order.runtime = "provided.al2023";
  world.program(world.code / "bootstrap");
  const auto plan = plan_of(world.order, world.code, world.host);
  CHECK(plan.problem.empty());
  CHECK(plan.process.argv == std::vector<std::string>{(world.code / "bootstrap").string()});
  CHECK(world.variable("AWS_EXECUTION_ENV") == "(none)");
}

TEST_CASE("parts of an ARN are found by their number", "[worker plan]") {
  CHECK(arn_part("arn:aws:lambda:r:a:function:n", 6) == "n");
  CHECK(arn_part("arn:aws:lambda:r:a:function:n", 3) == "r");
  CHECK(arn_part("arn:aws", 4).empty());
}

TEST_CASE("bootstraps are the files that this was built from", "[worker plan]") {
  const signalbox::storage::testing::TempDir directory;
  const fs::path folder = directory.path("runtime");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(signalbox::workers::write_bootstraps(folder).empty());
    for (const char* name : {"bootstrap.py", "bootstrap.mjs"}) {
      const auto source = fs::path(SIGNALBOX_SOURCE_DIR) / "signalbox/workers" / name;
      CHECK(signalbox::testing::text_of(folder / name) == signalbox::testing::text_of(source));
    }
  }
}
