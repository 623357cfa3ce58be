#include "signalbox/workers/worker_guard.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace signalbox::workers {

namespace {

// The end of its input is the broker's end: nobody else holds the other side.
constexpr const char* script = R"(groups=" "
while read -r sign group; do
  case "$sign" in
    +) case "$groups" in
         *" $group "*) ;;
         *) groups="$groups$group " ;;
       esac ;;
    -) case "$groups" in
         *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
       esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2> /dev/null; done
)";

}  // namespace

std::string WorkerGuard::start() {
  process_.reset();
  line_.close();
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fmt::format("The guard of workers cannot be started: {}.", std::strerror(errno));
  }
  line_ = Descriptor(ends[0]);
  const Descriptor input(ends[1]);
  ProcessPlan plan;
  plan.argv = {"/bin/sh", "-c", script, "signalbox-worker-guard"};
  plan.environment = {"PATH=/usr/bin:/bin"};
  plan.directory = "/";
  plan.input = input.get();
  plan.dies_with_thread = false;
  auto started = WorkerProcess::start(plan);
  if (!started.process) return started.problem;
  process_.emplace(*std::move(started.process));
  for (const pid_t group : groups_) tell('+', group);
  return {};
}

void WorkerGuard::add(pid_t group) {
  groups_.insert(group);
  tell('+', group);
}

void WorkerGuard::remove(pid_t group) {
  groups_.erase(group);
  tell('-', group);
}

void WorkerGuard::tell(char sign, pid_t group) {
  if (!line_.is_open()) return;
  const auto text = fmt::format("{} {}\n", sign, group);
  if (send(line_.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0) return;
  // Somebody has killed it: another one is told of all groups.
  line_.close();
  start();
}

}  // namespace signalbox::workers
