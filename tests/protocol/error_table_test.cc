#include "protocol/error_table.h"

#include <catch2/catch.hpp>

using namespace signalbox;
using broker::Error;
using broker::ErrorCode;
using protocol::json_error;
using protocol::query_error;
using protocol::Service;

TEST_CASE("a modelled SQS error names its shape on the JSON wire", "[error]") {
  const Error error{ErrorCode::queue_does_not_exist, "The specified queue does not exist."};
  const auto reply = json_error(Service::sqs, error);
  CHECK(reply.status == 400);
  CHECK(reply.body == R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist",)"
                      R"("message":"The specified queue does not exist."})");
  CHECK(reply.query_error == "AWS.SimpleQueueService.NonExistentQueue;Sender");
}

TEST_CASE("SQS adds the Query wire's code once the operation is known, EventBridge none",
          "[error]") {
  const auto code = [](Service service, ErrorCode error) {
    return json_error(service, {error, "m"}).query_error;
  };
  CHECK(code(Service::sqs, ErrorCode::invalid_parameter_value) == "InvalidParameterValue;Sender");
  CHECK(code(Service::sqs, ErrorCode::internal_failure) == "InternalFailure;Receiver");
  CHECK(code(Service::sqs, ErrorCode::serialization).empty());
  CHECK(code(Service::events, ErrorCode::validation).empty());
}

TEST_CASE("EventBridge errors carry the bare shape name", "[error]") {
  const auto reply = json_error(Service::events,
                                {ErrorCode::resource_not_found, "Event bus \"x\" does not exist."});
  CHECK(reply.status == 400);
  CHECK(reply.body == R"({"__type":"ResourceNotFoundException",)"
                      R"("message":"Event bus \"x\" does not exist."})");
  CHECK(json_error(Service::events, {ErrorCode::serialization, ""}).body ==
        R"({"__type":"SerializationException"})");
}

TEST_CASE("statuses other than 400 are the service's", "[error]") {
  const auto status = [](Service service, ErrorCode code) {
    return protocol::error_shape(service, code).status;
  };
  CHECK(status(Service::sqs, ErrorCode::purge_queue_in_progress) == 403);
  CHECK(status(Service::sqs, ErrorCode::resource_not_found) == 404);
  CHECK(status(Service::events, ErrorCode::resource_not_found) == 400);
  CHECK(status(Service::sqs, ErrorCode::internal_failure) == 500);
  CHECK(status(Service::events, ErrorCode::service_unavailable) == 503);
}

TEST_CASE("every error code has a shape on every wire", "[error]") {
  for (int i = 0; i <= static_cast<int>(ErrorCode::malformed_policy_document); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    INFO(i);
    const auto sqs = protocol::error_shape(Service::sqs, code);
    CHECK(sqs.type.find('#') != std::string_view::npos);
    CHECK_FALSE(sqs.query_code.empty());
    const auto events = protocol::error_shape(Service::events, code);
    CHECK(events.type.find('#') == std::string_view::npos);
    CHECK(events.type.ends_with("Exception"));
    CHECK(protocol::error_shape(Service::scheduler, code).type.ends_with("Exception"));
    const auto iam = protocol::error_shape(Service::iam, code);
    CHECK_FALSE(iam.query_code.empty());
    CHECK((iam.fault == protocol::Fault::receiver) == (iam.status >= 500));
    CHECK(protocol::error_shape(Service::sts, code).query_code == iam.query_code);
    CHECK((sqs.fault == protocol::Fault::receiver) == (sqs.status >= 500));
  }
}

TEST_CASE("the Query wire has its own words for a missing queue", "[error]") {
  const Error error{ErrorCode::queue_does_not_exist, "The specified queue does not exist."};
  const auto reply = query_error(Service::sqs, error, "req-1");
  CHECK(reply.status == 400);
  CHECK(reply.body ==
        "<?xml version=\"1.0\"?><ErrorResponse "
        "xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>"
        "<Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not "
        "exist for this wsdl version.</Message><Detail/></Error><RequestId>req-1</RequestId>"
        "</ErrorResponse>");
}

TEST_CASE("an error of IAM or STS names their namespace and has no detail", "[error]") {
  const auto reply =
      query_error(Service::iam, {ErrorCode::resource_not_found, "No such role."}, "r");
  CHECK(reply.status == 404);
  CHECK(reply.body ==
        "<?xml version=\"1.0\"?><ErrorResponse "
        "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
        "<Code>NoSuchEntity</Code><Message>No such role.</Message></Error><RequestId>r</RequestId>"
        "</ErrorResponse>");
  const auto failure = query_error(Service::sts, {ErrorCode::internal_failure, "x"}, "r");
  CHECK(failure.status == 500);
  CHECK(failure.body.find("xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"") !=
        std::string::npos);
  CHECK(failure.body.find("<Type>Receiver</Type><Code>ServiceFailure</Code>") != std::string::npos);
}

TEST_CASE("an error text that quotes bad input stays well-formed XML", "[error]") {
  const auto reply = query_error(
      Service::sqs, {ErrorCode::invalid_parameter_value, "Value <a&\"\x01\r> is invalid"}, "r");
  CHECK(reply.body.find("Value &lt;a&amp;&quot;\xef\xbf\xbd&#xD;&gt; is invalid") !=
        std::string::npos);
}
