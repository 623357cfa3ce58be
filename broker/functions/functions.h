// Functions: what they are, the invocations that wait for a worker or are with one, and the Runtime
// API that workers ask for them. Core thread only.
//
// Three ways to run one: workers that somebody else starts and that attach themselves; processes
// that the broker has started; a URL. The first two ask for invocations by the Runtime API, the
// third is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/api/lambda_account.h"
#include "broker/api/lambda_aliases.h"
#include "broker/api/lambda_invoke_config.h"
#include "broker/api/lambda_permissions.h"
#include "broker/api/lambda_updates.h"
#include "broker/api/lambda_versions.h"
#include "broker/api/runtime.h"
#include "broker/functions/event_invocations.h"
#include "broker/functions/function_name.h"
#include "broker/functions/invocation.h"
#include "broker/functions/records.h"
#include "broker/service.h"
#include "storage/keys.h"

namespace signalbox::broker {
struct AttemptResult;
struct WorkerNews;
struct WorkerOrder;
}  // namespace signalbox::broker

namespace signalbox::broker::functions {

namespace wire = api::lambda;
namespace runtime = api::runtime;

struct Alias {
  std::uint64_t id = 0;
  wire::AliasConfiguration config;
  std::optional<Policy> policy;
  std::optional<wire::FunctionEventInvokeConfig> event_invoke_config;
};

// $LATEST of a function, or a version of it: both are invoked alike, each by workers of its own.
struct Function {
  std::uint64_t id = 0;
  const World* world = nullptr;
  wire::FunctionConfiguration config;
  // Of a version: $LATEST, which has everything that all of them share.
  Function* latest = nullptr;
  // Of $LATEST, by their number; none is used twice.
  std::map<std::int64_t, Function> versions;
  std::int64_t last_version = 0;
  std::map<std::string, Alias, std::less<>> aliases;  // of $LATEST
  // Of a version: the description that $LATEST had when it was published.
  std::optional<std::string> latest_description;
  std::optional<Policy> policy;
  std::optional<wire::FunctionEventInvokeConfig> event_invoke_config;
  api::StringMap tags;
  // No more invocations than that at a time; none: as many as there are workers for.
  std::optional<std::int64_t> reserved_concurrency;
  std::uint64_t code_number = 0;         // of its zip, in that one's key: versions may share it
  std::optional<std::string> image_uri;  // of package type Image: a URL is posted to
  std::size_t running_count = 0;
  Time attached_until{};  // until then it counts as one that workers attach to
  std::string last_exit;  // how its latest process ended that had asked for nothing; empty: well
  // Waiting for a worker, oldest first, by number.
  std::map<std::uint64_t, Invocation*> pending;

  std::size_t at_work() const { return pending.size() + running_count; }
};

enum class Runner : std::uint8_t { attached, process, url };

// A process of a function, as far as the core knows: it has not asked for anything yet, or waits
// for an invocation, or runs one.
struct Worker {
  // failed: it has told of an error instead of asking, and is about to exit.
  enum class State : std::uint8_t { starting, idle, busy, failed, stopping };

  std::uint64_t id = 0;
  Function* function = nullptr;  // null: the function is gone, and soon the process
  State state = State::starting;
  bool is_outdated = false;  // the function has changed since it was started
  bool is_parked = false;    // it is to stop, and was waiting for an invocation
};

struct FunctionCounters {
  std::uint64_t invocations = 0;  // that have ended, and of these:
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t throttles = 0;  // refused
  std::uint64_t events_succeeded = 0;
  std::uint64_t events_failed = 0;
  std::uint64_t destinations_failed = 0;
};

// What a name and a qualifier stand for, where each has something of its own.
struct Qualified {
  Function* function = nullptr;  // of an alias: $LATEST
  Alias* alias = nullptr;        // null: it is none
  std::string qualifier;         // as it was given, or empty
  std::string arn;               // likewise

  std::optional<Policy>& policy() const {
    return alias == nullptr ? function->policy : alias->policy;
  }
  std::optional<wire::FunctionEventInvokeConfig>& event_invoke_config() const {
    return alias == nullptr ? function->event_invoke_config : alias->event_invoke_config;
  }
};

class Functions final : public Service {
 public:
  explicit Functions(ServiceHost& host);
  std::string load(const storage::View& view, Context& ctx) override;

  // functions (functions.cc)
  Result<wire::FunctionConfiguration> create_function(const wire::CreateFunctionRequest&, Context&);
  Result<wire::GetFunctionResponse> get_function(const wire::FunctionRequest&, Context&);
  Result<wire::FunctionConfiguration> get_function_configuration(const wire::FunctionRequest&,
                                                                 Context&);
  Result<wire::DeleteFunctionResponse> delete_function(const wire::FunctionRequest&, Context&);
  Result<wire::ListFunctionsResponse> list_functions(const wire::ListFunctionsRequest&, Context&);
  // code (code.cc)
  Result<wire::FunctionConfiguration> update_function_code(const wire::UpdateFunctionCodeRequest&,
                                                           Context&);
  // versions (versions.cc)
  Result<wire::FunctionConfiguration> publish_version(const wire::PublishVersionRequest&, Context&);
  Result<wire::ListVersionsByFunctionResponse> list_versions_by_function(
      const wire::ListVersionsByFunctionRequest&, Context&);
  // aliases (aliases.cc)
  Result<wire::AliasConfiguration> create_alias(const wire::CreateAliasRequest&, Context&);
  Result<wire::AliasConfiguration> get_alias(const wire::AliasRequest&, Context&);
  Result<wire::AliasConfiguration> update_alias(const wire::UpdateAliasRequest&, Context&);
  Status delete_alias(const wire::AliasRequest&, Context&);
  Result<wire::ListAliasesResponse> list_aliases(const wire::ListAliasesRequest&, Context&);
  // resource policies (permissions.cc)
  Result<wire::AddPermissionResponse> add_permission(const wire::AddPermissionRequest&, Context&);
  Status remove_permission(const wire::RemovePermissionRequest&, Context&);
  Result<wire::GetPolicyResponse> get_policy(const wire::FunctionRequest&, Context&);
  // events that invoke (invoke_config.cc)
  Result<wire::FunctionEventInvokeConfig> put_function_event_invoke_config(
      const wire::FunctionEventInvokeConfigRequest&, Context&);
  Result<wire::FunctionEventInvokeConfig> update_function_event_invoke_config(
      const wire::FunctionEventInvokeConfigRequest&, Context&);
  Result<wire::FunctionEventInvokeConfig> get_function_event_invoke_config(
      const wire::FunctionRequest&, Context&);
  Status delete_function_event_invoke_config(const wire::FunctionRequest&, Context&);
  Result<wire::ListFunctionEventInvokeConfigsResponse> list_function_event_invoke_configs(
      const wire::ListFunctionEventInvokeConfigsRequest&, Context&);
  // features that are not here, and the account (account.cc)
  Result<wire::GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
      const wire::GetFunctionCodeSigningConfigRequest&, Context&);
  Result<wire::GetRuntimeManagementConfigResponse> get_runtime_management_config(
      const wire::FunctionRequest&, Context&);
  Result<wire::GetFunctionRecursionConfigResponse> get_function_recursion_config(
      const wire::GetFunctionRecursionConfigRequest&, Context&);
  Result<wire::GetAccountSettingsResponse> get_account_settings(const api::Empty&, Context&);
  // changes (updating.cc)
  Result<wire::FunctionConfiguration> update_function_configuration(
      const wire::UpdateFunctionConfigurationRequest&, Context&);
  Status tag_resource(const wire::TagResourceRequest&, Context&);
  Status untag_resource(const wire::UntagResourceRequest&, Context&);
  Result<wire::ListTagsResponse> list_tags(const wire::ListTagsRequest&, Context&);
  Result<wire::Concurrency> put_function_concurrency(const wire::PutFunctionConcurrencyRequest&,
                                                     Context&);
  Result<wire::GetFunctionConcurrencyResponse> get_function_concurrency(
      const wire::FunctionConcurrencyRequest&, Context&);
  Status delete_function_concurrency(const wire::FunctionConcurrencyRequest&, Context&);
  // invocations (invoking.cc)
  Answer<wire::InvokeResponse> invoke(const wire::InvokeRequest&, Context&);
  // the Runtime API (runtime_api.cc)
  Answer<runtime::NextResponse> next_invocation(const runtime::NextRequest&, Context&);
  Result<runtime::Accepted> invocation_response(const runtime::OutcomeRequest&, Context&);
  Result<runtime::Accepted> invocation_error(const runtime::OutcomeRequest&, Context&);
  Result<runtime::Accepted> init_error(const runtime::InitErrorRequest&, Context&);

  // ---- for what invokes functions by itself ----
  void add_owner(InvocationOwner& owner) { owners_.push_back(&owner); }
  // The function of that id, or of that name or ARN in the world that it says. Null: none.
  Function* find_by_id(std::uint64_t function_id);
  Function* find_by_arn(const std::string& arn);
  // Which version is to run it that found this function by that ARN: an alias for two draws one.
  Function* draw_by_arn(Function& function, const std::string& arn, Context& ctx);
  // What the qualifier stands for, be it beside the name or in it.
  Result<Function*> find_function(const std::string& name,
                                  const std::optional<std::string>& qualifier, Context& ctx);
  EventInvocations& events() { return events_; }
  // How many more could be run at once.
  std::size_t room(const Function& function, Time now) const;
  // Without room: when there may be some of which nobody is told.
  static std::optional<Time> room_again(const Function& function, Time now);
  Invocation& start(Function& function, NewInvocation made, Context& ctx);
  // The broker is about to stop: nothing more is given to anybody to run. What is with a worker, or
  // posted, goes on; runs_any says whether there is such.
  void stop_starting() { is_stopping_ = true; }
  bool is_stopping() const { return is_stopping_; }
  bool runs_any() const;
  // The number of the latest invocation, and whether a later one is with a worker or a process that
  // starts.
  std::uint64_t last_number() const { return last_number_; }
  bool runs_later_than(std::uint64_t number, Time now) const;

  // ---- the engine's side ----
  // The deadline of the invocation with that number has come.
  void time_is_up(std::uint64_t number, Context& ctx);
  // The reply that handed out the invocation of that request could not be written.
  void give_back(const std::string& request_id, Context& ctx);
  // The answer of the URL of a function.
  void url_answered(std::uint64_t number, const AttemptResult& result, Context& ctx);
  // processes (workers.cc)
  void worker_news(const WorkerNews& news, Context& ctx);
  void worker_is_idle(std::uint64_t worker_id);

  FunctionCounters counters;

 private:
  using ByName = std::map<std::string, Function, std::less<>>;

  Result<ByName*> functions_of(Context& ctx);
  // $LATEST, for operations that know no versions and no aliases.
  Result<Function*> find_latest(const std::string& name, Context& ctx);
  // What the name stands for at an invocation: of an alias for two versions it draws one.
  Result<Function*> find_invoked(const std::string& name,
                                 const std::optional<std::string>& qualifier, Context& ctx);
  static Function* draw(Function& function, const FunctionName& name, Context& ctx);
  Result<Alias*> find_alias(const std::string& function_name, const std::string& name,
                            Function*& latest, Context& ctx);
  Result<Qualified> find_qualified(const std::string& name,
                                   const std::optional<std::string>& qualifier, Context& ctx);
  // Null: there is none of that name in that world.
  Function* find(const FunctionName& name);
  // In the world that its name says: a worker has no credentials.
  Result<Function*> find_function_of_worker(const std::string& name, Context& ctx);
  static void store(const Function& function, Context& ctx);
  // The newest version, if nothing has changed since; or a new one.
  const Function& publish(Function& latest, const std::optional<std::string>& description,
                          Context& ctx);
  // config, changed by the request, is that of the place from now on.
  Result<wire::FunctionEventInvokeConfig> set_event_invoke_config(
      const wire::FunctionEventInvokeConfigRequest& request, const Qualified& place,
      wire::FunctionEventInvokeConfig config, Context& ctx);
  // Whether as many may be reserved for it, with what others have reserved.
  Status check_reserved(const Function& function, std::int64_t count);
  static void store_qualified(const Qualified& place, Context& ctx);
  static void store_alias(const Function& latest, const Alias& alias, Context& ctx);
  // There is something to do for those who wait by its own name or by an alias for it.
  void wake_workers(const Function& function);
  // Those who wait so, but for processes that are to stop.
  std::size_t waiting_workers(const Function& function) const;
  Status delete_version(Function& latest, const std::string& qualifier, Context& ctx);
  // Of a function or version that is about to go: what runs, waits, and works for it.
  void end_all_of(const Function& function, Context& ctx);
  static Result<wire::ListFunctionsResponse> list_all_versions(
      const ByName& functions, const wire::ListFunctionsRequest& request);
  static void replace_code(Function& function, const std::optional<api::Blob>& zip,
                           const std::optional<std::string>& image_uri, Context& ctx);
  Result<Invocation*> find_running(const runtime::OutcomeRequest& request, Context& ctx);
  void end(Invocation& invocation, Outcome outcome, Context& ctx);
  // A process has failed before it asked for this one: what it wrote is the invocation's log.
  void end_at_start(Invocation& invocation, std::uint64_t worker_id, Outcome outcome, Context& ctx);
  // The function is gone.
  void end_all(const Function& function, Context& ctx);
  void forget(Invocation& invocation);
  void tell_of_room(const Function& function, Context& ctx);
  void tell_versions_of_room(const Function& latest, Context& ctx);
  // How one ends that nobody has asked for in time.
  Outcome not_asked_for(const Invocation& invocation, Time now) const;
  Runner runner_of(const Function& function, Time now) const;
  // Posts the invocation to the function's URL.
  void post(Invocation& invocation, Context& ctx);

  // processes (workers.cc)
  struct WorkerCounts {
    std::size_t starting = 0, idle = 0, busy = 0;
  };
  WorkerCounts count_workers(const Function& function) const;
  // Starts as many as there is work for.
  void start_workers(Function& function, Context& ctx);
  // Who asks, by the name it asks under; null: it is not one that the broker has started.
  Result<Worker*> find_worker(const std::string& function_name);
  bool has_attached(const Function& function, Time now) const;
  static void note_attached(Function& function, Time now);
  void worker_waits_again(Worker& worker, Context& ctx);
  void worker_failed(Worker& worker, Context& ctx);
  // It has asked for the first time.
  void worker_is_ready(Worker& worker);
  void replace_workers(const Function& function);
  void stop_worker(std::uint64_t worker_id);
  void kill_worker(std::uint64_t worker_id);
  void worker_exited(const WorkerNews& news, Context& ctx);
  void attached_left(const WorkerNews& news, Context& ctx);
  Worker* starting_worker(const Function& function);
  // Ends the invocation that a process has failed to start for; all, if no other one works.
  using OutcomeOf = std::function<Outcome(const Invocation&)>;
  void end_for_failed(Function& function, std::uint64_t worker_id, const OutcomeOf& outcome_of,
                      Context& ctx);
  // Unpacked code other than that of the function and its versions is removed.
  void keep_code(const Function& latest);
  void order(WorkerOrder order);
  // What is written beside what the worker writes (invocation_log.cc).
  void log_begin(Invocation& invocation);
  void log_end(Invocation& invocation, bool is_late, Context& ctx);
  void tail_came(const WorkerNews& news, Context& ctx);
  void stop_workers(const Function& function);

  // Where the function of that record belongs; null: nowhere.
  Function* place_of(const FunctionRecord& record,
                     const std::unordered_map<std::uint64_t, Function*>& latest_by_id);

  static std::string load_aliases(const storage::View& view,
                                  const std::unordered_map<std::uint64_t, Function*>& latest_by_id);

  ServiceHost& host_;
  EventInvocations events_;
  std::vector<InvocationOwner*> owners_;
  std::map<std::uint32_t, ByName> by_world_;
  std::unordered_map<std::uint64_t, Function*> by_id_;
  std::map<std::uint64_t, Worker> workers_;
  std::unordered_map<std::string, Invocation> invocations_;  // by request id
  std::unordered_map<std::uint64_t, Invocation*> invocations_by_number_;
  std::uint64_t last_number_ = 0;
  bool is_stopping_ = false;
  std::set<std::uint64_t> leaving_;  // attached_ids
};

inline Function& latest_of(Function& function) {
  return function.latest == nullptr ? function : *function.latest;
}
inline const Function& latest_of(const Function& function) {
  return function.latest == nullptr ? function : *function.latest;
}
// Of what nobody will run or ask for any more: a client's SDK tries again, a worker ends.
Error is_to_stop();
// Of "7"; nullopt: it is $LATEST or an alias.
std::optional<std::int64_t> version_number(std::string_view qualifier);
// Whether the broker itself could start processes of it: a command, or a zip of a runtime that it
// knows.
bool has_program(const Function& function);
// Null: it stands for nothing.
Function* qualified(Function& latest, const std::optional<std::string>& qualifier);
// Null: the function has none of that name.
const Alias* alias_named(const Function& latest, const std::optional<std::string>& name);
// What a worker that asks by that name waits for: who waits by an alias goes where that one goes.
std::uint64_t wait_id_of(const Function& function, const std::optional<std::string>& qualifier);
// The names of those that lead to a version: "live, test".
std::string aliases_of(const Function& latest, const std::string& version);
// The configuration under the ARN that it was asked for with.
wire::FunctionConfiguration shown(const Function& function,
                                  const std::optional<std::string>& qualifier);
// Invocations that wait or run, of all versions: as reserved concurrency counts them.
std::int64_t at_work(const Function& latest);
// Where its zip is, if it has one.
storage::Key code_key(const Function& function);
// An error: the request names a revision that is not the one there.
Status check_revision(const std::optional<std::string>& wanted,
                      const std::optional<std::string>& revision_id);
// As the service writes it: 2026-01-02T03:04:05.678+0000.
std::string modified_text(Time wall);
wire::VpcConfigResponse shown(const wire::VpcConfig& config);
// Of no more bytes than the service has room for, and none of the runtime's own names
// (environment.cc).
Status check_environment(const api::StringMap& variables);
std::optional<std::vector<wire::Layer>> layers_of(const api::StringList& arns);

}  // namespace signalbox::broker::functions
