// Functions: what they are, the invocations that wait for a worker or are with one, and the Runtime
// API that workers ask for them. Core thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "broker/api/lambda_updates.h"
#include "broker/api/runtime.h"
#include "broker/functions/function_name.h"
#include "broker/functions/invocation.h"
#include "broker/service.h"

namespace signalbox::broker::functions {

namespace wire = api::lambda;
namespace runtime = api::runtime;

struct Function {
  std::uint64_t id = 0;
  const World* world = nullptr;
  wire::FunctionConfiguration config;
  api::StringMap tags;
  // No more invocations than that at a time; none: as many as there are workers for.
  std::optional<std::int64_t> reserved_concurrency;
  std::size_t running_count = 0;
  // Waiting for a worker, oldest first, by number.
  std::map<std::uint64_t, Invocation*> pending;
};

class Functions final : public Service {
 public:
  explicit Functions(ServiceHost& host) : host_(host) {}
  std::string load(const storage::View& view, Context& ctx) override;

  // functions (functions.cc)
  Result<wire::FunctionConfiguration> create_function(const wire::CreateFunctionRequest&, Context&);
  Result<wire::GetFunctionResponse> get_function(const wire::FunctionRequest&, Context&);
  Result<wire::FunctionConfiguration> get_function_configuration(const wire::FunctionRequest&,
                                                                 Context&);
  Result<wire::DeleteFunctionResponse> delete_function(const wire::FunctionRequest&, Context&);
  Result<wire::ListFunctionsResponse> list_functions(const wire::ListFunctionsRequest&, Context&);
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

  // The deadline of the invocation with that number has come.
  void time_is_up(std::uint64_t number, Time now);

 private:
  using ByName = std::map<std::string, Function, std::less<>>;

  Result<ByName*> functions_of(Context& ctx);
  Result<Function*> find_function(const std::string& name,
                                  const std::optional<std::string>& qualifier, Context& ctx);
  // Null: there is none of that name in that world.
  Function* find(const FunctionName& name);
  // In the world that its name says: a worker has no credentials.
  Result<Function*> find_function_of_worker(const std::string& name, Context& ctx);
  static void store(const Function& function, Context& ctx);
  Invocation& start_invocation(Function& function, const wire::InvokeRequest& request,
                               Context& ctx);
  Result<Invocation*> find_running(const runtime::OutcomeRequest& request, Context& ctx);
  void end(Invocation& invocation, Outcome outcome);

  ServiceHost& host_;
  std::map<std::uint32_t, ByName> by_world_;
  std::unordered_map<std::string, Invocation> invocations_;  // by request id
  std::unordered_map<std::uint64_t, Invocation*> invocations_by_number_;
  std::uint64_t last_number_ = 0;
};

// As the service writes it: 2026-01-02T03:04:05.678+0000.
std::string modified_text(Time wall);
wire::VpcConfigResponse shown(const wire::VpcConfig& config);
std::optional<std::vector<wire::Layer>> layers_of(const api::StringList& arns);

}  // namespace signalbox::broker::functions
