// Versions of functions: published, shown, invoked and deleted.
#include "tests/broker/functions_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::orders_arn;
using test::zip_of;
namespace keys = signalbox::storage::keys;
namespace wire = api::lambda;

namespace {

struct Versions : FunctionsBroker {
  wire::FunctionConfiguration publish(std::optional<std::string> description = {}) {
    auto reply = call<&Functions::publish_version>({"orders", {}, std::move(description), {}});
    REQUIRE_FALSE(reply.error);
    return reply.response;
  }
  std::vector<std::string> listed(std::optional<std::int64_t> page = {}) {
    std::vector<std::string> versions;
    std::optional<std::string> marker;
    do {
      auto reply = call<&Functions::list_versions_by_function>({"orders", marker, page});
      REQUIRE_FALSE(reply.error);
      for (const auto& each : *reply.response.versions) versions.push_back(*each.version);
      marker = reply.response.next_marker;
    } while (marker);
    return versions;
  }
  std::optional<Error> remove(const std::string& qualifier) {
    return call<&Functions::delete_function>({"orders", qualifier}).error;
  }
  using Strings = std::vector<std::string>;
};

}  // namespace

TEST_CASE("a version keeps what the function was when it was published", "[functions]") {
  Versions world;
  const auto first = world.publish();
  CHECK(first.version == "1");
  CHECK(first.function_arn == std::string(orders_arn) + ":1");
  const auto before = world.config();
  CHECK(first.revision_id != before.revision_id);
  REQUIRE_FALSE(world.update_code("2").error);
  CHECK(world.publish("the second").version == "2");
  for (int i = 0; i < 2; ++i) {
    CHECK(world.config("orders", "1").code_sha256 == before.code_sha256);
    CHECK(world.config("orders:2").description == "the second");
    CHECK(world.config("orders:2").code_sha256 == world.config().code_sha256);
    CHECK(world.config("orders", "$LATEST").function_arn == std::string(orders_arn) + ":$LATEST");
    CHECK(world.config().function_arn == orders_arn);
    world.restart();
    REQUIRE(world.load_problem().empty());
  }
}

TEST_CASE("nothing is published twice", "[functions]") {
  Versions world;
  CHECK(world.publish("the first").version == "1");
  CHECK(world.publish("another").version == "1");
  CHECK(world.publish().description == "the first");
  world.restart();
  CHECK(world.publish().version == "1");
  wire::UpdateFunctionConfigurationRequest change;
  change.function_name = "orders";
  change.timeout = 9;
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(change).error);
  CHECK(world.publish().version == "2");
  // The same code again is no change.
  REQUIRE_FALSE(world.update_code("1").error);
  CHECK(world.publish().version == "2");
  change.timeout.reset();
  change.description = "described";
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(change).error);
  CHECK(world.publish().version == "3");
  CHECK(world.listed() == Versions::Strings{"$LATEST", "1", "2", "3"});
  CHECK(world.listed(1) == Versions::Strings{"$LATEST", "1", "2", "3"});
  CHECK(world.listed(3) == Versions::Strings{"$LATEST", "1", "2", "3"});
}

TEST_CASE("a version is published only of the code and the revision that are named",
          "[functions]") {
  Versions world;
  const auto config = world.config();
  const auto wrong_code = world.call<&Functions::publish_version>({"orders", "abc", {}, {}});
  CHECK(wrong_code.error->code == ErrorCode::invalid_parameter_value);
  CHECK(wrong_code.error->message.starts_with("CodeSHA256 (abc) is different from current"));
  CHECK(world.call<&Functions::publish_version>({"orders", {}, {}, "abc"}).error->code ==
        ErrorCode::precondition_failed);
  CHECK(world.listed() == Versions::Strings{"$LATEST"});
  CHECK_FALSE(
      world
          .call<&Functions::publish_version>({"orders", config.code_sha256, {}, config.revision_id})
          .error);
  CHECK(world.call<&Functions::publish_version>({"orders:1", {}, {}, {}}).error->code ==
        ErrorCode::invalid_parameter_value);
}

TEST_CASE("code is published with the request that brings it", "[functions]") {
  Versions world;
  auto creation = FunctionsBroker::creation("published");
  creation.publish = true;
  const auto made = world.call<&Functions::create_function>(creation).response;
  CHECK(made.version == "1");
  CHECK(made.state == "Pending");
  CHECK(world.config("published", "1").state == "Active");
  wire::UpdateFunctionCodeRequest update;
  update.function_name = "published";
  update.zip_file = api::Blob{zip_of("2")};
  update.publish = true;
  CHECK(world.call<&Functions::update_function_code>(update).response.version == "2");
  CHECK(world.config("published").version == "$LATEST");
}

TEST_CASE("versions share the code they have in common, for as long as one needs it",
          "[functions]") {
  Versions world;
  const auto codes = [&] {
    Versions::Strings found;
    for (const auto& [key, code] : world.stored(keys::Prefix::function_code)) {
      found.push_back(code);
    }
    return found;
  };
  world.publish();
  wire::UpdateFunctionConfigurationRequest change;
  change.function_name = "orders";
  change.timeout = 9;
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(change).error);
  world.publish();
  CHECK(codes() == Versions::Strings{zip_of("1")});
  REQUIRE_FALSE(world.update_code("2").error);
  REQUIRE_FALSE(world.update_code("3").error);
  CHECK(codes() == Versions::Strings{zip_of("1"), zip_of("3")});
  CHECK_FALSE(world.remove("1"));
  CHECK(codes() == Versions::Strings{zip_of("1"), zip_of("3")});
  CHECK_FALSE(world.remove("2"));
  CHECK(codes() == Versions::Strings{zip_of("3")});
  world.restart();
  CHECK(world.listed() == Versions::Strings{"$LATEST"});
  // A number is not given again.
  CHECK(world.publish().version == "3");
}

TEST_CASE("$LATEST and aliases are not deleted as versions are", "[functions]") {
  Versions world;
  world.publish();
  CHECK(world.remove("$LATEST")->message ==
        "$LATEST version cannot be deleted without deleting the function.");
  CHECK(world.remove("live")->code == ErrorCode::invalid_parameter_value);
  CHECK_FALSE(world.remove("7"));
  CHECK(world.listed() == Versions::Strings{"$LATEST", "1"});
}

TEST_CASE("nothing is left of a function that is deleted with its versions", "[functions]") {
  Versions world;
  world.publish();
  REQUIRE_FALSE(world.update_code("2").error);
  world.publish();
  REQUIRE_FALSE(world.call<&Functions::delete_function>({"orders", {}}).error);
  CHECK(world.stored(keys::Prefix::function).empty());
  CHECK(world.stored(keys::Prefix::function_code).empty());
  REQUIRE_FALSE(world.create("orders").error);
  CHECK(world.publish().version == "1");
}

TEST_CASE("a version has its own invocations and workers", "[functions]") {
  Versions world;
  world.publish();
  const auto to_latest = world.invoke("1");
  const auto to_version = world.invoke("2", "orders:1");
  const auto asked = world.next("orders:1");
  REQUIRE(asked->released);
  CHECK(asked->response.payload.bytes == "2");
  CHECK(asked->response.function_arn == std::string(orders_arn) + ":1");
  CHECK_FALSE(world.next("orders:1")->released);
  CHECK(world.respond(asked, "\"two\"", "orders:1"));
  REQUIRE(to_version->released);
  CHECK(to_version->response.executed_version == "1");
  CHECK(world.respond(world.next("orders"), "\"one\""));
  REQUIRE(to_latest->released);
  CHECK(to_latest->response.executed_version == "$LATEST");
}

TEST_CASE("reserved concurrency counts the invocations of all versions", "[functions]") {
  Versions world;
  world.publish();
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 2}).error);
  const auto waits = world.invoke("1");
  const auto runs = world.invoke("2", "orders:1");
  const auto asked = world.next("orders:1");
  CHECK(world.invoke("3")->error->code == ErrorCode::throttled);
  CHECK(world.invoke("3", "orders:1")->error->code == ErrorCode::throttled);
  CHECK(world.respond(asked, "1", "orders:1"));
  CHECK_FALSE(world.invoke("4", "orders:1")->error);
}

TEST_CASE("a version that is deleted ends its invocations, and no others", "[functions]") {
  Versions world;
  world.publish();
  const auto to_latest = world.invoke("1");
  const auto to_version = world.invoke("2", "orders:1");
  const auto running = world.invoke("3", "orders:1");
  const auto asked = world.next("orders:1");
  const auto idle = world.next("orders:1");
  CHECK_FALSE(world.remove("1"));
  REQUIRE(to_version->released);
  CHECK(to_version->response.function_error == "Unhandled");
  CHECK(running->released);
  CHECK_FALSE(to_latest->released);
  CHECK_FALSE(world.respond(asked, "1", "orders:1"));
  CHECK(world.next("orders:1")->error->code == ErrorCode::resource_not_found);
  CHECK(world.invoke("1", "orders:1")->error->code == ErrorCode::resource_not_found);
}

TEST_CASE("all versions of all functions are listed when that is asked for", "[functions]") {
  Versions world;
  world.publish();
  REQUIRE_FALSE(world.create("parcels").error);
  for (const std::int64_t size : {1, 2, 50}) {
    Versions::Strings arns;
    std::optional<std::string> marker;
    do {
      auto reply = world.call<&Functions::list_functions>({{}, "ALL", marker, size}).response;
      for (const auto& each : *reply.functions) {
        arns.push_back(each.function_arn->substr(each.function_arn->find("function:") + 9));
      }
      marker = reply.next_marker;
    } while (marker);
    CHECK(arns == Versions::Strings{"orders:$LATEST", "orders:1", "parcels:$LATEST"});
  }
  CHECK(world.call<&Functions::list_functions>({{}, "ALL", "nonsense", {}}).error->code ==
        ErrorCode::invalid_parameter_value);
}
