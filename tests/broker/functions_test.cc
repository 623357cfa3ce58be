// Invocations on their way: to a worker, to their outcome, to their end in time.
#include "broker/functions/functions.h"

#include <catch2/catch.hpp>

#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
namespace wire = api::lambda;
namespace runtime = api::runtime;

namespace {

using Invoked = std::shared_ptr<test::Reply<wire::InvokeResponse>>;
using Asked = std::shared_ptr<test::Reply<runtime::NextResponse>>;

struct Shop : test::TestBroker {
  Shop() { create("orders", 5); }

  void create(const std::string& name, std::int64_t timeout_s) {
    wire::CreateFunctionRequest request;
    request.function_name = name;
    request.role = "arn:aws:iam::000000000000:role/r";
    request.package_type = "Image";
    request.code.image_uri = "code:elsewhere";
    request.timeout = timeout_s;
    REQUIRE_FALSE(call<&Functions::create_function>(request).error);
  }
  Invoked invoke(const std::string& payload, const std::string& name = "orders") {
    wire::InvokeRequest request;
    request.function_name = name;
    request.payload = api::Blob{payload};
    caller.request_id = "request-" + std::to_string(++request_count_);
    return start<&Functions::invoke>(request);
  }
  Asked next(const std::string& name = "orders") {
    caller.request_id = "next-" + std::to_string(++request_count_);
    return start<&Functions::next_invocation>({name});
  }
  bool respond(const Asked& asked, const std::string& payload) {
    return !call<&Functions::invocation_response>(outcome(asked, payload)).error;
  }
  bool fail(const Asked& asked, const std::string& payload) {
    return !call<&Functions::invocation_error>(outcome(asked, payload)).error;
  }

 private:
  static runtime::OutcomeRequest outcome(const Asked& asked, const std::string& payload) {
    return {"orders", asked->response.request_id, {payload}};
  }

  int request_count_ = 0;
};

std::string payload_of(const Invoked& invoked) {
  REQUIRE(invoked->released);
  return invoked->response.payload->bytes;
}
bool has(const Invoked& invoked, std::string_view text) {
  return payload_of(invoked).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a worker gets the oldest invocation, whichever of the two comes first", "[functions]") {
  Shop world;
  const auto first = world.invoke("1");
  const auto second = world.invoke("2");
  const auto one = world.next();
  REQUIRE(one->released);
  CHECK(one->response.payload.bytes == "1");
  const auto other = world.next();
  CHECK(other->response.payload.bytes == "2");
  const auto idle = world.next();
  CHECK_FALSE(idle->released);
  const auto third = world.invoke("3");
  REQUIRE(idle->released);
  CHECK(idle->response.payload.bytes == "3");
  CHECK_FALSE(first->released);
  CHECK(world.respond(other, "\"b\""));
  CHECK(payload_of(second) == "\"b\"");
  CHECK(world.fail(one, "{\"errorType\":\"E\"}"));
  CHECK(payload_of(first) == "{\"errorType\":\"E\"}");
  CHECK(first->response.function_error == "Unhandled");
  CHECK_FALSE(second->response.function_error);
  CHECK_FALSE(third->released);
}

TEST_CASE("a worker is heard once, of what it was given", "[functions]") {
  Shop world;
  const auto invoked = world.invoke("1");
  const auto asked = world.next();
  CHECK(world.respond(asked, "1"));
  CHECK_FALSE(world.respond(asked, "2"));
  CHECK_FALSE(world.fail(asked, "3"));
  CHECK(payload_of(invoked) == "1");
  world.create("other", 5);
  const auto foreign = world.invoke("1", "other");
  const auto theirs = world.next("other");
  CHECK_FALSE(world.respond(theirs, "1"));
  CHECK_FALSE(foreign->released);
}

TEST_CASE("a function's time counts from when a worker has it", "[functions]") {
  Shop world;
  const auto invoked = world.invoke("1");
  world.advance(4s);
  const auto asked = world.next();
  world.advance(4s);
  CHECK_FALSE(invoked->released);
  world.advance(1s);
  CHECK(has(invoked, "Task timed out after 5.00 seconds"));
  CHECK(invoked->response.function_error == "Unhandled");
  // Too late.
  CHECK_FALSE(world.respond(asked, "1"));
}

TEST_CASE("a function runs no more invocations at a time than are reserved for it", "[functions]") {
  Shop world;
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 2}).error);
  const auto waits = world.invoke("1");
  const auto runs = world.invoke("2");
  CHECK(world.invoke("3")->error->code == ErrorCode::throttled);
  const auto asked = world.next();
  CHECK(world.invoke("4")->error->code == ErrorCode::throttled);
  CHECK(world.respond(asked, "1"));
  CHECK_FALSE(world.invoke("5")->error);
  CHECK(world.invoke("6")->error->code == ErrorCode::throttled);
}

TEST_CASE("a hundred of the account's thousand are nobody's", "[functions]") {
  Shop world;
  world.create("other", 5);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 900}).error);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 800}).error);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"other", 100}).error);
  const auto refused = world.call<&Functions::put_function_concurrency>({"other", 101});
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::invalid_parameter_value);
}

TEST_CASE("variables of the runtime's own, and more than 4 KB, are refused", "[functions]") {
  Shop world;
  const auto refusal = [&](api::StringMap variables) {
    wire::UpdateFunctionConfigurationRequest request;
    request.function_name = "orders";
    request.environment.emplace().variables = std::move(variables);
    const auto reply = world.call<&Functions::update_function_configuration>(request);
    return reply.error ? reply.error->message : "";
  };
  CHECK(refusal({{"STAGE", "x"}, {"AWS_ENDPOINT_URL", "http://x"}}) == "");
  CHECK(refusal({{"AWS_REGION", "x"}, {"_HANDLER", "y"}, {"STAGE", "z"}}) ==
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: AWS_REGION, _HANDLER");
  CHECK(refusal({{"AB", std::string(4094, 'x')}}) == "");
  CHECK(refusal({{"AB", std::string(4095, 'x')}}).find("exceeded the 4KB limit") !=
        std::string::npos);
}

TEST_CASE("an error without a body has the type that its header says", "[functions]") {
  Shop world;
  const auto invoked = world.invoke("1");
  const auto asked = world.next();
  const runtime::OutcomeRequest outcome{"orders", asked->response.request_id, {}, "Runtime.Odd"};
  CHECK_FALSE(world.call<&Functions::invocation_error>(outcome).error);
  CHECK(payload_of(invoked) == R"({"errorType":"Runtime.Odd","errorMessage":""})");
  const auto large = world.invoke("2");
  CHECK(world.fail(world.next(), std::string(7 << 20, 'x')));
  CHECK(has(large, "Function.ResponseSizeTooLarge"));
}

TEST_CASE("an invocation without a trace gets one", "[functions]") {
  Shop world;
  world.invoke("1");
  const auto trace = world.next()->response.trace_id.value_or("");
  CHECK(trace.starts_with("Root=1-"));
  CHECK(trace.ends_with(";Sampled=0"));
  world.caller.trace_header = "Root=1-2-3;Sampled=1";
  world.invoke("2");
  CHECK(world.next()->response.trace_id == "Root=1-2-3;Sampled=1");
}

TEST_CASE("an invocation that no worker asks for is told of it", "[functions]") {
  Shop world;
  const auto invoked = world.invoke("1");
  world.advance(5s);
  CHECK(has(invoked, "Runtime.NoWorker"));
  const auto asked = world.next();
  CHECK_FALSE(asked->released);
}

TEST_CASE("a worker that cannot start fails what waits", "[functions]") {
  Shop world;
  const auto one = world.invoke("1");
  const auto other = world.invoke("2");
  const auto told = world.call<&Functions::init_error>({"orders", {"{\"errorType\":\"Import\"}"}});
  CHECK_FALSE(told.error);
  CHECK(has(one, "Import"));
  CHECK(has(other, "Import"));
}

TEST_CASE("a function that is deleted ends its invocations and lets its workers go",
          "[functions]") {
  Shop world;
  const auto running = world.invoke("1");
  const auto asked = world.next();
  const auto idle = world.next();
  CHECK_FALSE(idle->released);
  REQUIRE_FALSE(world.call<&Functions::delete_function>({"orders", {}}).error);
  CHECK(has(running, "The function was deleted"));
  REQUIRE(idle->released);
  CHECK(idle->error->code == ErrorCode::resource_not_found);
  CHECK_FALSE(world.respond(asked, "1"));
  world.advance(1h);
  CHECK(world.invoke("1")->error->code == ErrorCode::resource_not_found);
}

TEST_CASE("a client that left takes its invocation's outcome with it", "[functions]") {
  Shop world;
  const auto invoked = world.invoke("1");
  const auto asked = world.next();
  // Nobody is there for the answer, and the same request may not come to it later.
  world.engine().cancel(2);
  CHECK(world.respond(asked, "1"));
  world.advance(2min);
  CHECK_FALSE(world.respond(asked, "1"));
}
