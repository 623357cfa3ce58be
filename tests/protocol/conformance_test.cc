// The operation table's generic part, and properties that hold for every request type: what is
// encoded decodes to the same, and no damaged body does harm.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <iterator>
#include <random>

#include "broker/api/events.h"
#include "broker/api/sqs.h"
#include "broker/base64.h"
#include "protocol/operation_table.h"

using namespace signalbox;
using namespace signalbox::broker::api;
using protocol::Service;
using protocol::Wire;

namespace {

// Fills any request with random values of its members' types.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_(seed) {}

  void fill(std::string& out) {
    constexpr std::string_view pieces[] = {
        "a",    "Z9",  "\"",       "\\",           "\n",  "\r",  "\t",
        "\b",   "<&>", "\xc3\xa9", "\xe2\x82\xac", "=+%", ".1.", "\xf0\x9f\x98\x80",
        "\x7f", "  ",  "{}",       "\x01"};
    for (auto count = random_() % 12; count > 0; --count) {
      out += pieces[random_() % std::size(pieces)];
    }
  }
  void fill(bool& out) { out = random_() % 2 == 0; }
  void fill(std::int64_t& out) { out = static_cast<std::int64_t>(random_()) >> (random_() % 64); }
  void fill(Blob& out) {
    for (auto count = random_() % 9; count > 0; --count) {
      out.bytes += static_cast<char>(random_());
    }
  }
  void fill(Timestamp& out) {
    const auto span =
        static_cast<std::uint64_t>(protocol::timestamp_ms_max - protocol::timestamp_ms_min);
    out.ms = protocol::timestamp_ms_min + static_cast<std::int64_t>(random_() % span);
  }
  template <OptionalMember T>
  void fill(T& out) {
    if (random_() % 2 == 0) fill(out.emplace());
  }
  template <class T>
  void fill(std::vector<T>& out) {
    out.resize(random_() % 4);
    for (auto& each : out) fill(each);
  }
  template <class T>
  void fill(std::map<std::string, T>& out) {
    for (auto count = random_() % 4; count > 0; --count) {
      std::string key;
      fill(key);
      fill(out[key]);
    }
  }
  template <Described T>
  void fill(T& out) {
    for_each_field<T>([&](const auto& field) { fill(out.*(field.member)); });
  }

  std::uint64_t next() { return random_(); }

 private:
  std::mt19937_64 random_;
};

template <class T>
std::string encode(const T& value) {
  std::string out;
  protocol::encode_json(value, out);
  return out;
}

void percent_encode(std::string& out, std::string_view text) {
  for (const char c : text) {
    fmt::format_to(std::back_inserter(out), "%{:02x}", static_cast<unsigned char>(c));
  }
}

// A Query client in few lines, written from the protocol's rules and not from the decoder.
class Form {
 public:
  void put(const std::string& name, const std::string& value) {
    body += name + "=";
    percent_encode(body, value);
    body += '&';
  }
  void put(const std::string& name, bool value) {
    put(name, std::string(value ? "true" : "false"));
  }
  void put(const std::string& name, std::int64_t value) { put(name, std::to_string(value)); }
  void put(const std::string& name, const Blob& value) {
    std::string text;
    broker::append_base64(text, value.bytes);
    put(name, text);
  }
  void put(const std::string& name, const Timestamp& value) {
    std::string text;
    protocol::append_rfc3339(text, value);
    put(name, text);
  }
  template <OptionalMember T>
  void put(const std::string& name, const T& value) {
    if (value) put(name, *value);
  }
  template <Described T>
  void put(const std::string& name, const T& value) {
    for_each_field<T>([&](const auto& field) {
      const std::string prefix = name.empty() ? name : name + ".";
      put_member(prefix + std::string(field.query_name()), field.traits, value.*(field.member));
    });
  }

  std::string body;

 private:
  template <class T>
  void put_member(const std::string& name, const Traits&, const T& value) {
    put(name, value);
  }
  template <OptionalMember T>
  void put_member(const std::string& name, const Traits& traits, const T& value) {
    if (value) put_member(name, traits, *value);
  }
  template <class T>
  void put_member(const std::string& name, const Traits&, const std::vector<T>& list) {
    std::size_t number = 0;
    for (const auto& each : list) put(name + "." + std::to_string(++number), each);
  }
  template <class T>
  void put_member(const std::string& name, const Traits& traits,
                  const std::map<std::string, T>& map) {
    std::size_t number = 0;
    for (const auto& [key, value] : map) {
      const std::string entry = name + "." + std::to_string(++number) + ".";
      put(entry + std::string(traits.query_key), key);
      put(entry + std::string(traits.query_value), value);
    }
  }
};

template <class T>
void check_json_round_trip(std::uint64_t seed) {
  T request;
  Filler(seed).fill(request);
  const auto body = encode(request);
  T decoded;
  broker::MissingMembers missing;
  INFO(body);
  REQUIRE_FALSE(protocol::decode_json(body, decoded, missing));
  // Required members that are optional in the struct are the only ones a full request may lack.
  REQUIRE(encode(decoded) == body);
}

template <class T>
void check_query_round_trip(std::uint64_t seed) {
  T request;
  Filler(seed).fill(request);
  Form form;
  form.put("", request);
  protocol::QueryParameters parameters;
  INFO(form.body);
  REQUIRE_FALSE(protocol::QueryParameters::parse(form.body, {}, parameters));
  T decoded;
  broker::MissingMembers missing;
  REQUIRE_FALSE(protocol::decode_query(parameters, decoded, missing));
  // An empty list, an empty struct and none at all are the same on this wire: compare forms.
  Form again;
  again.put("", decoded);
  REQUIRE(again.body == form.body);
}

std::string damage(std::string text, Filler& random) {
  constexpr std::string_view bytes = "{}[]\",:\\u0%&=+.\x00\xff\xed\xa0 1-eE\n";
  for (auto changes = 1 + random.next() % 6; changes > 0 && !text.empty(); --changes) {
    const auto at = random.next() % text.size();
    const char byte = random.next() % 2 == 0 ? static_cast<char>(random.next())
                                             : bytes[random.next() % bytes.size()];
    switch (random.next() % 5) {
      case 0: text[at] = byte; break;
      case 1: text.insert(at, 1, byte); break;
      case 2: text.erase(at, 1 + random.next() % 9); break;
      case 3: text.insert(at, text.substr(random.next() % text.size(), random.next() % 32)); break;
      default: text.resize(at); break;
    }
  }
  return text;
}

struct Outcomes {
  int accepted = 0;
  int refused = 0;
};

template <class T>
void feed_damaged(std::uint64_t seed, Outcomes& outcomes) {
  Filler random(seed);
  T request;
  random.fill(request);
  Form form;
  form.put("", request);
  for (const bool json : {true, false}) {
    const auto body = damage(json ? encode(request) : form.body, random);
    protocol::QueryParameters parameters;
    protocol::WireRequest wire{.service = random.next() % 2 == 0 ? Service::sqs : Service::events,
                               .wire = json ? Wire::json_1_0 : Wire::query,
                               .body = body,
                               .parameters = &parameters};
    T decoded;
    const bool fine = (json || !protocol::QueryParameters::parse(body, {}, parameters)) &&
                      !protocol::decode_request(wire, decoded);
    ++(fine ? outcomes.accepted : outcomes.refused);
    // Whatever was decoded can be encoded, and is valid.
    if (fine && json) {
      T again;
      broker::MissingMembers missing;
      REQUIRE_FALSE(protocol::decode_json(encode(decoded), again, missing));
    }
  }
}

template <class... Types>
struct TypeList {};

// The requests with every kind of member between them.
using SqsTypes = TypeList<CreateQueueRequest, GetQueueAttributesRequest, SetQueueAttributesRequest,
                          TagQueueRequest, UntagQueueRequest, SendMessageRequest,
                          SendMessageBatchRequest, ReceiveMessageRequest, DeleteMessageBatchRequest,
                          ChangeMessageVisibilityRequest, ChangeMessageVisibilityBatchRequest>;
using EventsTypes =
    TypeList<CreateEventBusRequest, PutRuleRequest, PutTargetsRequest, RemoveTargetsRequest,
             PutEventsRequest, TestEventPatternRequest, TagResourceRequest, ListRulesRequest,
             DescribeEventBusResponse, ReceiveMessageResponse, ListTargetsByRuleResponse>;

template <class... Types, class Visit>
void for_each_type(TypeList<Types...>, Visit visit) {
  (visit.template operator()<Types>(), ...);
}

struct TestBroker {
  broker::Result<CreateQueueResponse> create_queue(const CreateQueueRequest&, broker::Context&);
  broker::Answer<ReceiveMessageResponse> receive(const ReceiveMessageRequest&, broker::Context&);
  broker::Status delete_queue(const DeleteQueueRequest&, broker::Context&) const;
};

constexpr std::array test_rows{
    protocol::OperationRow{Service::sqs, "CreateQueue"},
    protocol::OperationRow{Service::sqs, "ReceiveMessage", false, true},
    protocol::OperationRow{Service::events, "ListRules", true},
    protocol::OperationRow{Service::events, "PutEvents"},
};
constexpr std::array unsorted_rows{test_rows[1], test_rows[0]};
constexpr std::array twice_the_same{test_rows[0], test_rows[0]};
static_assert(protocol::is_operation_table(test_rows));
static_assert(!protocol::is_operation_table(unsorted_rows));
static_assert(!protocol::is_operation_table(twice_the_same));

}  // namespace

TEST_CASE("an operation's types are read off its function", "[conformance]") {
  using Create = protocol::OperationTraits<&TestBroker::create_queue>;
  static_assert(std::is_same_v<Create::Request, CreateQueueRequest>);
  static_assert(std::is_same_v<Create::Response, CreateQueueResponse>);
  static_assert(!Create::may_rerun);
  using Receive = protocol::OperationTraits<&TestBroker::receive>;
  static_assert(std::is_same_v<Receive::Response, ReceiveMessageResponse>);
  static_assert(Receive::may_rerun);
  using Delete = protocol::OperationTraits<&TestBroker::delete_queue>;
  static_assert(std::is_same_v<Delete::Response, Empty>);
  static_assert(std::is_same_v<Delete::Owner, TestBroker>);
  SUCCEED();
}

TEST_CASE("operations are found by service and name", "[conformance]") {
  const auto& rows = test_rows;
  const auto* receive = protocol::find_operation(rows, Service::sqs, "ReceiveMessage");
  REQUIRE(receive != nullptr);
  CHECK(receive->may_wait);
  CHECK(protocol::find_operation(rows, Service::events, "ListRules")->read_only);
  CHECK(protocol::find_operation(rows, Service::events, "CreateQueue") == nullptr);
  CHECK(protocol::find_operation(rows, Service::sqs, "receivemessage") == nullptr);
  CHECK(protocol::find_operation(rows, Service::sqs, "") == nullptr);
  CHECK(protocol::find_operation(rows, Service::events, "Zzz") == nullptr);
}

TEST_CASE("the target header names service and operation", "[conformance]") {
  const auto target = protocol::parse_target("AmazonSQS.SendMessage");
  REQUIRE(target);
  CHECK(target->service == Service::sqs);
  CHECK(target->operation == "SendMessage");
  CHECK(protocol::parse_target("AWSEvents.PutEvents")->service == Service::events);
  CHECK(protocol::parse_target("AmazonEventBridge.PutEvents")->service == Service::events);
  for (const std::string_view bad : {"", ".", "PutEvents", "AWSEvents", "awsevents.PutEvents",
                                     "AWSStepFunctions.StartExecution"}) {
    CHECK_FALSE(protocol::parse_target(bad));
  }
}

TEST_CASE("a request is refused in its service's own way", "[conformance]") {
  PutRuleRequest rule;
  const auto events = protocol::decode_request({.service = Service::events, .body = "{}"}, rule);
  REQUIRE(events);
  CHECK(events->code == broker::ErrorCode::validation);
  SendMessageRequest send;
  const auto sqs = protocol::decode_request({.service = Service::sqs, .body = "{}"}, send);
  REQUIRE(sqs);
  CHECK(sqs->code == broker::ErrorCode::missing_parameter);
  const auto malformed = protocol::decode_request({.service = Service::sqs, .body = "{"}, send);
  REQUIRE(malformed);
  CHECK(malformed->code == broker::ErrorCode::serialization);
}

TEST_CASE("what the JSON encoder writes the decoder reads", "[conformance]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for_each_type(SqsTypes{}, [&]<class T>() { check_json_round_trip<T>(seed); });
    for_each_type(EventsTypes{}, [&]<class T>() { check_json_round_trip<T>(seed); });
  }
}

TEST_CASE("what a Query client writes the decoder reads", "[conformance]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for_each_type(SqsTypes{}, [&]<class T>() { check_query_round_trip<T>(seed); });
  }
}

TEST_CASE("damaged bodies are refused or harmless", "[conformance]") {
  Outcomes outcomes;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    for_each_type(SqsTypes{}, [&]<class T>() { feed_damaged<T>(seed, outcomes); });
    for_each_type(EventsTypes{}, [&]<class T>() { feed_damaged<T>(seed, outcomes); });
  }
  // The damage is neither always fatal nor always absent: both paths were walked.
  CHECK(outcomes.accepted > 1'000);
  CHECK(outcomes.refused > 10'000);
}
