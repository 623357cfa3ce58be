// The command line: serve, health, settings, queue, events, function, explain, bench, --version,
// --help.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "signalbox/allocator.h"
#include "signalbox/bench_match.h"
#include "signalbox/events_command.h"
#include "signalbox/explain_command.h"
#include "signalbox/function_command.h"
#include "signalbox/health_check.h"
#include "signalbox/queue_command.h"
#include "signalbox/server.h"
#include "signalbox/settings.h"

namespace {

constexpr std::string_view usage =
    "Signalbox, an event broker that speaks the EventBridge and SQS protocols.\n"
    "\n"
    "  signalbox serve [settings]     start the broker (signalbox serve --help lists the "
    "settings)\n"
    "  signalbox health [URL]         exit 0 when the broker at URL (http://127.0.0.1:4566) is "
    "well\n"
    "  signalbox settings --sample    print a file for --config\n"
    "  signalbox settings --markdown  print the table of settings\n"
    "  signalbox queue                look after queues: ls, peek, send, redrive, edit, purge "
    "(signalbox queue --help)\n"
    "  signalbox events               put events, watch them come, replay them: ls, put, tail, "
    "replay (signalbox events --help)\n"
    "  signalbox function run         run a local command as the worker of a function (signalbox "
    "function --help)\n"
    "  signalbox explain              say why an event matches a pattern or not (signalbox explain "
    "--help)\n"
    "  signalbox bench match          measure how fast rules are matched (signalbox bench match "
    "--help)\n"
    "  signalbox --version\n";

int complain(std::string_view what) {
  fmt::print(stderr, "signalbox: {}\n", what);
  return 2;
}

// Before any thread is made: they inherit it, and only Server::run() waits for these.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int serve(const std::vector<std::string>& arguments) {
  auto parsed = signalbox::parse_settings(arguments, signalbox::read_environment());
  if (parsed.help) {
    fmt::print("{}", signalbox::settings_help());
    return 0;
  }
  if (!parsed.error.empty()) return complain(parsed.error);
  for (const auto& warning : parsed.warnings) fmt::print(stderr, "signalbox: {}\n", warning);
  block_signals();
  umask(077);  // what it writes is its own, whoever may enter the directory
  signalbox::set_up_allocator();
  const std::string ready_file = parsed.settings.ready_file;
  signalbox::Server server(std::move(parsed.settings));
  if (const auto problem = server.start(ready_file); !problem.empty()) {
    fmt::print(stderr, "signalbox: {}\n", problem);
    return 1;
  }
  return server.run();
}

int print_settings(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--sample"}) {
    fmt::print("{}", signalbox::settings_sample());
    return 0;
  }
  if (arguments == std::vector<std::string>{"--markdown"}) {
    fmt::print("{}", signalbox::settings_markdown());
    return 0;
  }
  return complain("settings takes --sample or --markdown.");
}

int run(const std::string& command, const std::vector<std::string>& arguments) {
  if (command == "settings") return print_settings(arguments);
  if (command == "explain") return signalbox::run_explain(arguments);
  if (command == "events") return signalbox::run_events(arguments);
  if (command == "queue") return signalbox::run_queue(arguments);
  if (command == "function") return signalbox::run_function(arguments);
  if (command == "bench") return signalbox::run_bench(arguments);
  if (command == "health") {
    return signalbox::check_health(arguments.empty() ? "http://127.0.0.1:4566" : arguments.front());
  }
  if (command == "--version" || command == "-V") {
    fmt::print("signalbox {}\n", SIGNALBOX_VERSION);
    return 0;
  }
  if (command == "--help" || command == "-h") {
    fmt::print("{}", usage);
    return 0;
  }
  return complain(fmt::format("there is no command {}. Try signalbox --help.", command));
}

// What nobody could take (the disk is full, the file was closed) is a failure: a script must not
// take half a listing for all of it.
int run_to_the_last_line(const std::string& command, const std::vector<std::string>& arguments) {
  std::string problem;
  int status = 1;
  try {
    status = run(command, arguments);
    if (std::fflush(stdout) != 0) problem = std::strerror(errno);
  } catch (const std::system_error& error) {  // fmt::print's
    problem = error.code().message();
  }
  if (problem.empty()) return status;
  std::fprintf(stderr, "signalbox: standard output: %s.\n", problem.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "--help" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (command == "serve") return serve(arguments);
  return run_to_the_last_line(command, arguments);
}
