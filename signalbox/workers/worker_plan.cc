#include "signalbox/workers/worker_plan.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "signalbox/workers/interpreter_probe.h"

namespace signalbox::workers {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

// What a function's own variables cannot change; the service refuses them. PATH, LANG, TZ and the
// like can be.
void set_reserved(const WorkerOrder& order, const fs::path& code, const WorkerHost& host,
                  std::map<std::string, std::string>& variables) {
  const auto account = std::string(arn_part(order.function_arn, 4));
  const auto region = std::string(arn_part(order.function_arn, 3));
  const std::string root = code.empty() ? order.directory : code.string();
  const std::pair<const char*, std::string> fixed[] = {
      {"_HANDLER", order.handler},
      {"AWS_LAMBDA_FUNCTION_NAME", std::string(arn_part(order.function_arn, 6))},
      {"AWS_LAMBDA_FUNCTION_VERSION", order.version},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", fmt::to_string(order.memory_size_mb)},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", order.log_group},
      {"AWS_LAMBDA_LOG_STREAM_NAME", order.log_stream},
      {"AWS_LAMBDA_RUNTIME_API", order.runtime_api},
      {"AWS_REGION", region},
      {"AWS_DEFAULT_REGION", region},
      // The broker takes the account from the key, and looks at no secret.
      {"AWS_ACCESS_KEY_ID", account},
      {"AWS_SECRET_ACCESS_KEY", "none"},
      {"AWS_SESSION_TOKEN", "none"},
      {"LAMBDA_TASK_ROOT", root},
      {"LAMBDA_RUNTIME_DIR", host.runtime_dir.string()},
  };
  for (const auto& [name, value] : fixed) variables[name] = value;
  variables.erase("AWS_EXECUTION_ENV");
  if (!order.runtime.empty() && !order.runtime.starts_with("provided")) {
    variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + order.runtime;
  }
}

std::vector<std::string> environment_of(const WorkerOrder& order, const fs::path& code,
                                        const WorkerHost& host) {
  auto variables = order.variables;
  variables.try_emplace("PATH", host.path);
  variables.try_emplace("LANG", "en_US.UTF-8");
  variables.try_emplace("TZ", ":UTC");
  variables.try_emplace("AWS_ENDPOINT_URL", order.endpoint_url);
  if (code.empty()) {
    if (!host.home.empty()) variables.try_emplace("HOME", host.home);
  } else {
    // Not the broker's own: an SDK would read somebody's ~/.aws.
    variables.try_emplace("HOME", code.string());
    variables.try_emplace("LD_LIBRARY_PATH", fmt::format("{0}:{0}/lib", code.string()));
  }
  set_reserved(order, code, host, variables);
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

bool is_program(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// With its path; empty: there is none that is accepted.
std::string find_program(std::string_view name, std::string_view path,
                         const std::function<bool(const std::string&)>& accepts = {}) {
  while (!path.empty()) {
    const auto end = path.find(':');
    const auto folder = path.substr(0, end);
    auto program = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_program(program) && (!accepts || accepts(program))) return program;
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return {};
}

WorkerPlan cannot_run(std::string problem) {
  return {{}, std::move(problem), "Runtime.InvalidEntrypoint"};
}

WorkerPlan with_interpreter(const WorkerOrder& order, std::span<const std::string> names,
                            const WorkerHost& host, std::vector<std::string> rest) {
  WorkerPlan plan;
  for (const auto& name : names) {
    auto program = find_program(name, host.path, host.runs);
    if (program.empty()) continue;
    plan.process.argv.push_back(std::move(program));
    for (auto& word : rest) plan.process.argv.push_back(std::move(word));
    return plan;
  }
  return cannot_run(fmt::format(
      "The runtime {} needs {} on the broker's machine, and the broker's PATH ({}) has none that "
      "runs: install it, or run the function by a worker of your own (signalbox function run {} "
      "-- COMMAND)",
      order.runtime, names.front(), host.path, arn_part(order.function_arn, 6)));
}

// The version asked for, else what the machine has.
WorkerPlan python(const WorkerOrder& order, const WorkerHost& host) {
  const std::array<std::string, 2> names{order.runtime, "python3"};
  return with_interpreter(order, names, host, {"-u", (host.runtime_dir / "bootstrap.py").string()});
}

WorkerPlan node(const WorkerOrder& order, const WorkerHost& host) {
  const std::array<std::string, 2> names{"node", "nodejs"};
  return with_interpreter(order, names, host, {(host.runtime_dir / "bootstrap.mjs").string()});
}

WorkerPlan provided(const fs::path& code) {
  const auto program = (code / "bootstrap").string();
  std::error_code ignored;
  if (!fs::exists(program, ignored)) {
    return cannot_run("Couldn't find valid bootstrap(s): the zip has no file bootstrap");
  }
  if (!is_program(program)) {
    return cannot_run(
        "fork/exec /var/task/bootstrap: permission denied: the file bootstrap of the zip is not "
        "executable (chmod +x before it is zipped)");
  }
  WorkerPlan plan;
  plan.process.argv = {program};
  return plan;
}

WorkerPlan command(const WorkerOrder& order, const fs::path& folder, const WorkerHost& host) {
  WorkerPlan plan;
  plan.process.argv = order.command;
  std::string& program = plan.process.argv.front();
  if (program.find('/') != std::string::npos) {
    if (program.front() != '/') program = (folder / program).string();
    return plan;
  }
  const auto own = order.variables.find("PATH");
  const auto& path = own == order.variables.end() ? host.path : own->second;
  auto found = find_program(program, path);
  if (found.empty()) {
    return cannot_run(fmt::format(
        "The function's command {} is not in PATH ({}): give it with its path", program, path));
  }
  program = std::move(found);
  return plan;
}

WorkerPlan program_of(const WorkerOrder& order, const fs::path& code, const fs::path& folder,
                      const WorkerHost& host) {
  if (!order.command.empty()) return command(order, folder, host);
  if (code.empty()) return cannot_run("The function has neither code nor a command to run");
  if (order.runtime.starts_with("python3.")) return python(order, host);
  if (order.runtime.starts_with("nodejs")) return node(order, host);
  if (order.runtime.starts_with("provided")) return provided(code);
  return cannot_run(fmt::format(
      "The broker cannot start the runtime {}: it knows python3.*, nodejs* and provided*. Run the "
      "function by a worker of your own (signalbox function run {} -- COMMAND)",
      order.runtime, arn_part(order.function_arn, 6)));
}

}  // namespace

WorkerHost read_worker_host(fs::path runtime_dir) {
  const char* const path = std::getenv("PATH");  // NOLINT: nobody sets it meanwhile
  const char* const home = std::getenv("HOME");  // NOLINT
  WorkerHost host{path != nullptr && *path != '\0' ? path : std::string(default_path),
                  home != nullptr ? home : "",
                  std::move(runtime_dir),
                  {}};
  const auto probe = std::make_shared<InterpreterProbe>(host.path, host.runtime_dir.string());
  host.runs = [probe](const std::string& program) { return probe->runs(program); };
  return host;
}

std::string_view arn_part(std::string_view arn, int number) {
  for (; number > 0; --number) {
    const auto end = arn.find(':');
    if (end == std::string_view::npos) return {};
    arn.remove_prefix(end + 1);
  }
  return arn.substr(0, arn.find(':'));
}

WorkerPlan plan_of(const WorkerOrder& order, const fs::path& code, const WorkerHost& host) {
  std::error_code ignored;
  fs::path folder = code.empty() ? fs::path(order.directory) : code;
  if (folder.empty()) folder = fs::current_path(ignored);
  auto plan = program_of(order, code, folder, host);
  if (!plan.problem.empty()) return plan;
  plan.process.environment = environment_of(order, code, host);
  plan.process.directory = folder.string();
  plan.error_type = "Runtime.InvalidEntrypoint";
  return plan;
}

}  // namespace signalbox::workers
