// Functions that the broker runs itself: which processes are wanted, and what follows from how they
// end.
#include <catch2/catch.hpp>

#include "tests/broker/function_shop.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
namespace wire = api::lambda;
using Kind = WorkerOrder::Kind;

namespace {

// The smallest zip with a file in it.
std::string small_zip() {
  const std::string name = "a";
  const auto u16 = [](unsigned value) {
    return std::string{static_cast<char>(value & 0xff), static_cast<char>(value >> 8)};
  };
  const auto u32 = [&](unsigned value) { return u16(value & 0xffff) + u16(value >> 16); };
  const std::string common =
      u16(20) + u16(0) + u16(0) + u16(0) + u16(33) + u32(0) + u32(0) + u32(0) + u16(1) + u16(0);
  const std::string local = "PK\x03\x04" + common + name;
  const std::string central =
      "PK\x01\x02" + u16(20) + common + u16(0) + u16(0) + u16(0) + u32(0) + u32(0) + name;
  return local + central + "PK\x05\x06" + u16(0) + u16(0) + u16(1) + u16(1) +
         u32(static_cast<unsigned>(central.size())) + u32(static_cast<unsigned>(local.size())) +
         u16(0);
}

Settings with_processes() {
  Settings settings;
  settings.function_processes = true;
  settings.function_concurrency = 2;
  settings.function_idle = 30s;
  return settings;
}

struct ProcessShop : test::FunctionShop {
  explicit ProcessShop(Settings settings = with_processes()) : FunctionShop(std::move(settings)) {
    create("zipped", "python3.11");
  }
  void create(const std::string& name, const std::string& runtime) {
    wire::CreateFunctionRequest request;
    request.function_name = name;
    request.role = "arn:aws:iam::000000000000:role/r";
    request.runtime = runtime;
    request.handler = "a.b";
    request.timeout = 5;
    request.code.zip_file = api::Blob{small_zip()};
    REQUIRE_FALSE(call<&Functions::create_function>(request).error);
  }
  Invoked run(const std::string& payload) { return invoke(payload, "zipped"); }
  std::vector<WorkerOrder> orders(Kind kind) const {
    std::vector<WorkerOrder> found;
    for (const auto& order : worker_orders) {
      if (order.kind == kind) found.push_back(order);
    }
    return found;
  }
  // What the process that was ordered asks under.
  static std::string name_of(const WorkerOrder& order) {
    return "arn:aws:lambda:us-east-1:000000000000:function:zipped@" +
           std::to_string(order.worker_id);
  }
  Asked next_of(const WorkerOrder& order) { return next(name_of(order)); }
  void exit(const WorkerOrder& order, const std::string& text) {
    tell({.worker_id = order.worker_id,
          .epoch = order.epoch,
          .error_type = "Runtime.ExitError",
          .text = text});
  }
};

std::string text_of(const test::FunctionShop::Invoked& invoked) {
  REQUIRE(invoked->released);
  return invoked->response.payload->bytes;
}

}  // namespace

TEST_CASE("there is a process for each invocation that waits, up to the limit", "[functions]") {
  ProcessShop world;
  const auto first = world.run("1");
  REQUIRE(world.orders(Kind::start).size() == 1);
  world.run("2");
  world.run("3");
  CHECK(world.orders(Kind::start).size() == 2);
  const auto order = world.orders(Kind::start)[0];
  CHECK(order.config->handler == "a.b");
  const auto asked = world.next_of(order);
  CHECK(test::FunctionShop::payload_of(asked) == "1");
  CHECK(world.orders(Kind::begin).size() == 1);
  CHECK(world.respond(asked, "\"a\"", ProcessShop::name_of(order)));
  CHECK(text_of(first) == "\"a\"");
  CHECK(world.orders(Kind::end).size() == 1);
  // It is warm: the next one is its.
  CHECK(test::FunctionShop::payload_of(world.next_of(order)) == "2");
  CHECK(world.orders(Kind::start).size() == 2);
}

TEST_CASE("a process that exits ends its invocation, and the next gets another", "[functions]") {
  ProcessShop world;
  const auto first = world.run("1");
  world.run("2");
  const auto order = world.orders(Kind::start)[0];
  world.next_of(order);
  world.exit(order, "Runtime exited with error: exit status 1");
  CHECK(text_of(first).find("exit status 1") != std::string::npos);
  CHECK(first->response.function_error == "Unhandled");
  world.exit(world.orders(Kind::start)[1], "signal: killed");
  // Of the two that had waited nobody is left.
  CHECK(world.orders(Kind::start).size() == 2);
  world.run("3");
  CHECK(world.orders(Kind::start).size() == 3);
}

TEST_CASE("a process whose time is up is killed", "[functions]") {
  ProcessShop world;
  const auto invoked = world.run("1");
  const auto order = world.orders(Kind::start)[0];
  world.next_of(order);
  world.advance(5s);
  CHECK(text_of(invoked).find("Task timed out after 5.00 seconds") != std::string::npos);
  REQUIRE(world.orders(Kind::kill).size() == 1);
  CHECK(world.orders(Kind::kill)[0].worker_id == order.worker_id);
  // It is not asked again, should it still ask.
  CHECK(world.next_of(order)->error);
}

TEST_CASE("what a process needs to start is not the function's time", "[functions]") {
  ProcessShop world;
  const auto invoked = world.run("1");
  const auto order = world.orders(Kind::start)[0];
  world.advance(14s);
  CHECK_FALSE(invoked->released);
  world.advance(1s);
  CHECK(text_of(invoked).find("Sandbox.Timedout") != std::string::npos);
  CHECK(text_of(invoked).find("its process was still starting") != std::string::npos);
  REQUIRE(world.orders(Kind::kill).size() == 1);
  CHECK(world.orders(Kind::kill)[0].worker_id == order.worker_id);
  world.run("2");
  CHECK(world.orders(Kind::start).size() == 2);
}

TEST_CASE("a process that has told of an error gets nothing more", "[functions]") {
  ProcessShop world;
  const auto first = world.run("1");
  const auto failed = world.orders(Kind::start)[0];
  const auto told = world.call<&Functions::init_error>(
      {ProcessShop::name_of(failed), {R"({"errorType":"Import"})"}});
  CHECK_FALSE(told.error);
  CHECK(text_of(first) == R"({"errorType":"Import"})");
  // It has not exited yet: the next one is another's.
  const auto second = world.run("2");
  REQUIRE(world.orders(Kind::start).size() == 2);
  CHECK(world.next_of(failed)->error);
  world.exit(failed, "Runtime exited with error: exit status 1");
  CHECK_FALSE(second->released);
  const auto order = world.orders(Kind::start)[1];
  CHECK(world.respond(world.next_of(order), "2", ProcessShop::name_of(order)));
  CHECK(text_of(second) == "2");
}

TEST_CASE("an error at the start is told to all that wait, unless another process works",
          "[functions]") {
  ProcessShop world;
  const auto fail = [&](const WorkerOrder& order) {
    return world.call<&Functions::init_error>({ProcessShop::name_of(order), {"{}"}});
  };
  const auto first = world.run("1");
  const auto second = world.run("2");
  const auto third = world.run("3");
  fail(world.orders(Kind::start)[0]);
  CHECK(first->released);
  CHECK(second->released);
  CHECK(third->released);

  const auto works = world.run("4");
  world.next_of(world.orders(Kind::start)[1]);
  const auto waits = world.run("5");
  const auto waits_too = world.run("6");
  fail(world.orders(Kind::start)[2]);
  CHECK(waits->released);
  CHECK_FALSE(works->released);
  CHECK_FALSE(waits_too->released);
}

TEST_CASE("a runtime that the broker cannot start is for workers that attach", "[functions]") {
  ProcessShop world;
  world.create("compiled", "java17");
  world.invoke("1", "compiled", "Event");
  const auto invoked = world.invoke("2", "compiled");
  CHECK(world.orders(Kind::start).empty());
  world.advance(5s);
  CHECK(text_of(invoked).find("cannot start the runtime java17") != std::string::npos);
  // The event has waited for this one.
  CHECK(test::FunctionShop::payload_of(world.next("compiled")) == "1");
}

TEST_CASE("a process that has told of an error and stays is stopped", "[functions]") {
  ProcessShop world;
  world.run("1");
  const auto failed = world.orders(Kind::start)[0];
  world.call<&Functions::init_error>({ProcessShop::name_of(failed), {"{}"}});
  CHECK(world.orders(Kind::stop).empty());
  world.advance(2s);
  CHECK(world.orders(Kind::stop).size() == 1);
}

TEST_CASE("a process that finds an invocation waiting has started well, too", "[functions]") {
  ProcessShop world;
  world.run("1");
  const auto order = world.orders(Kind::start)[0];
  CHECK(world.next_of(order)->released);
  REQUIRE(world.orders(Kind::ready).size() == 1);
  CHECK(world.orders(Kind::ready)[0].worker_id == order.worker_id);
}

TEST_CASE("that the broker starts no processes is said", "[functions]") {
  Settings settings;
  settings.function_processes = false;
  ProcessShop world(settings);
  const auto invoked = world.run("1");
  world.advance(5s);
  CHECK(text_of(invoked).find("function-processes") != std::string::npos);
}

TEST_CASE("unpacked code that is not needed any more is removed", "[functions]") {
  ProcessShop world;
  const auto sha256 =
      *world.call<&Functions::get_function_configuration>({"zipped", {}}).response.code_sha256;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"zipped", {}, {}, {}}).error);
  wire::UpdateFunctionCodeRequest request;
  request.function_name = "zipped";
  request.zip_file = api::Blob{small_zip()};
  REQUIRE_FALSE(world.call<&Functions::update_function_code>(request).error);
  REQUIRE(world.orders(Kind::keep_code).size() == 1);
  CHECK(world.orders(Kind::keep_code)[0].lines == std::vector<std::string>{sha256, sha256});
  REQUIRE_FALSE(world.call<&Functions::delete_function>({"zipped", {}}).error);
  REQUIRE(world.orders(Kind::keep_code).size() == 2);
  CHECK(world.orders(Kind::keep_code)[1].lines.empty());
}

TEST_CASE("an event that waits for an attached worker gets a process when that is gone",
          "[functions]") {
  ProcessShop world;
  const auto attached = world.next("zipped");
  world.run("1");
  CHECK(world.respond(attached, "1", "zipped"));
  world.invoke("2", "zipped", "Event");
  CHECK(world.orders(Kind::start).empty());
  world.advance(10s);
  CHECK(world.orders(Kind::start).size() == 1);
}

TEST_CASE("of an attached worker that leaves nothing is expected", "[functions]") {
  ProcessShop world;
  const auto id = functions::attached_ids + 1;
  const std::string name =
      "arn:aws:lambda:us-east-1:000000000000:function:orders@" + std::to_string(id);
  const auto holds = world.next(name);
  const auto held = world.invoke("1");
  CHECK(test::FunctionShop::payload_of(holds) == "1");
  const auto waits = world.next(name);
  WorkerNews news{.kind = WorkerNews::Kind::leaves, .worker_id = id};
  news.epoch = world.engine().epoch();
  world.tell(news);
  // The next one is for somebody else, and what it has it may still answer.
  const auto other = world.next();
  const auto second = world.invoke("2");
  CHECK(waits->error);
  CHECK(test::FunctionShop::payload_of(other) == "2");
  CHECK_FALSE(held->released);
  news.kind = WorkerNews::Kind::left;
  news.error_type = "Runtime.ExitError";
  news.text = "Runtime exited with error: signal: killed";
  world.tell(news);
  CHECK(text_of(held).find("signal: killed") != std::string::npos);
  CHECK_FALSE(second->released);
  CHECK(world.next(name)->error);
}

TEST_CASE("a process that has been idle is stopped", "[functions]") {
  ProcessShop world;
  world.run("1");
  const auto order = world.orders(Kind::start)[0];
  CHECK(world.respond(world.next_of(order), "1", ProcessShop::name_of(order)));
  const auto idle = world.next_of(order);
  world.advance(29s);
  CHECK(world.orders(Kind::stop).empty());
  world.advance(1s);
  REQUIRE(world.orders(Kind::stop).size() == 1);
  // What comes now is not given to it.
  world.run("2");
  CHECK(idle->error);
  CHECK(world.orders(Kind::start).size() == 2);
}

TEST_CASE("processes of what a function was are replaced", "[functions]") {
  ProcessShop world;
  world.run("1");
  world.run("2");
  const auto busy = world.orders(Kind::start)[0];
  const auto asked = world.next_of(busy);
  wire::UpdateFunctionConfigurationRequest change;
  change.function_name = "zipped";
  change.handler = "c.d";
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(change).error);
  // One had not begun; the other one finishes what it has.
  REQUIRE(world.orders(Kind::stop).size() == 1);
  CHECK(world.respond(asked, "1", ProcessShop::name_of(busy)));
  CHECK(world.next_of(busy)->error);
  CHECK(world.orders(Kind::stop).size() == 2);
  world.run("3");
  CHECK(world.orders(Kind::start).back().config->handler == "c.d");
}

TEST_CASE("while a worker is attached no process is started", "[functions]") {
  ProcessShop world;
  const auto attached = world.next("zipped");
  const auto first = world.run("1");
  CHECK(test::FunctionShop::payload_of(attached) == "1");
  world.run("2");
  CHECK(world.orders(Kind::start).empty());
  CHECK(world.respond(attached, "1", "zipped"));
  CHECK(text_of(first) == "1");
  world.advance(20s);
  world.run("3");
  CHECK(world.orders(Kind::start).size() == 1);
}

TEST_CASE("who asks for the tail of the log waits for it", "[functions]") {
  ProcessShop world;
  const auto begin = [&] {
    wire::InvokeRequest request;
    request.function_name = "zipped";
    request.log_type = "Tail";
    world.caller.request_id = "tail-" + std::to_string(world.worker_orders.size());
    return world.start<&Functions::invoke>(request);
  };
  const auto invoked = begin();
  const auto order = world.orders(Kind::start)[0];
  CHECK(world.respond(world.next_of(order), "1", ProcessShop::name_of(order)));
  CHECK_FALSE(invoked->released);
  const auto end = world.orders(Kind::end)[0];
  CHECK(end.lines.size() == 2);
  world.tell({.kind = WorkerNews::Kind::tail,
              .worker_id = order.worker_id,
              .epoch = order.epoch,
              .text = "said\n",
              .request_id = end.request_id});
  REQUIRE(invoked->released);
  CHECK(invoked->response.log_result == "c2FpZAo=");
  // What a process wrote that could not start is the tail as well.
  world.exit(order, "signal: killed");
  const auto failed = begin();
  const auto next = world.orders(Kind::start)[1];
  world.call<&Functions::init_error>({ProcessShop::name_of(next), {"{}"}});
  CHECK_FALSE(failed->released);
  REQUIRE(world.orders(Kind::end).size() == 2);
  CHECK(world.orders(Kind::end)[1].lines.size() == 3);
  world.tell({.kind = WorkerNews::Kind::tail,
              .worker_id = next.worker_id,
              .epoch = next.epoch,
              .text = "said\n",
              .request_id = world.orders(Kind::end)[1].request_id});
  REQUIRE(failed->released);
  CHECK(failed->response.log_result == "c2FpZAo=");
}

TEST_CASE("the tail of a log does not hold up the answer", "[functions]") {
  ProcessShop world;
  wire::InvokeRequest request;
  request.function_name = "zipped";
  request.log_type = "Tail";
  world.caller.request_id = "tail";
  const auto second = world.start<&Functions::invoke>(request);
  const auto order = world.orders(Kind::start)[0];
  CHECK(world.respond(world.next_of(order), "1", ProcessShop::name_of(order)));
  world.advance(2s);
  REQUIRE(second->released);
  CHECK(second->response.payload->bytes == "1");
}
