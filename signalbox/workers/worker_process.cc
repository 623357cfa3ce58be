#include "signalbox/workers/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

namespace signalbox::workers {

namespace {

enum class Step : std::int32_t { prepare, descriptors, directory, program };

struct Failure {
  Step step = Step::prepare;
  std::int32_t error = 0;
};

// What the child needs, made before there is one: it shares the broker's memory until it becomes
// the program, and may call nothing that takes a lock or memory.
struct Child {
  pid_t parent = 0;
  const char* directory = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  int input = -1;
  int output = -1;
  int failure = -1;  // where to tell what went wrong; closed by the program's start
  bool dies_with_thread = true;
  int guard_line = -1;
};

// "+ PID" or "- PID", in calls that are safe here. Should nobody listen, the broker tells it to the
// next guard.
void tell_guard(int line, char sign) {
  if (line < 0) return;
  std::array<char, 16> text{};
  auto at = text.end();
  *--at = '\n';
  for (pid_t rest = getpid(); rest > 0; rest /= 10) *--at = static_cast<char>('0' + rest % 10);
  *--at = ' ';
  *--at = sign;
  send(line, at, static_cast<std::size_t>(text.end() - at), MSG_NOSIGNAL);
}

[[noreturn]] void give_up(const Child& child, Step step) {
  const Failure failure{step, errno};
  // While the number is still taken: a guard kills what it was told, whoever has it by then.
  tell_guard(child.guard_line, '-');
  if (write(child.failure, &failure, sizeof failure) < 0) _exit(126);
  _exit(127);
}

// A program starts with what is ignored or blocked here: SIGPIPE, SIGTERM.
void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn, gnu::noinline]] void become(const Child& child) {
  reset_signals();
  umask(022);  // the usual one: the broker's own shuts others out
  if (setpgid(0, 0) != 0) give_up(child, Step::prepare);
  tell_guard(child.guard_line, '+');
  if (child.dies_with_thread) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(child, Step::prepare);
    // The broker may have died before that.
    if (getppid() != child.parent) _exit(1);
  }
  if (dup2(child.input, 0) < 0 || dup2(child.output, 1) < 0 || dup2(child.output, 2) < 0 ||
      syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    give_up(child, Step::descriptors);
  }
  if (chdir(child.directory) != 0) give_up(child, Step::directory);
  execve(child.argv[0], child.argv, child.environment);
  give_up(child, Step::program);
}

// Of its own, so that nothing of the caller's is on the stack that both share. The broker's other
// threads run on; only this one waits until the child has become the program.
[[gnu::noinline]] pid_t fork_child(const Child& child) {
  const pid_t pid = vfork();
  if (pid == 0) become(child);
  return pid;
}

// No handler of the broker's may run in the child.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

// The child puts its own at 0 to 2, and must not hit one that it still needs: a broker whose
// standard descriptors are closed has those to give.
Descriptor above_standard(int fd) { return Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

bool make_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read = Descriptor(ends[0]);
  pipe.write = Descriptor(ends[1]);
  if (ends[0] <= 2) pipe.read = above_standard(ends[0]);
  if (ends[1] <= 2) pipe.write = above_standard(ends[1]);
  return pipe.read.is_open() && pipe.write.is_open();
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::string text_of(const Failure& failure, const ProcessPlan& plan) {
  const char* const reason = std::strerror(failure.error);
  switch (failure.step) {
    case Step::directory: return fmt::format("The folder {}: {}.", plan.directory, reason);
    case Step::program: return fmt::format("fork/exec {}: {}", plan.argv.front(), reason);
    default: break;
  }
  return fmt::format("{} cannot be started: {}.", plan.argv.front(), reason);
}

std::string no_process(const ProcessPlan& plan) { return text_of({Step::prepare, errno}, plan); }

void kill_and_wait(pid_t pid) {
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Go's words, which the service's runtime supervisor has.
const char* name_of(int signal) {
  switch (signal) {
    case SIGHUP: return "hangup";
    case SIGINT: return "interrupt";
    case SIGQUIT: return "quit";
    case SIGILL: return "illegal instruction";
    case SIGTRAP: return "trace/breakpoint trap";
    case SIGABRT: return "aborted";
    case SIGBUS: return "bus error";
    case SIGFPE: return "floating point exception";
    case SIGKILL: return "killed";
    case SIGUSR1: return "user defined signal 1";
    case SIGSEGV: return "segmentation fault";
    case SIGUSR2: return "user defined signal 2";
    case SIGPIPE: return "broken pipe";
    case SIGALRM: return "alarm clock";
    case SIGTERM: return "terminated";
    default: return nullptr;
  }
}

}  // namespace

WorkerProcess::Started WorkerProcess::start(const ProcessPlan& plan) {
  Pipe output;
  Pipe failure;
  if (!make_pipe(output) || !make_pipe(failure)) return {{}, no_process(plan)};
  const Descriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor input = above_standard(plan.input >= 0 ? plan.input : nothing.get());
  if (!input.is_open()) return {{}, no_process(plan)};
  const auto argv = pointers_to(plan.argv);
  const auto environment = pointers_to(plan.environment);
  Child child;
  child.parent = getpid();
  child.directory = plan.directory.c_str();
  child.argv = argv.data();
  child.environment = environment.data();
  child.input = input.get();
  child.output = output.write.get();
  child.failure = failure.write.get();
  child.dies_with_thread = plan.dies_with_thread;
  child.guard_line = plan.guard_line;
  pid_t pid = -1;
  {
    const SignalsBlocked blocked;
    pid = fork_child(child);
  }
  if (pid < 0) return {{}, no_process(plan)};
  failure.write.close();
  output.write.close();
  Failure told;
  ssize_t count = 0;
  do {
    count = read(failure.read.get(), &told, sizeof told);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof told) {
    kill_and_wait(pid);
    return {{}, text_of(told, plan)};
  }
  // The number cannot be another's: nobody else waits for this child.
  Descriptor exit(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!exit.is_open() || fcntl(output.read.get(), F_SETFL, O_NONBLOCK) != 0) {
    auto problem = no_process(plan);
    kill_and_wait(pid);
    return {{}, std::move(problem)};
  }
  return {WorkerProcess(pid, std::move(exit), std::move(output.read)), {}};
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(std::move(other.exit_)),
      output_(std::move(other.output_)) {}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) kill_and_wait(pid_);
}

void WorkerProcess::signal_group(int signal) const {
  if (pid_ > 0) kill(-pid_, signal);
}

std::optional<siginfo_t> WorkerProcess::reap() {
  siginfo_t how{};
  const auto id = static_cast<id_t>(exit_.get());
  if (pid_ <= 0 || waitid(P_PIDFD, id, &how, WEXITED | WNOHANG | WNOWAIT) != 0 || how.si_pid == 0) {
    return std::nullopt;
  }
  // Before the number of the group may become another's.
  kill(-pid_, SIGKILL);
  waitid(P_PIDFD, id, &how, WEXITED);
  pid_ = -1;
  return how;
}

std::string exit_text(const siginfo_t& how) {
  if (how.si_code == CLD_EXITED) {
    if (how.si_status == 0) return "Runtime exited without providing a reason";
    return fmt::format("Runtime exited with error: exit status {}", how.si_status);
  }
  const char* const name = name_of(how.si_status);
  return fmt::format("Runtime exited with error: signal: {}{}",
                     name != nullptr ? name : fmt::format("signal {}", how.si_status),
                     how.si_code == CLD_DUMPED ? " (core dumped)" : "");
}

}  // namespace signalbox::workers
