// One message in an operator's hands: discarded, given another body, sent elsewhere.
#include "broker/message_record.h"
#include "storage/keys.h"
#include "tests/broker/operator_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::bodies_of;
using test::numbered;
using test::OperatorBroker;
using Bodies = test::Bodies;
namespace keys = signalbox::storage::keys;

namespace {

constexpr std::int64_t moments = 5;  // a short visibility timeout

std::string position_of(OperatorBroker& broker, const std::string& queue, const std::string& body,
                        const std::string& state = "visible") {
  for (const auto& message : broker.peek(queue, state)) {
    if (message.body == body) return message.position;
  }
  FAIL("no message " << body << " is " << state);
  return {};
}

std::size_t stored_under(OperatorBroker& broker, const signalbox::storage::KeyRange& range) {
  std::size_t count = 0;
  broker.store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                              [&](auto, auto) { return ++count, true; });
  return count;
}

bool refused(const test::Reply<api::ChangedMessage>& reply, ErrorCode code, std::string_view part) {
  return reply.error && reply.error->code == code &&
         reply.error->message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a discarded message is gone, and the answer says which it was", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b", "c"});
  const auto message = broker.peek("orders")[1];
  const auto reply = broker.discard("orders", message.position);
  REQUIRE_FALSE(reply.error);
  CHECK(reply.response.queue == "orders");
  CHECK(reply.response.message_id == message.message_id);
  CHECK(reply.response.md5_of_body == message.md5_of_body);
  CHECK(reply.response.size_bytes == 1);
  CHECK(broker.peek_bodies("orders") == Bodies{"a", "c"});
  CHECK(broker.counts(url) == Bodies{"2", "0", "0"});
  broker.restart();
  CHECK(broker.counts(url) == Bodies{"2", "0", "0"});
  CHECK(bodies_of(broker.receive(url)) == Bodies{"a", "c"});
  CHECK(refused(broker.discard("orders", message.position), ErrorCode::resource_not_found,
                "any more"));
}

TEST_CASE("lineage keeps a record of what was discarded, edited and moved", "[operator]") {
  Settings settings;
  settings.lineage_steps = true;
  OperatorBroker broker(settings);
  const auto url = broker.create_queue("orders");
  broker.create_queue("other");
  broker.send_all(url, {"a", "b"});
  broker.edit("orders", position_of(broker, "orders", "a"), "mended");
  broker.edit("orders", position_of(broker, "orders", "mended"), std::nullopt, "other");
  broker.discard("orders", position_of(broker, "orders", "b"));
  std::string records;
  const auto range = keys::all_of(keys::Prefix::terminal_step);
  broker.store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                              [&](auto, auto value) {
                                records += value;
                                return true;
                              });
  const auto edited = records.find("edited");
  const auto moved = records.find("moved");
  const auto discarded = records.find("discarded");
  CHECK(edited < moved);
  CHECK(moved < discarded);
  CHECK(discarded != std::string::npos);
}

TEST_CASE("a message that the window does not hold can be discarded", "[operator]") {
  Settings settings;
  settings.queue_window_messages = 4;
  OperatorBroker broker(settings);
  const auto url = broker.create_queue("orders");
  broker.send_all(url, numbered(20));
  REQUIRE_FALSE(broker.discard("orders", position_of(broker, "orders", "message 15")).error);
  std::size_t count = 0;
  while (true) {
    const auto messages = broker.receive(url);
    if (messages.empty()) break;
    for (const auto& message : messages) CHECK(message.body != "message 15");
    count += messages.size();
  }
  CHECK(count == 19);
  CHECK(broker.left_out() == 0);
  CHECK(broker.counts(url) == Bodies{"0", "19", "0"});
}

TEST_CASE("another body takes the old one's place: id, turn and count of receives stay",
          "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b", "c"});
  broker.receive(url, 1, moments);
  broker.advance(5s);
  const auto before = broker.peek("orders")[0];
  const auto reply = broker.edit("orders", before.position, "mended");
  REQUIRE_FALSE(reply.error);
  CHECK(reply.response.md5_of_body == before.md5_of_body);
  const auto after = broker.peek("orders")[0];
  CHECK(after.body == "mended");
  CHECK(after.message_id == before.message_id);
  CHECK(after.sent_ms == before.sent_ms);
  CHECK(after.receive_count == 1);
  CHECK(after.md5_of_body == reply.response.new_md5_of_body);
  const auto received = broker.receive(url);
  CHECK(bodies_of(received) == Bodies{"mended", "b", "c"});
  CHECK(received[0].md5_of_body == after.md5_of_body);
  CHECK(received[0].attributes->at("ApproximateReceiveCount") == "2");
}

TEST_CASE("a FIFO group keeps its order around an edited and a discarded message", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_fifo("orders.fifo");
  broker.send_all(url, {"1", "2", "3", "4"}, "g");
  REQUIRE_FALSE(broker.discard("orders.fifo", position_of(broker, "orders.fifo", "2")).error);
  REQUIRE_FALSE(broker.edit("orders.fifo", position_of(broker, "orders.fifo", "3"), "iii").error);
  CHECK(bodies_of(broker.receive(url)) == Bodies{"1", "iii", "4"});
}

TEST_CASE("the last message of a group can be discarded, and the group used again", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_fifo("orders.fifo");
  broker.send_all(url, {"1"}, "g");
  REQUIRE_FALSE(broker.discard("orders.fifo", position_of(broker, "orders.fifo", "1")).error);
  CHECK(broker.receive(url).empty());
  broker.send_all(url, {"2"}, "g");
  CHECK(bodies_of(broker.receive(url)) == Bodies{"2"});
}

TEST_CASE("a message goes to another queue as a new one, body and all, in one step", "[operator]") {
  OperatorBroker broker;
  const auto dead = broker.create_queue("dead");
  const auto orders = broker.create_queue("orders");
  api::SendMessageRequest request;
  request.queue_url = dead;
  request.message_body = "broken";
  request.message_attributes["color"].data_type = "String";
  request.message_attributes["color"].string_value = "red";
  broker.call<&Broker::send_message>(request);
  broker.receive(dead, 1, moments);
  broker.advance(5s);
  const auto before = broker.peek("dead")[0];
  const auto reply = broker.edit("dead", before.position, "mended", "orders");
  REQUIRE_FALSE(reply.error);
  CHECK(reply.response.sent_to == "orders");
  CHECK(broker.counts(dead) == Bodies{"0", "0", "0"});
  const auto after = broker.peek("orders");
  REQUIRE(bodies_of(after) == Bodies{"mended"});
  CHECK(after[0].message_id == reply.response.new_message_id);
  CHECK(after[0].message_id != before.message_id);
  CHECK(after[0].receive_count == 0);
  CHECK(after[0].sent_ms == to_ms(broker.clock().now()));
  CHECK(after[0].message_attributes->at("color").string_value == "red");
}

TEST_CASE("what a FIFO queue accepted before does not keep a message from coming back",
          "[operator]") {
  OperatorBroker broker;
  const auto orders = broker.create_fifo("orders.fifo");
  const auto dead = broker.create_fifo("dead.fifo");
  broker.create_queue("plain");
  broker.send_all(orders, {"same"}, "g");
  broker.send_all(dead, {"same"}, "g");
  broker.send_all("plain", {"no group"});
  const auto moved =
      broker.edit("dead.fifo", position_of(broker, "dead.fifo", "same"), {}, "orders.fifo");
  REQUIRE_FALSE(moved.error);
  CHECK(broker.peek_bodies("orders.fifo") == Bodies{"same", "same"});
  CHECK(broker.peek("orders.fifo")[1].group_id == "g");
  CHECK(refused(broker.edit("plain", position_of(broker, "plain", "no group"), {}, "orders.fifo"),
                ErrorCode::invalid_parameter_value, "no message group"));
  CHECK(broker.peek_bodies("plain") == Bodies{"no group"});
}

TEST_CASE("a message in flight is its consumer's, unless it is taken by force", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a", "b"});
  const auto held = broker.receive(url, 2);
  const auto position = position_of(broker, "orders", "a", "in_flight");
  const auto bad = ErrorCode::invalid_parameter_value;
  CHECK(refused(broker.discard("orders", position), bad, "in flight"));
  CHECK(refused(broker.edit("orders", position, "x"), bad, "in flight"));
  CHECK(broker.counts(url) == Bodies{"0", "2", "0"});
  REQUIRE_FALSE(broker.discard("orders", position, true).error);
  CHECK(broker.counts(url) == Bodies{"0", "1", "0"});
  // Deleting what is gone succeeds, as it does for any consumer.
  CHECK_FALSE(broker.remove(url, held[0].receipt_handle));
  CHECK(broker.counts(url) == Bodies{"0", "1", "0"});
  CHECK(stored_under(broker, keys::leases_of_queue(1)) == 1);
}

TEST_CASE("a delayed message waits until it is visible, then it may be changed", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send(url, "later", 60);
  const auto early = position_of(broker, "orders", "later", "delayed");
  CHECK(refused(broker.discard("orders", early), ErrorCode::invalid_parameter_value, "delayed"));
  CHECK(broker.counts(url) == Bodies{"0", "0", "1"});
  broker.advance(60s);
  REQUIRE_FALSE(broker.discard("orders", position_of(broker, "orders", "later")).error);
  CHECK(broker.counts(url) == Bodies{"0", "0", "0"});
  CHECK(broker.receive(url).empty());
  CHECK(stored_under(broker, keys::messages_of_queue(1)) == 0);
}

TEST_CASE("a position of before a receive still means the same message", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send(url, "was delayed", 60);
  broker.send_all(url, {"plain"});
  broker.advance(60s);
  const auto delayed = position_of(broker, "orders", "was delayed");
  const auto plain = position_of(broker, "orders", "plain");
  broker.receive(url, 10, moments);
  broker.advance(5s);
  REQUIRE_FALSE(broker.discard("orders", delayed).error);
  REQUIRE_FALSE(broker.discard("orders", plain).error);
  CHECK(broker.counts(url) == Bodies{"0", "0", "0"});
  CHECK(broker.receive(url).empty());
  CHECK(stored_under(broker, keys::messages_of_queue(1)) == 0);
  CHECK(stored_under(broker, keys::leases_of_queue(1)) == 0);
}

TEST_CASE("positions that are made up change nothing", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders");
  broker.send_all(url, {"a"});
  broker.send(url, "later", 60);
  broker.send(url, "soon", 1);
  broker.advance(1s);
  // 1 is a; 2 and 3 were delayed, and 4 leads to 3.
  REQUIRE(position_of(broker, "orders", "soon") == "0-1-3-4");
  for (const std::string position :
       {"0-0-9-0", "0-0-4-0", "1-0-1-0", "0-1-2-4", "0-1-2-1", "0-1-9-4"}) {
    INFO(position);
    CHECK(refused(broker.discard("orders", position), ErrorCode::resource_not_found, "any more"));
  }
  for (const std::string position : {"", "x", "0-0-1", "0-0-1-0-0", "0-2-1-0", "-1-0-1-0",
                                     "0-0-1-0 ", "4294967296-0-1-0", "0-0-9223372036854775808-0"}) {
    INFO(position);
    CHECK(refused(broker.discard("orders", position), ErrorCode::invalid_parameter_value,
                  "no position"));
  }
  CHECK(broker.counts(url) == Bodies{"2", "0", "1"});
}

TEST_CASE("a body that a queue would not take is refused, and the old one stays", "[operator]") {
  OperatorBroker broker;
  const auto url = broker.create_queue("orders", {{"MaximumMessageSize", "1024"}});
  broker.create_queue("large");
  broker.send_all(url, {"a"});
  const auto position = position_of(broker, "orders", "a");
  const auto bad = ErrorCode::invalid_parameter_value;
  CHECK(refused(broker.edit("orders", position, std::string(1025, 'x')), bad, "1024"));
  CHECK(refused(broker.edit("orders", position, ""), ErrorCode::missing_parameter, "empty"));
  CHECK(refused(broker.edit("orders", position, std::string("\x01")),
                ErrorCode::invalid_message_contents, "Invalid binary character"));
  CHECK(refused(broker.edit("orders", position, {}), bad, "body, send_to or both"));
  CHECK(refused(broker.edit("orders", position, "b", "nowhere"), ErrorCode::resource_not_found,
                "no queue nowhere"));
  CHECK(broker.peek_bodies("orders") == Bodies{"a"});
  CHECK_FALSE(broker.edit("orders", position, std::string(1025, 'x'), "large").error);
}
