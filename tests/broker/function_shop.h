// A broker with functions, for their tests: what clients ask, what workers answer.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "broker/functions/mappings.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker::test {

struct FunctionShop : TestBroker {
  using Functions = functions::Functions;
  using Mappings = functions::Mappings;
  using Invoked = std::shared_ptr<Reply<api::lambda::InvokeResponse>>;
  using Asked = std::shared_ptr<Reply<api::runtime::NextResponse>>;

  explicit FunctionShop(Settings settings = {}) : TestBroker(std::move(settings)) {
    create("orders", 5);
  }

  void create(const std::string& name, std::int64_t timeout_s,
              const std::string& image_uri = "code:elsewhere") {
    api::lambda::CreateFunctionRequest request;
    request.function_name = name;
    request.role = "arn:aws:iam::000000000000:role/r";
    request.package_type = "Image";
    request.code.image_uri = image_uri;
    request.timeout = timeout_s;
    REQUIRE_FALSE(call<&Functions::create_function>(request).error);
  }
  Invoked invoke(const std::string& payload, const std::string& name = "orders",
                 const std::string& type = "RequestResponse") {
    api::lambda::InvokeRequest request;
    request.function_name = name;
    request.payload = api::Blob{payload};
    request.invocation_type = type;
    caller.request_id = "request-" + std::to_string(++request_count_);
    return start<&Functions::invoke>(request);
  }
  Asked next(const std::string& name = "orders") {
    caller.request_id = "next-" + std::to_string(++request_count_);
    return start<&Functions::next_invocation>({name});
  }
  bool respond(const Asked& asked, const std::string& payload, const std::string& name = "orders") {
    return !call<&Functions::invocation_response>({name, asked->response.request_id, {payload}})
                .error;
  }
  bool fail(const Asked& asked, const std::string& payload, const std::string& name = "orders") {
    return !call<&Functions::invocation_error>({name, asked->response.request_id, {payload}}).error;
  }
  static std::string payload_of(const Asked& asked) {
    REQUIRE(asked->released);
    REQUIRE_FALSE(asked->error);
    return asked->response.payload.bytes;
  }

  static std::string queue_arn(const std::string& name) {
    return "arn:aws:sqs:us-east-1:000000000000:" + name;
  }

 private:
  int request_count_ = 0;
};

}  // namespace signalbox::broker::test
