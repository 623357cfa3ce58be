#include "signalbox/function_command.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "signalbox/broker_client.h"
#include "signalbox/command_line.h"
#include "signalbox/workers/worker_process.h"

namespace signalbox {

namespace {

constexpr std::string_view hint = "Try signalbox function --help.";
constexpr std::string_view help_text =
    R"(Runs a command as the worker of a function: it gets the invocations for as long as it runs.

  signalbox function run NAME [--handler HANDLER] -- COMMAND [ARGUMENT]...

The command is a program that speaks Lambda's Runtime API, such as a runtime client with a
handler. It has the environment that Lambda gives (AWS_LAMBDA_RUNTIME_API, _HANDLER, ...) with the
function's own variables, and writes to this terminal. Ctrl-C ends both.

  --handler H         what _HANDLER says, instead of the function's own
  --endpoint-url URL  the broker (http://127.0.0.1:4566, or AWS_ENDPOINT_URL)
  --account, --region whose function it is

  signalbox function run orders -- python3 -m awslambdaric app.handler
)";

struct FunctionOptions : BrokerOptions {
  std::string name;
  std::optional<std::string> handler;
  std::vector<std::string> command;
};

// What is wrong, or empty.
std::string read_options(std::vector<std::string> arguments, FunctionOptions& options) {
  const auto rest = std::find(arguments.begin(), arguments.end(), "--");
  if (rest != arguments.end()) options.command.assign(rest + 1, arguments.end());
  arguments.erase(rest, arguments.end());
  if (arguments.front() != "run") {
    return fmt::format("there is no command function {}. {}", arguments.front(), hint);
  }
  const std::vector<std::string_view> own{"--handler"};
  const CommandSyntax syntax{"run", own, hint, [](std::string_view) { return false; },
                             [&](std::string_view, std::string value) {
                               options.handler = std::move(value);
                               return std::string();
                             }};
  std::vector<std::string> words;
  if (auto problem = read_arguments(arguments, syntax, options, words); !problem.empty()) {
    return problem;
  }
  if (words.size() != 1) return fmt::format("run needs the name of one function. {}", hint);
  if (options.command.empty()) return fmt::format("run needs -- and a command. {}", hint);
  options.name = words.front();
  return {};
}

void set(const char* name, std::string_view value) {
  setenv(name, std::string(value).c_str(), 1);  // NOLINT: before any thread is made
}

// As Lambda's own, and what an SDK in the handler needs to find the broker.
void set_environment(const FunctionOptions& options, const BrokerReply& config,
                     std::string_view runtime_api) {
  const auto arn = config.text("FunctionArn");
  const auto part = [&arn](int number) {
    std::string_view rest = arn;
    for (int i = 0; i < number; ++i) rest.remove_prefix(rest.find(':') + 1);
    return rest.substr(0, rest.find(':'));
  };
  set("AWS_LAMBDA_RUNTIME_API", runtime_api);
  set("AWS_LAMBDA_FUNCTION_NAME", config.text("FunctionName"));
  set("AWS_LAMBDA_FUNCTION_VERSION", config.text("Version"));
  set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", fmt::to_string(config.number("MemorySize")));
  set("AWS_LAMBDA_LOG_GROUP_NAME", member_text(config.json["LoggingConfig"].value(), "LogGroup"));
  set("AWS_LAMBDA_LOG_STREAM_NAME", "terminal");
  set("_HANDLER", options.handler.value_or(std::string(config.text("Handler"))));
  set("AWS_REGION", part(3));
  set("AWS_DEFAULT_REGION", part(3));
  set("AWS_ACCESS_KEY_ID", part(4));
  set("AWS_SECRET_ACCESS_KEY", "none");
  set("AWS_ENDPOINT_URL", options.endpoint_url);
  simdjson::dom::object variables;
  if (config.json["Environment"]["Variables"].get(variables) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : variables) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) set(std::string(name).c_str(), text);
  }
}

// After Ctrl-C: a runtime client that waits for an invocation does not hear it.
constexpr useconds_t interrupt_grace_us = 200'000;
constexpr unsigned terminate_grace_s = 5;

volatile sig_atomic_t child = 0;
volatile sig_atomic_t asked_to_end = 0;  // by this signal
volatile sig_atomic_t has_child_heard = 0;
volatile sig_atomic_t next_signal = SIGTERM;

// The terminal tells both; what is sent to this process alone has to be passed on.
void asked(int signal, siginfo_t* how, void*) {
  has_child_heard = how->si_code == SI_KERNEL ? 1 : 0;
  asked_to_end = signal;
  ualarm(interrupt_grace_us, 0);
}

void grace_is_over(int) {
  kill(child, next_signal);
  if (next_signal == SIGTERM) alarm(terminate_grace_s);
  next_signal = SIGKILL;
}

// The broker, and by which number it knows the worker. What it cannot be told is no matter here:
// invocations then end with their timeout.
struct Attachment {
  BrokerClient& client;
  std::int64_t worker = 0;

  void tell_leaving() const { tell(JsonObject().number("worker", worker)); }
  void tell_left(std::string_view how) const {
    tell(JsonObject().number("worker", worker).text("left", how));
  }

 private:
  void tell(JsonObject& body) const {
    client.own("POST", "/_signalbox/attached-worker", {}, std::move(body).take());
  }
};

// Until it has exited. Asked to end it gets no more invocations, and then the signal.
siginfo_t wait_for_child(const Attachment& attachment) {
  siginfo_t how{};
  bool is_told = false;
  while (waitid(P_PID, static_cast<id_t>(child), &how, WEXITED) < 0 && errno == EINTR) {
    const int signal = std::exchange(asked_to_end, 0);
    if (signal == 0) continue;
    if (!std::exchange(is_told, true)) attachment.tell_leaving();
    if (has_child_heard == 0) kill(child, signal);
  }
  return how;
}

// Its exit status, as a shell tells it.
int run_command(const std::vector<std::string>& command, const Attachment& attachment) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  // Until the handlers are there, one that comes waits.
  sigset_t handled;
  sigset_t before;
  sigemptyset(&handled);
  sigaddset(&handled, SIGINT);
  sigaddset(&handled, SIGTERM);
  sigprocmask(SIG_BLOCK, &handled, &before);
  child = fork();
  if (child < 0) return complain(fmt::format("{}: {}.", command.front(), std::strerror(errno)));
  if (child == 0) {
    // A worker never outlives the command.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (getppid() != parent) _exit(1);
    execvp(words.front(), words.data());
    fmt::print(stderr, "signalbox: {}: {}.\n", command.front(), std::strerror(errno));
    std::fflush(stderr);
    _exit(127);
  }
  // Without SA_RESTART: the wait is to be interrupted.
  struct sigaction action {};
  action.sa_sigaction = asked;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGALRM, grace_is_over);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  const siginfo_t how = wait_for_child(attachment);
  alarm(0);
  attachment.tell_left(workers::exit_text(how));
  return how.si_code == CLD_EXITED ? how.si_status : 128 + how.si_status;
}

}  // namespace

int run_function(const std::vector<std::string>& arguments) {
  if (asks_help({arguments.begin(), std::find(arguments.begin(), arguments.end(), "--")})) {
    fmt::print("{}", help_text);
    return status_done;
  }
  FunctionOptions options;
  read_broker_environment(read_environment_variable, options);
  if (const auto problem = read_options(arguments, options); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  HttpAddress address;
  if (const auto problem = parse_http_url(options.endpoint_url, address); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  BrokerClient client(std::move(address), options);
  const auto config = client.lambda(
      "GET", fmt::format("/2015-03-31/functions/{}/configuration", url_escaped(options.name)));
  if (!config.problem.empty()) return complain(config.problem);
  const auto port = client.own(
      "POST", "/_signalbox/runtime-port", {},
      std::move(JsonObject().text("function_arn", config.text("FunctionArn")).raw("own", "true"))
          .take());
  if (!port.problem.empty()) return complain(port.problem);
  set_environment(options, config, port.text("runtime_api"));
  return run_command(options.command, {client, port.number("worker")});
}

}  // namespace signalbox
