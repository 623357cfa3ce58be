// PutEvents on the io thread: the checks of entries, the envelope, and the match against the
// directory's rules.
#include <catch2/catch.hpp>

#include "broker/api/events.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/md5.h"
#include "broker/prepare.h"
#include "broker/rule_directory.h"

namespace signalbox::broker {

namespace {

// Matches every event with the ids it was given.
class FixedSnapshot : public rules::Snapshot {
 public:
  explicit FixedSnapshot(std::vector<rules::RuleId> ids) : ids_(std::move(ids)) {}
  void match(std::string_view, std::vector<rules::RuleId>& matched) const override {
    matched.insert(matched.end(), ids_.begin(), ids_.end());
  }
  std::size_t rule_count() const override { return ids_.size(); }

 private:
  const std::vector<rules::RuleId> ids_;
};

struct Io {
  SeededIds ids{7};
  Caller caller;
  RuleDirectory directory;
  HandleKey handle_key{};
  // 2026-01-02T03:04:05.678Z
  Time wall = from_ms(1'767'323'045'678);

  Status prepare(api::PutEventsRequest& request) {
    PrepareContext context{wall, ids, caller, directory, handle_key};
    return broker::prepare(request, context);
  }
  PreparedEvent prepare_one(api::PutEventsRequestEntry entry) {
    api::PutEventsRequest request;
    request.entries.push_back(std::move(entry));
    REQUIRE(prepare(request).has_value());
    REQUIRE(request.prepared.size() == 1);
    return request.prepared[0];
  }
};

api::PutEventsRequestEntry order_created() {
  api::PutEventsRequestEntry entry;
  entry.source = "order-service";
  entry.detail_type = "order.created";
  entry.detail = R"({"orderId":"o-1"})";
  return entry;
}

std::string nested(std::size_t levels) {
  std::string text = "{\"a\":";
  text.append(levels - 1, '[').append(levels - 1, ']').append("}");
  return text;
}

}  // namespace

TEST_CASE("an envelope has the service's keys in the service's order and nothing else",
          "[events]") {
  Io io;
  auto entry = order_created();
  entry.resources = {"arn:aws:x", "with \"quotes\"\n"};
  const auto event = io.prepare_one(entry);
  CHECK(event.json == R"({"version":"0","id":")" + format_uuid(event.id) +
                          R"(","detail-type":"order.created","source":"order-service",)"
                          R"("account":"000000000000","time":"2026-01-02T03:04:05Z",)"
                          R"("region":"us-east-1","resources":["arn:aws:x","with \"quotes\"\n"],)"
                          R"("detail":{"orderId":"o-1"}})");
  const Md5 digest = md5_of(event.json);
  CHECK(event.md5_of_json == std::string(digest.begin(), digest.end()));
  CHECK(event.bus_name == "default");
  CHECK(event.bus_account == "000000000000");
}

TEST_CASE("the time of an entry wins over the time it came in", "[events]") {
  Io io;
  auto entry = order_created();
  entry.time = api::Timestamp{951'782'400'999};
  CHECK(io.prepare_one(entry).json.find(R"("time":"2000-02-29T00:00:00Z")") != std::string::npos);
  entry.time = api::Timestamp{-1};
  CHECK(io.prepare_one(entry).json.find(R"("time":"1969-12-31T23:59:59Z")") != std::string::npos);
  entry.time = api::Timestamp{std::numeric_limits<std::int64_t>::max()};
  CHECK(io.prepare_one(entry).failure->code == "InvalidArgument");
}

TEST_CASE("a detail loses its white space and keeps the text of its numbers", "[events]") {
  CHECK(compact_detail(
            " { \"a\" : [ 1.0 , 1e2,\n-0.10 ] ,\t\"b c\" : \"x  \\\" y\" , \"d\":null } ") ==
        R"({"a":[1.0,1e2,-0.10],"b c":"x  \" y","d":null})");
  CHECK(compact_detail(R"({"t":true,"u":false,"e":"\\"})") == R"({"t":true,"u":false,"e":"\\"})");
  CHECK(compact_detail("{}") == "{}");
}

TEST_CASE("a detail that is not an object within the service's limits is malformed", "[events]") {
  CHECK_FALSE(compact_detail(R"("text")"));
  CHECK_FALSE(compact_detail("[1]"));
  CHECK_FALSE(compact_detail("1"));
  CHECK_FALSE(compact_detail("{"));
  CHECK_FALSE(compact_detail("{} {}"));
  CHECK_FALSE(compact_detail("not json"));
  CHECK_FALSE(compact_detail("{\"a\":\"\xff\"}"));
  CHECK(compact_detail(R"({"n":9223372036854775807,"m":-9223372036854775808})"));
  CHECK_FALSE(compact_detail(R"({"n":9223372036854775808})"));
  CHECK_FALSE(compact_detail(R"({"n":123456789012345678901234567890})"));
  CHECK(compact_detail(nested(1000)));
  CHECK_FALSE(compact_detail(nested(1001)));
  // A failure leaves the thread's parser usable.
  CHECK(compact_detail("{}"));
}

TEST_CASE("each refused entry gets the service's code and text at its own place", "[events]") {
  Io io;
  api::PutEventsRequest request;
  for (int i = 0; i < 7; ++i) request.entries.push_back(order_created());
  request.entries[0].source.reset();
  request.entries[1].detail_type = "";
  request.entries[2].detail.reset();
  request.entries[3].detail = "[]";
  request.entries[4].source = "aws.ec2";
  request.entries[5].detail_type = std::string(129, 'x');
  REQUIRE(io.prepare(request).has_value());
  const auto failure = [&](std::size_t i) {
    return request.prepared[i].failure->code + ": " + request.prepared[i].failure->message;
  };
  CHECK(failure(0) ==
        "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.");
  CHECK(failure(1) ==
        "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a "
        "required argument.");
  CHECK(failure(2) ==
        "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.");
  CHECK(failure(3) == "MalformedDetail: Detail is malformed.");
  CHECK(failure(4) == "NotAuthorizedForSourceException: Not authorized for the source.");
  CHECK(request.prepared[5].failure->code == "InvalidArgument");
  CHECK_FALSE(request.prepared[6].failure.has_value());
}

TEST_CASE("a request is refused whole past its size and when no entry says anything", "[events]") {
  Io io;
  api::PutEventsRequest request;
  request.entries = {order_created(), order_created()};
  const std::size_t others = 2 * (13 + 13) + 17;
  request.entries[0].detail = R"({"a":")" + std::string(1'048'576 - others - 8, 'x') + R"("})";
  CHECK(io.prepare(request).has_value());
  request.entries[1].resources = {"r"};
  auto status = io.prepare(request);
  REQUIRE(status.has_error());
  CHECK(status.error().code == ErrorCode::validation);
  CHECK(status.error().message == "Total size of the entries in the request is over the limit.");

  request.entries = {{}, {}};
  status = io.prepare(request);
  REQUIRE(status.has_error());
  CHECK(status.error().code == ErrorCode::validation);
}

TEST_CASE("a Time counts 14 bytes toward the size of a request", "[events]") {
  Io io;
  api::PutEventsRequest request;
  request.entries = {order_created()};
  request.entries[0].detail = R"({"a":")" + std::string(1'048'576 - 26 - 8 - 13, 'x') + R"("})";
  CHECK(io.prepare(request).has_value());
  request.entries[0].time = api::Timestamp{0};
  CHECK(io.prepare(request).has_error());
}

TEST_CASE("events are matched against the rules of the bus they name, by name or ARN", "[events]") {
  Io io;
  const auto snapshot = std::make_shared<FixedSnapshot>(std::vector<rules::RuleId>{3, 5});
  io.directory.publish("000000000000", "us-east-1", "orders", {9, snapshot});
  io.directory.publish("111122223333", "eu-west-1", "theirs", {11, snapshot});
  auto entry = order_created();
  CHECK(io.prepare_one(entry).bus_version == 0);
  entry.event_bus_name = "orders";
  auto event = io.prepare_one(entry);
  CHECK(event.bus_version == 9);
  CHECK(event.matched == std::vector<rules::RuleId>{3, 5});
  entry.event_bus_name = "arn:aws:events:eu-west-1:111122223333:event-bus/theirs";
  event = io.prepare_one(entry);
  CHECK(event.bus_version == 11);
  CHECK(event.bus_name == "theirs");
  CHECK(event.bus_account == "111122223333");
  CHECK(event.bus_region == "eu-west-1");
  // The event itself still comes from the caller.
  CHECK(event.json.find(R"("account":"000000000000")") != std::string::npos);
}

TEST_CASE("the trace header of an entry wins over the one of the request", "[events]") {
  Io io;
  io.caller.trace_header = "Root=1-a";
  auto entry = order_created();
  CHECK(io.prepare_one(entry).trace_header == "Root=1-a");
  entry.trace_header = "Root=1-b";
  CHECK(io.prepare_one(entry).trace_header == "Root=1-b");
}

TEST_CASE("ARNs of buses and rules name their bus, partner buses included", "[events]") {
  const auto bus = parse_events_arn("arn:aws:events:eu-west-1:111122223333:event-bus/orders");
  REQUIRE(bus);
  CHECK(bus->bus.name == "orders");
  CHECK(bus->bus.region == "eu-west-1");
  CHECK_FALSE(bus->rule);
  const auto on_default = parse_events_arn("arn:aws:events:eu-west-1:111122223333:rule/r");
  REQUIRE(on_default);
  CHECK(on_default->bus.name == "default");
  CHECK(on_default->rule == "r");
  const auto on_partner =
      parse_events_arn("arn:aws:events:eu-west-1:111122223333:rule/aws.partner/x.com/1/r");
  REQUIRE(on_partner);
  CHECK(on_partner->bus.name == "aws.partner/x.com/1");
  CHECK(on_partner->rule == "r");
  for (const auto* bad :
       {"", "arn", "arn:aws:events:r:a", "arn:aws:sqs:r:a:event-bus/x", "arn:aws:events:r:a:rule/",
        "arn:aws:events:r:a:event-bus/", "arn:aws:events:r:a:archive/x", "arn:aws:events:r:a:"}) {
    INFO(bad);
    CHECK_FALSE(parse_events_arn(bad));
  }
}

}  // namespace signalbox::broker
