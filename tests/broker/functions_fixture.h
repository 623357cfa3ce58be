// A broker with a function "orders", and what tests of functions ask of it.
#pragma once

#include <catch2/catch.hpp>

#include "broker/functions/functions.h"
#include "broker/schemas/bindings/bindings.h"
#include "storage/keys.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker::test {

namespace lambda = api::lambda;

constexpr std::string_view orders_arn = "arn:aws:lambda:us-east-1:000000000000:function:orders";

// A zip of one file with that text; always the same bytes.
inline std::string zip_of(const std::string& text) { return schemas::zip_of({{"code.py", text}}); }

class FunctionsBroker : public TestBroker {
 public:
  using Config = lambda::FunctionConfiguration;

  FunctionsBroker() { REQUIRE_FALSE(create("orders").error); }

  static lambda::CreateFunctionRequest creation(const std::string& name) {
    lambda::CreateFunctionRequest request;
    request.function_name = name;
    request.role = "arn:aws:iam::000000000000:role/r";
    request.runtime = "python3.11";
    request.handler = "code.run";
    request.code.zip_file = api::Blob{zip_of("1")};
    request.timeout = 5;
    return request;
  }
  Reply<Config> create(const std::string& name) {
    return call<&functions::Functions::create_function>(creation(name));
  }
  Config config(const std::string& name = "orders", std::optional<std::string> qualifier = {}) {
    auto reply = call<&functions::Functions::get_function_configuration>({name, qualifier});
    REQUIRE_FALSE(reply.error);
    return reply.response;
  }
  Reply<Config> update_code(const std::string& text) {
    lambda::UpdateFunctionCodeRequest request;
    request.function_name = "orders";
    request.zip_file = api::Blob{zip_of(text)};
    return call<&functions::Functions::update_function_code>(request);
  }
  // Invocations, and what workers say of them.
  using Invoked = std::shared_ptr<Reply<lambda::InvokeResponse>>;
  using Asked = std::shared_ptr<Reply<api::runtime::NextResponse>>;
  Invoked invoke(const std::string& payload, const std::string& name = "orders") {
    lambda::InvokeRequest request;
    request.function_name = name;
    request.payload = api::Blob{payload};
    caller.request_id = "request-" + std::to_string(++request_count_);
    return start<&functions::Functions::invoke>(request);
  }
  Asked next(const std::string& name = "orders") {
    caller.request_id = "next-" + std::to_string(++request_count_);
    return start<&functions::Functions::next_invocation>({name});
  }
  bool respond(const Asked& asked, const std::string& payload, const std::string& name = "orders") {
    return !call<&functions::Functions::invocation_response>(
                {name, asked->response.request_id, {payload}})
                .error;
  }
  // The keys with that prefix, and what is under them.
  std::map<std::string, std::string> stored(storage::keys::Prefix prefix) {
    std::map<std::string, std::string> found;
    const auto range = storage::keys::all_of(prefix);
    store().view()->scan(range.first, range.past_last, storage::Direction::forward,
                         [&](std::string_view key, std::string_view value) {
                           found.emplace(key, value);
                           return true;
                         });
    return found;
  }

 private:
  int request_count_ = 0;
};

}  // namespace signalbox::broker::test
