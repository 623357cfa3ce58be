// What is read of functions and accounts of features that are not here.
#include "tests/broker/functions_fixture.h"

using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::orders_arn;
using test::zip_of;

TEST_CASE("an account's settings say what it uses and what is left", "[functions]") {
  FunctionsBroker world;
  const auto size = static_cast<std::int64_t>(zip_of("1").size());
  REQUIRE_FALSE(world.create("parcels").error);
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 100}).error);
  const auto settings = world.call<&Functions::get_account_settings>({}).response;
  CHECK(settings.account_usage.function_count == 2);
  CHECK(settings.account_usage.total_code_size == 3 * size);
  CHECK(settings.account_limit.concurrent_executions == 1000);
  CHECK(settings.account_limit.unreserved_concurrent_executions == 900);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"parcels", 800}).error);
  CHECK(world.call<&Functions::get_account_settings>({})
            .response.account_limit.unreserved_concurrent_executions == 100);
}

TEST_CASE("features that are not set are told as the service tells them", "[functions]") {
  FunctionsBroker world;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  const auto runtime = world.call<&Functions::get_runtime_management_config>({"orders", "1"});
  CHECK(runtime.response.update_runtime_on == "Auto");
  CHECK(runtime.response.function_arn == std::string(orders_arn) + ":1");
  CHECK_FALSE(runtime.response.runtime_version_arn);
  CHECK(world.call<&Functions::get_function_recursion_config>({"orders"}).response.recursive_loop ==
        "Terminate");
  CHECK(world.call<&Functions::get_function_code_signing_config>({std::string(orders_arn)})
            .response.function_name == "orders");
  CHECK(world.call<&Functions::get_function_recursion_config>({"nothing"}).error->code ==
        ErrorCode::resource_not_found);
  CHECK(world.call<&Functions::get_function_code_signing_config>({"nothing"}).error->code ==
        ErrorCode::resource_not_found);
  CHECK(world.call<&Functions::get_runtime_management_config>({"orders", "7"}).error->code ==
        ErrorCode::resource_not_found);
}
