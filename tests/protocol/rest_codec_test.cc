// REST-JSON: paths, and the members outside of bodies.
#include "protocol/rest_codec.h"

#include <catch2/catch.hpp>

#include "protocol/error_table.h"
#include "protocol/operation_table.h"

namespace signalbox::protocol {

namespace {

using broker::api::Location;

struct Request {
  std::string name;
  std::optional<std::string> token;
  std::optional<std::int64_t> count;
  std::optional<bool> force;
  broker::api::StringList keys;
  std::optional<std::string> trace;
  std::optional<std::string> text;
  static constexpr auto fields() {
    using T = Request;
    using broker::api::field;
    return std::tuple{
        field("Name", &T::name, {.required = true, .max = 5, .location = Location::uri}),
        field("Token", &T::token, {.location = Location::query, .location_name = "clientToken"}),
        field("Count", &T::count, {.location = Location::query}),
        field("Force", &T::force, {.location = Location::query}),
        field("Keys", &T::keys, {.location = Location::query}),
        field("Trace", &T::trace, {.location = Location::header, .location_name = "x-trace"}),
        field("Text", &T::text)};
  }
};

struct Sent {
  std::string path = "/things/a";
  std::string query = {};
  RestParts::Headers headers = {};
  std::string body = {};
};

std::optional<broker::Error> decode(const Sent& sent, Request& request) {
  RestParts parts;
  REQUIRE(fits_path("/things/{Name}", sent.path));
  if (auto error = RestParts::parse("/things/{Name}", sent.path, sent.query, sent.headers, parts)) {
    return to_error(std::move(*error));
  }
  return decode_request(
      {.service = Service::scheduler, .wire = Wire::rest_json, .body = sent.body, .rest = &parts},
      request);
}

}  // namespace

TEST_CASE("members come from path, query, headers and body", "[rest]") {
  Request request;
  REQUIRE_FALSE(decode({"/things/a%2Fb",
                        "clientToken=t+1&Count=7&Force=true&Keys=x&Keys=y",
                        {{"x-trace", "Root=1"}},
                        R"({"Text":"hi"})"},
                       request));
  CHECK(request.name == "a/b");
  CHECK(request.token == "t 1");
  CHECK(request.count == 7);
  CHECK(request.force == true);
  CHECK(request.keys == broker::api::StringList{"x", "y"});
  CHECK(request.trace == "Root=1");
  CHECK(request.text == "hi");
}

TEST_CASE("a plus in a path is a plus", "[rest]") {
  Request request;
  REQUIRE_FALSE(decode({"/things/a+b"}, request));
  CHECK(request.name == "a+b");
}

TEST_CASE("a body does not speak for what stands outside of it", "[rest]") {
  Request request;
  REQUIRE_FALSE(decode({"/things/a", "", {}, R"({"Name":"b","Count":3,"Text":"t"})"}, request));
  CHECK(request.name == "a");
  CHECK_FALSE(request.count);
  CHECK(request.text == "t");
}

TEST_CASE("members outside the body keep what the model demands", "[rest]") {
  Request request;
  const auto error = decode({"/things/too-long"}, request);
  REQUIRE(error);
  CHECK(error->message ==
        "1 validation error detected: Value 'too-long' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 5");
}

TEST_CASE("values of another type and broken escapes are malformed", "[rest]") {
  for (const Sent& sent : {Sent{"/things/a", "Count=x"}, Sent{"/things/a", "Count="},
                           Sent{"/things/a", "Force=1"}, Sent{"/things/%zz"}, Sent{"/things/%ff"},
                           Sent{"/things/a", "Keys=%"}, Sent{"/things/a", "", {}, "{"}}) {
    INFO(sent.path << '?' << sent.query << sent.body);
    Request request;
    const auto error = decode(sent, request);
    REQUIRE(error);
    CHECK(error->code == broker::ErrorCode::serialization);
  }
}

TEST_CASE("a path fits a template segment by segment", "[rest]") {
  CHECK(fits_path("/schedules", "/schedules"));
  CHECK(fits_path("/schedules", "/schedules/"));
  CHECK(fits_path("/schedules/{Name}", "/schedules/a"));
  CHECK(fits_path("/schedules/{Name}", "/schedules/a/"));
  CHECK(fits_path("/a/{B}/c", "/a/x/c"));
  CHECK_FALSE(fits_path("/schedules", "/schedules/a"));
  CHECK_FALSE(fits_path("/schedules/{Name}", "/schedules"));
  CHECK_FALSE(fits_path("/schedules/{Name}", "/schedules/"));
  CHECK_FALSE(fits_path("/schedules/{Name}", "/schedules//"));
  CHECK_FALSE(fits_path("/schedules/{Name}", "/schedules/a/b"));
  CHECK_FALSE(fits_path("/a/{B}/c", "/a/x/d"));
  CHECK_FALSE(fits_path("/schedules", "/schedulesx"));
  CHECK_FALSE(fits_path("/schedules", "/"));
}

TEST_CASE("an operation is a method and a path, and the more literal path wins", "[rest]") {
  constexpr auto row = [](std::string_view name, std::string_view method, std::string_view path) {
    OperationRow made{.service = Service::scheduler, .name = name};
    made.method = method;
    made.path = path;
    return made;
  };
  constexpr std::array rows{row("DescribeAny", "GET", "/things/{Name}"),
                            row("DescribeAll", "GET", "/things/all"),
                            row("Make", "POST", "/things/{Name}")};
  const auto name_of = [&](std::string_view method, std::string_view path) {
    const auto* found = find_rest_operation(rows, Service::scheduler, method, path);
    return found == nullptr ? std::string_view("none") : found->name;
  };
  CHECK(name_of("GET", "/things/a") == "DescribeAny");
  CHECK(name_of("GET", "/things/all") == "DescribeAll");
  CHECK(name_of("POST", "/things/all") == "Make");
  CHECK(name_of("PUT", "/things/a") == "none");
  CHECK(find_rest_operation(rows, Service::sqs, "GET", "/things/a") == nullptr);
}

TEST_CASE("an error has its type in a header and its text in the body", "[rest]") {
  const auto reply = rest_error(Service::scheduler,
                                {broker::ErrorCode::conflict, "Schedule \"x\" already exists."});
  CHECK(reply.status == 409);
  CHECK(reply.error_type == "ConflictException");
  CHECK(reply.body == R"({"Message":"Schedule \"x\" already exists."})");
  CHECK(rest_error(Service::scheduler, {broker::ErrorCode::resource_not_found, ""}).status == 404);
  CHECK(rest_error(Service::scheduler, {broker::ErrorCode::throttled, ""}).status == 429);
}

TEST_CASE("an answer without members is an empty object", "[rest]") {
  std::string body;
  encode_reply(Service::scheduler, Wire::rest_json, "DeleteThing", broker::api::Empty{}, "r", body);
  CHECK(body == "{}");
}

}  // namespace signalbox::protocol
