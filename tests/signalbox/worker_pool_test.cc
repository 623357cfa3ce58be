#include "signalbox/workers/worker_pool.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>

#include "tests/signalbox/process_fixture.h"
#include "tests/signalbox/zip_builder.h"
#include "tests/storage/temp_dir.h"

using signalbox::LogGroups;
using signalbox::testing::holds;
using signalbox::testing::text_of;
using signalbox::testing::Watched;
using signalbox::testing::zip_of;
using signalbox::workers::WorkerExit;
using signalbox::workers::WorkerLog;
using signalbox::workers::WorkerOrder;
using signalbox::workers::WorkerPool;
using signalbox::workers::WorkerPoolOptions;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:orders";

WorkerOrder shell(std::uint64_t id, const std::string& script) {
  WorkerOrder order;
  order.worker_id = id;
  order.function_arn = arn;
  order.log_group = "/aws/lambda/orders";
  order.command = {"sh", "-c", script};
  order.directory = "/";
  return order;
}

struct World {
  signalbox::storage::testing::TempDir directory;
  const LogGroups groups{directory.path("log-groups")};
  WorkerLog log{groups, {}, nullptr};
  std::mutex mutex;
  std::condition_variable came;
  std::map<std::uint64_t, WorkerExit> exits;
  std::vector<std::string> warnings;
  std::optional<WorkerPool> pool;

  explicit World(WorkerPoolOptions options = {}) {
    options.directory = directory.path("functions");
    pool.emplace(
        options,
        signalbox::workers::WorkerPoolPorts{[this](WorkerExit exit) {
                                              const std::lock_guard lock(mutex);
                                              CHECK(exits.emplace(exit.worker_id, exit).second);
                                              came.notify_all();
                                            },
                                            [this](std::string text) {
                                              const std::lock_guard lock(mutex);
                                              warnings.push_back(std::move(text));
                                            }},
        log);
    REQUIRE(pool->start().empty());
  }

  WorkerExit exit_of(std::uint64_t id) {
    std::unique_lock lock(mutex);
    REQUIRE(came.wait_for(lock, signalbox::testing::patience, [&] { return exits.contains(id); }));
    return exits[id];
  }
  bool has_exited(std::uint64_t id) {
    const std::lock_guard lock(mutex);
    return exits.contains(id);
  }
  std::string tail_of(std::uint64_t id, std::vector<std::string> lines = {}) {
    std::promise<std::string> said;
    pool->invocation_ends(id, std::move(lines), [&](std::string text) { said.set_value(text); });
    return said.get_future().get();
  }
  std::string log_text() {
    std::promise<void> done;
    log.then([&] { done.set_value(); });
    done.get_future().get();
    return text_of(groups.path_of({"000000000000", "us-east-1", "/aws/lambda/orders"}));
  }
  bool says(const std::string& part) {
    return holds([&] { return log_text().find(part) != std::string::npos; });
  }
  // The first number that the log has after that word.
  pid_t number_after(const std::string& word) {
    REQUIRE(says(word));
    const auto text = log_text();
    return std::stoi(text.substr(text.find(word) + word.size()));
  }
};

}  // namespace

TEST_CASE("a worker runs, writes to its log, and its exit is told", "[worker pool]") {
  World world;
  world.pool->want(shell(1, "echo hello from $AWS_LAMBDA_FUNCTION_NAME; exit 3"));
  const auto exit = world.exit_of(1);
  CHECK(exit.function_arn == arn);
  CHECK(exit.error_type == "Runtime.ExitError");
  CHECK(exit.text == "Runtime exited with error: exit status 3");
  CHECK_FALSE(exit.was_asked);
  CHECK(world.says("hello from orders"));
  CHECK(world.warnings.empty());
}

TEST_CASE("a zip's bootstrap runs in its folder", "[worker pool]") {
  World world;
  auto order = shell(1, "");
  order.command.clear();
  order.directory.clear();
  order.runtime = "provided.al2023";
  const auto zip = zip_of({{"bootstrap", "#!/bin/sh\ncat data/greeting\n", S_IFREG | 0755},
                           {"data/greeting", "a greeting of the zip"}});
  int reads = 0;
  order.code = {{.function_id = 9, .sha256 = "sha+/=", .read = [&] { return ++reads, zip; }}};
  world.pool->want(order);
  CHECK(world.exit_of(1).text == "Runtime exited without providing a reason");
  CHECK(world.says("a greeting of the zip"));
  order.worker_id = 2;
  world.pool->want(order);
  world.exit_of(2);
  CHECK(reads == 1);
  const fs::path folder = world.directory.path("functions/code/9-sha-_");
  CHECK(fs::exists(folder));
  world.pool->keep_code(9, {});
  CHECK(holds([&] { return !fs::exists(folder); }));
}

TEST_CASE("code is kept for as long as a worker runs in it", "[worker pool]") {
  World world;
  auto order = shell(1, "echo ready; exec sleep 600");
  const auto zip = zip_of({{"file", "x"}});
  order.code = {{.function_id = 9, .sha256 = "old", .read = [&] { return zip; }}};
  world.pool->want(order);
  REQUIRE(world.says("ready"));
  world.pool->keep_code(9, {"new"});
  // The pool has done it once it answers, and its other thread once it has prepared a worker.
  world.pool->want(shell(2, "exit"));
  world.exit_of(2);
  CHECK(fs::exists(world.directory.path("functions/code/9-old")));
  world.pool->stop(1);
  world.exit_of(1);
  CHECK(holds([&] { return !fs::exists(world.directory.path("functions/code/9-old")); }));
}

TEST_CASE("what cannot be started is told as an exit", "[worker pool]") {
  World world;
  auto order = shell(1, "");
  order.command = {"/no/such/program"};
  world.pool->want(order);
  CHECK(world.exit_of(1).text == "fork/exec /no/such/program: No such file or directory");
  CHECK(world.exit_of(1).error_type == "Runtime.InvalidEntrypoint");
  order.worker_id = 2;
  order.code = {{.function_id = 9, .sha256 = "sha", .read = [] { return std::string("no zip"); }}};
  world.pool->want(order);
  CHECK(world.exit_of(2).error_type == "Runtime.InvalidCode");
  order.worker_id = 3;
  order.code->read = nullptr;
  world.pool->want(order);
  CHECK(world.exit_of(3).text == "The function's code is not there any more");
}

TEST_CASE("stop ends a worker by SIGTERM", "[worker pool]") {
  World world({.stop_grace = 1h});
  world.pool->want(shell(1, "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"));
  REQUIRE(world.says("up"));
  world.pool->stop(1);
  CHECK(world.exit_of(1).was_asked);
  CHECK(world.exit_of(1).text == "Runtime exited without providing a reason");
  CHECK(world.says("bye"));
}

TEST_CASE("stop ends a worker that does not listen by SIGKILL", "[worker pool]") {
  World world({.stop_grace = 20ms});
  world.pool->want(shell(1, "trap '' TERM; echo up; while :; do sleep 0.01; done"));
  REQUIRE(world.says("up"));
  world.pool->stop(1);
  CHECK(world.exit_of(1).was_asked);
  CHECK(world.exit_of(1).text == "Runtime exited with error: signal: killed");
}

TEST_CASE("kill ends a worker at once, with all that it started", "[worker pool]") {
  World world({.stop_grace = 1h});
  world.pool->want(shell(1, "trap '' TERM; sleep 600 & echo child=$!; wait"));
  const Watched child(world.number_after("child="));
  world.pool->kill(1);
  CHECK(world.exit_of(1).text == "Runtime exited with error: signal: killed");
  CHECK(child.ends());
}

TEST_CASE("stop_all ends the workers of one function", "[worker pool]") {
  World world;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto order = shell(id, fmt::format("echo up{}; exec sleep 600", id));
    if (id == 3) order.function_arn += "-other";
    world.pool->want(order);
    REQUIRE(world.says(fmt::format("up{}", id)));
  }
  world.pool->stop_all(arn);
  CHECK(world.exit_of(1).text == "Runtime exited with error: signal: terminated");
  world.exit_of(2);
  CHECK_FALSE(world.has_exited(3));
}

TEST_CASE("a worker that is stopped before it starts never does", "[worker pool]") {
  World world({.backoff_first = 1h, .backoff_max = 1h});
  world.pool->want(shell(1, "exit 1"));
  world.exit_of(1);
  world.pool->want(shell(2, "echo never"));
  world.pool->stop(2);
  CHECK(world.exit_of(2).was_asked);
  CHECK(world.log_text().find("never") == std::string::npos);
}

TEST_CASE("a function whose workers die at once gets the next ones later", "[worker pool]") {
  World world({.backoff_first = 50ms, .backoff_max = 100ms});
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    world.pool->want(shell(id, "exit 1"));
    world.exit_of(id);
  }
  // 50 ms, 100 ms, and 100 ms, which is the most.
  CHECK(std::chrono::steady_clock::now() - start >= 250ms);
  // What cannot be started at all waits as well.
  auto broken = shell(5, "");
  for (; broken.worker_id <= 8; ++broken.worker_id) {
    broken.command = {broken.worker_id % 2 == 0 ? "/no/such/program" : "no-such-program"};
    world.pool->want(broken);
    world.exit_of(broken.worker_id);
  }
  CHECK(std::chrono::steady_clock::now() - start >= 650ms);
}

TEST_CASE("workers that were ready, or stopped, hold up nobody", "[worker pool]") {
  World world({.backoff_first = 1h, .backoff_max = 1h});
  for (std::uint64_t id = 1; id <= 3; ++id) {
    world.pool->want(shell(id, fmt::format("echo up{}; exec sleep 600", id)));
    REQUIRE(world.says(fmt::format("up{}", id)));
    if (id == 1) {
      world.pool->ready(id);
      world.pool->kill(id);
    } else {
      world.pool->stop(id);
    }
    world.exit_of(id);
  }
  // One that dies by itself after it was ready.
  const auto go = world.directory.path("go");
  world.pool->want(
      shell(4, fmt::format("echo up4; while [ ! -e {} ]; do sleep 0.01; done; exit 1", go)));
  REQUIRE(world.says("up4"));
  world.pool->ready(4);
  world.tail_of(4);  // the pool has heard it
  std::ofstream(go) << "x";
  CHECK_FALSE(world.exit_of(4).was_asked);
  world.pool->want(shell(5, "exit 5"));
  CHECK(world.exit_of(5).text == "Runtime exited with error: exit status 5");
}

TEST_CASE("one worker that is ready ends the delay of its function", "[worker pool]") {
  World world({.backoff_first = 1h, .backoff_max = 1h});
  world.pool->want(shell(1, "echo up; exec sleep 600"));
  REQUIRE(world.says("up"));
  world.pool->want(shell(2, "exit 1"));
  world.exit_of(2);
  world.pool->want(shell(3, "exit 3"));
  world.pool->ready(1);
  CHECK(world.exit_of(3).text == "Runtime exited with error: exit status 3");
}

TEST_CASE("the tail has what the worker wrote before its invocation ended", "[worker pool]") {
  World world;
  const auto go = world.directory.path("go");
  world.pool->want(shell(1, fmt::format("echo init; while [ ! -e {} ]; do sleep 0.01; done; "
                                        "echo said; printf 'without an end'; touch {}.done; "
                                        "exec sleep 600",
                                        go, go)));
  REQUIRE(world.says("init"));
  world.pool->invocation_begins(1, {"START RequestId: r"});
  std::ofstream(go) << "x";
  REQUIRE(holds([&] { return fs::exists(go + ".done"); }));
  CHECK(world.tail_of(1, {"END RequestId: r", "REPORT"}) ==
        "START RequestId: r\nsaid\nwithout an end\nEND RequestId: r\nREPORT\n");
  CHECK(world.says("REPORT"));
  CHECK(world.tail_of(99).empty());
}

TEST_CASE("the last words of a worker that died are there", "[worker pool]") {
  World world;
  const auto go = world.directory.path("go");
  world.pool->want(shell(1, fmt::format("echo up; while [ ! -e {} ]; do sleep 0.01; done; "
                                        "echo last words; exit 1",
                                        go)));
  REQUIRE(world.says("up"));
  world.pool->invocation_begins(1, {"START"});
  std::ofstream(go) << "x";
  world.exit_of(1);
  CHECK(world.tail_of(1, {"END"}) == "START\nlast words\nEND\n");
}

TEST_CASE("a worker that writes without end holds up nobody", "[worker pool]") {
  World world;
  world.pool->want(shell(1, "exec yes"));
  world.pool->want(shell(2, "exit 2"));
  CHECK(world.exit_of(2).text == "Runtime exited with error: exit status 2");
  world.pool->kill(1);
  world.exit_of(1);
}

TEST_CASE("nothing of a pool is left when it goes", "[worker pool]") {
  std::optional<Watched> worker;
  std::optional<Watched> child;
  {
    World world({.backoff_first = 1h});
    world.pool->want(shell(1, "trap '' TERM; sleep 600 & echo worker=$$; echo child=$!; wait"));
    child.emplace(world.number_after("child="));
    worker.emplace(world.number_after("worker="));
    auto other = shell(2, "exit 1");
    other.function_arn += "-other";
    world.pool->want(other);
    world.exit_of(2);
    other.worker_id = 3;
    world.pool->want(other);  // waits for an hour
    world.pool.reset();
    CHECK_FALSE(world.has_exited(1));
  }
  CHECK(worker->ends());
  CHECK(child->ends());
}

// Not a test: the broker of the next one, in a process of its own.
TEST_CASE("a broker that is about to be killed", "[.killed broker]") {
  World world;
  const char* const file = std::getenv("SIGNALBOX_TEST_FILE");  // NOLINT
  REQUIRE(file != nullptr);
  world.pool->want(shell(1, fmt::format("trap '' TERM HUP INT; sleep 600 & "
                                        "echo $$ $! > {0}.new; mv {0}.new {0}; wait",
                                        file)));
  world.exit_of(1);
}

TEST_CASE("no worker outlives a broker that is killed, nor does what it started", "[worker pool]") {
  const signalbox::storage::testing::TempDir directory;
  const auto file = directory.path("pids");
  const pid_t broker = fork();
  REQUIRE(broker >= 0);
  if (broker == 0) {
    setenv("SIGNALBOX_TEST_FILE", file.c_str(), 1);  // NOLINT
    execl("/proc/self/exe", "broker", "[killed broker]", nullptr);
    _exit(1);
  }
  REQUIRE(holds([&] { return fs::exists(file); }));
  pid_t worker = 0;
  pid_t child = 0;
  std::ifstream(file) >> worker >> child;
  const Watched watched_worker(worker);
  const Watched watched_child(child);
  CHECK(watched_worker.is_there());
  CHECK(watched_child.is_there());
  kill(broker, SIGKILL);
  REQUIRE(waitpid(broker, nullptr, 0) == broker);
  CHECK(watched_worker.ends());
  CHECK(watched_child.ends());
}
