#include "signalbox/workers/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "signalbox/workers/worker_guard.h"
#include "tests/signalbox/process_fixture.h"
#include "tests/storage/temp_dir.h"

using signalbox::testing::holds;
using signalbox::testing::Watched;
using signalbox::workers::Descriptor;
using signalbox::workers::exit_text;
using signalbox::workers::ProcessPlan;
using signalbox::workers::WorkerGuard;
using signalbox::workers::WorkerProcess;

namespace {

ProcessPlan shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin", "GREETING=hello"},
          .directory = "/"};
}

WorkerProcess started(const ProcessPlan& plan) {
  auto started = WorkerProcess::start(plan);
  INFO(started.problem);
  REQUIRE(started.process);
  return *std::move(started.process);
}

// Everything it writes, until nobody can write any more.
std::string output_of(const WorkerProcess& process) {
  std::string text;
  char buffer[4096];
  for (;;) {
    pollfd wanted{process.output(), POLLIN, 0};
    if (poll(&wanted, 1, 30'000) != 1) return text + "(nothing more)";
    const ssize_t count = read(process.output(), buffer, sizeof buffer);
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

std::string line_of(const WorkerProcess& process) {
  std::string text;
  char c = 0;
  for (;;) {
    pollfd wanted{process.output(), POLLIN, 0};
    if (poll(&wanted, 1, 30'000) != 1 || read(process.output(), &c, 1) != 1) return text;
    if (c == '\n') return text;
    text += c;
  }
}

std::string end_of(WorkerProcess& process) {
  pollfd wanted{process.exit_descriptor(), POLLIN, 0};
  REQUIRE(poll(&wanted, 1, 30'000) == 1);
  const auto how = process.reap();
  REQUIRE(how);
  return exit_text(*how);
}

}  // namespace

TEST_CASE("a process has its environment and folder, and nothing of ours", "[worker process]") {
  const signalbox::storage::testing::TempDir directory;
  auto plan = shell("env; pwd; echo to standard error >&2; cat");
  plan.directory = std::filesystem::canonical(directory.path("")).string();
  auto process = started(plan);
  const auto text = output_of(process);
  CHECK(text.find("GREETING=hello\n") != std::string::npos);
  CHECK(text.find("HOME=") == std::string::npos);
  CHECK(text.find(plan.directory.substr(0, plan.directory.rfind('/'))) != std::string::npos);
  CHECK(text.ends_with("to standard error\n"));
  CHECK(end_of(process) == "Runtime exited without providing a reason");
}

TEST_CASE("a process inherits no descriptor and no signal's state", "[worker process]") {
  const Descriptor open_one(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &mask);
  auto process =
      started(shell("echo $$; cd /proc/self/fd; echo *; grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  std::signal(SIGPIPE, before);
  const auto text = output_of(process);
  INFO(text);
  // What the shell itself opens to list the folder may be one more.
  CHECK(text.find(" " + std::to_string(open_one.get()) + " ") == std::string::npos);
  CHECK(text.find("0 1 2") != std::string::npos);
  CHECK(text.find("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000") != std::string::npos);
  CHECK(text.starts_with(std::to_string(process.pid()) + "\n"));
}

TEST_CASE("how a process ended is said as the service says it", "[worker process]") {
  const auto ends = [](const std::string& script) {
    auto process = started(shell(script));
    return end_of(process);
  };
  CHECK(ends("exit 1") == "Runtime exited with error: exit status 1");
  CHECK(ends("exit 0") == "Runtime exited without providing a reason");
  CHECK(ends("kill -KILL $$") == "Runtime exited with error: signal: killed");
  CHECK(ends("kill -TERM $$") == "Runtime exited with error: signal: terminated");
  CHECK(ends("ulimit -c 0; kill -SEGV $$") ==
        "Runtime exited with error: signal: segmentation fault");
}

TEST_CASE("what cannot be started is said", "[worker process]") {
  auto plan = shell("");
  plan.argv = {"/no/such/program"};
  CHECK(WorkerProcess::start(plan).problem ==
        "fork/exec /no/such/program: No such file or directory");
  plan.argv = {"/etc/passwd"};
  CHECK(WorkerProcess::start(plan).problem == "fork/exec /etc/passwd: Permission denied");
  plan.directory = "/no/such/folder";
  CHECK(WorkerProcess::start(plan).problem ==
        "The folder /no/such/folder: No such file or directory.");
}

TEST_CASE("a process ends with its owner, and so does its group", "[worker process]") {
  std::optional<Watched> child;
  std::optional<Watched> grandchild;
  {
    auto process = started(shell("trap '' TERM; sleep 600 & echo $!; wait"));
    child.emplace(process.pid());
    grandchild.emplace(std::stoi(line_of(process)));
    CHECK_FALSE(process.reap());
  }
  CHECK(child->ends());
  CHECK(grandchild->ends());
}

TEST_CASE("what a process left behind ends when it is reaped", "[worker process]") {
  auto process = started(shell("sleep 600 & echo $!"));
  const Watched grandchild(std::stoi(line_of(process)));
  CHECK(end_of(process) == "Runtime exited without providing a reason");
  CHECK(grandchild.ends());
  CHECK_FALSE(process.reap());
}

TEST_CASE("a process dies with the thread that started it", "[worker process]") {
  const bool dies = GENERATE(true, false);
  auto plan = shell("echo here; exec sleep 600");
  plan.dies_with_thread = dies;
  std::optional<WorkerProcess> process;
  std::thread([&] {
    process.emplace(started(plan));
    line_of(*process);
  }).join();
  const Watched watched(process->pid());
  // The control: without the tie it lives on.
  CHECK(watched.ends(dies ? signalbox::testing::patience : std::chrono::milliseconds(100)) == dies);
}

TEST_CASE("the guard kills the groups that it was told, when its line is cut", "[worker process]") {
  auto first = started(shell("echo; exec sleep 600"));
  auto second = started(shell("echo; exec sleep 600"));
  auto third = started(shell("echo; exec sleep 600"));
  for (const auto* process : {&first, &second, &third}) line_of(*process);
  const Watched a(first.pid());
  const Watched b(second.pid());
  const Watched c(third.pid());
  // As a broker that is killed: its end of the line closes, and nothing is said. The guard's
  // own process ends with a guard object, so this one is in a process that is gone at once.
  const pid_t broker = fork();
  if (broker == 0) {
    WorkerGuard guard;
    if (!guard.start().empty()) _exit(1);
    for (const auto* process : {&first, &second, &third}) guard.add(process->pid());
    guard.remove(second.pid());
    _exit(0);
  }
  int status = -1;
  REQUIRE(waitpid(broker, &status, 0) == broker);
  CHECK(status == 0);
  CHECK(a.ends());
  CHECK(c.ends());
  CHECK_FALSE(b.ends(std::chrono::milliseconds(50)));
}

TEST_CASE("the guard is told before a program begins, and when it does not", "[worker process]") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Descriptor line(ends[0]);
  const Descriptor guard(ends[1]);
  const auto told = [&] {
    char buffer[100];
    const ssize_t count = recv(guard.get(), buffer, sizeof buffer, 0);
    return std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  };
  auto plan = shell("exec sleep 600");
  plan.guard_line = line.get();
  const auto process = started(plan);
  CHECK(told() == "+ " + std::to_string(process.pid()) + "\n");
  plan.argv = {"/no/such/program"};
  CHECK_FALSE(WorkerProcess::start(plan).problem.empty());
  const auto text = told();
  const auto pid = text.substr(2, text.find('\n') - 2);
  CHECK(text == "+ " + pid + "\n- " + pid + "\n");
}

TEST_CASE("a guard that was killed is started again", "[worker process]") {
  auto worker = started(shell("echo; exec sleep 600"));
  line_of(worker);
  const Watched watched(worker.pid());
  const pid_t broker = fork();
  if (broker == 0) {
    WorkerGuard guard;
    if (!guard.start().empty()) _exit(1);
    guard.add(worker.pid());
    const pid_t first = guard.pid();
    kill(first, SIGKILL);
    Watched(first).ends();
    // Said until somebody hears it: the line of one that was killed takes a word or two.
    for (int i = 0; i < 100 && guard.pid() == first; ++i) guard.remove(1);
    _exit(guard.pid() == first ? 2 : 0);
  }
  int status = -1;
  REQUIRE(waitpid(broker, &status, 0) == broker);
  CHECK(status == 0);
  CHECK(watched.ends());
}
