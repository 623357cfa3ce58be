// Random operations on a queue against a model of what SQS promises, with restarts and crashes
// among them. rapidcheck shrinks what fails; RC_PARAMS="max_success=5000" runs more, and
// RC_PARAMS="reproduce=..." what it printed.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/faulty_store.h"
#include "test_broker.h"

namespace signalbox::broker {
namespace {

using namespace std::chrono_literals;
using storage::FaultyStore;
using storage::MemoryStore;

enum class Kind { send, receive, erase, hide, pass, purge, move, restart, crash };

struct Op {
  Kind kind;
  unsigned a, b, c;
};

void showValue(const Op& op, std::ostream& out) {  // NOLINT: rapidcheck's name
  static const char* const names[] = {"send",  "receive", "erase",   "hide", "pass",
                                      "purge", "move",    "restart", "crash"};
  out << names[static_cast<int>(op.kind)] << '(' << op.a << ',' << op.b << ',' << op.c << ')';
}

struct Profile {
  const char* name;
  bool is_fifo = false;
  bool has_groups = false;
  int receives_max = 0;  // 0: no dead-letter queue
  int retention_s = 0;   // 0: longer than any run
  bool moves = false;    // it is the source of message move tasks
};

struct Message {
  std::string id;
  std::string body;
  std::string group;
  Time sent;
  Time visible_at;
  int receives = 0;
  bool is_alive = true;
  bool is_in_flight = false;
};

struct Handle {
  std::string text;
  std::size_t message;
  int receive;  // the message's receives then
};

// What the service promises, as simple as it can be said.
class Model {
 public:
  explicit Model(const Profile& profile) : profile_(profile) {}

  std::vector<Message> messages;
  std::vector<Handle> handles;
  std::map<std::string, std::pair<std::size_t, Time>> accepted;  // by deduplication id

  bool is_expired(const Message& message, Time now) const {
    return profile_.retention_s != 0 &&
           message.sent + std::chrono::seconds(profile_.retention_s) <= now;
  }
  bool is_dead_letter(const Message& message) const {
    return profile_.receives_max != 0 && message.receives >= profile_.receives_max;
  }
  void pass_to(Time now) {
    for (auto& message : messages) {
      if (message.is_in_flight && message.visible_at <= now) message.is_in_flight = false;
    }
  }
  bool is_locked(const std::string& group) const {
    return std::any_of(messages.begin(), messages.end(), [&](const Message& message) {
      return message.is_alive && message.is_in_flight && message.group == group;
    });
  }
  bool is_visible(const Message& message, Time now) const {
    return message.is_alive && !message.is_in_flight && message.visible_at <= now &&
           !is_expired(message, now) && !(profile_.is_fifo && is_locked(message.group));
  }
  // May be handed out now, or, of a FIFO queue, once what is before it was.
  bool is_deliverable(const Message& message, Time now) const {
    return is_visible(message, now) && !is_dead_letter(message);
  }
  bool has_deliverable(Time now) const {
    return std::any_of(messages.begin(), messages.end(),
                       [&](const Message& message) { return is_deliverable(message, now); });
  }
  // The service takes the handle for that of the message's current receive.
  bool is_current(const Handle& handle) const {
    const Message& message = messages[handle.message];
    return message.is_in_flight && message.receives == handle.receive;
  }
  // Checks what a receive handed out, and takes it over.
  void received(const std::vector<api::Message>& found, Time now, Duration timeout) {
    std::set<std::size_t> indexes;
    std::vector<std::string> groups;
    std::vector<std::size_t> order;
    for (const auto& each : found) {
      const std::size_t index = index_of(each.message_id);
      RC_ASSERT(is_deliverable(messages[index], now));
      RC_ASSERT(indexes.insert(index).second);
      RC_ASSERT(each.body == messages[index].body);
      RC_ASSERT(std::stoi(each.attributes->at("ApproximateReceiveCount")) ==
                messages[index].receives + 1);
      order.push_back(index);
      if (groups.empty() || groups.back() != messages[index].group) {
        groups.push_back(messages[index].group);
      }
    }
    if (profile_.is_fifo) check_order(order, groups, now);
    for (std::size_t i = 0; i < found.size(); ++i) {
      Message& message = messages[order[i]];
      ++message.receives;
      message.is_in_flight = timeout > Duration::zero();
      message.visible_at = now + timeout;
      handles.push_back({found[i].receipt_handle, order[i], message.receives});
    }
  }

 private:
  std::size_t index_of(const std::string& id) const {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (messages[i].id == id) return i;
    }
    RC_FAIL("a message that was never sent");
    return 0;
  }
  // Within a group oldest first with nothing left out, and a group's messages side by side.
  void check_order(const std::vector<std::size_t>& order, const std::vector<std::string>& groups,
                   Time now) const {
    RC_ASSERT(std::set<std::string>(groups.begin(), groups.end()).size() == groups.size());
    for (const auto& group : groups) {
      std::vector<std::size_t> expected;
      std::vector<std::size_t> got;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (messages[i].group == group && is_deliverable(messages[i], now)) expected.push_back(i);
      }
      for (const auto index : order) {
        if (messages[index].group == group) got.push_back(index);
      }
      expected.resize(std::min(expected.size(), got.size()));
      RC_ASSERT(got == expected);
    }
  }

  const Profile profile_;
};

// A broker and the model of it, kept in step.
class Pair {
 public:
  explicit Pair(const Profile& profile) : profile_(profile), model_(profile) {
    settings_.queue_window_messages = 8;
    settings_.purge_cooldown = 0s;
    settings_.deduplication_ids_max = 3;
    settings_.returned_messages_max = 5;
    world_ = std::make_unique<test::TestBroker>(settings_, std::make_shared<FaultyStore>(disk_));
    api::StringMap attributes{{"VisibilityTimeout", "30"}};
    const std::string suffix = profile.is_fifo ? ".fifo" : "";
    if (profile.is_fifo) attributes["FifoQueue"] = "true";
    if (profile.receives_max != 0) {
      dead_ = world_->create_queue("dead" + suffix, only_type());
      attributes["RedrivePolicy"] =
          R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead)" + suffix +
          R"(","maxReceiveCount":)" + std::to_string(profile.receives_max) + "}";
    }
    if (profile.retention_s != 0) {
      attributes["MessageRetentionPeriod"] = std::to_string(profile.retention_s);
    }
    queue_ = world_->create_queue("orders" + suffix, attributes);
    RC_ASSERT(!queue_.empty());
    if (profile.moves) make_dead_letter_queue(suffix);
  }

  void run(const Op& op) {
    switch (op.kind) {
      case Kind::send: send(op); break;
      case Kind::receive: receive(op); break;
      case Kind::erase: erase(op); break;
      case Kind::hide: hide(op); break;
      case Kind::pass: world_->advance(std::chrono::seconds(1 + op.a % 45)); break;
      case Kind::purge: purge(); break;
      case Kind::move: move(); break;
      case Kind::restart: restart(); break;
      case Kind::crash: crash(op); break;
    }
    model_.pass_to(now());
    take_dead_letters();
    check_counts();
  }

  // Nothing is lost and nothing that was deleted returns.
  void finish() {
    for (int round = 0; round < 40; ++round) {
      world_->advance(60s);
      model_.pass_to(now());
      while (true) {
        const auto messages = world_->receive(queue_, 10);
        model_.received(messages, now(), 30s);
        take_dead_letters();
        if (messages.empty()) break;
        for (const auto& message : messages) {
          RC_ASSERT(!world_->remove(queue_, message.receipt_handle));
          alive(message.message_id)->is_alive = false;
        }
      }
    }
    for (const auto& message : model_.messages) {
      RC_ASSERT(!message.is_alive || model_.is_expired(message, now()));
    }
  }

 private:
  Time now() { return world_->clock().now(); }
  api::StringMap only_type() const {
    return profile_.is_fifo ? api::StringMap{{"FifoQueue", "true"}} : api::StringMap{};
  }
  Message* alive(const std::string& id) {
    for (auto& message : model_.messages) {
      if (message.id == id && message.is_alive) return &message;
    }
    return nullptr;
  }

  // What has moved is a dead letter indeed, and moved once.
  void take_dead_letters() {
    if (dead_.empty()) return;
    while (true) {
      const auto letters = world_->receive(dead_, 10);
      if (letters.empty()) return;
      for (const auto& letter : letters) {
        Message* const message = alive(letter.message_id);
        RC_ASSERT(message != nullptr);
        RC_ASSERT(model_.is_dead_letter(*message));
        RC_ASSERT(!message->is_in_flight);
        RC_ASSERT(letter.body == message->body);
        RC_ASSERT(letter.attributes->at("ApproximateReceiveCount") ==
                  std::to_string(message->receives + 1));
        message->is_alive = false;
        RC_ASSERT(!world_->remove(dead_, letter.receipt_handle));
      }
    }
  }

  api::SendMessageRequest send_request(const Op& op) {
    api::SendMessageRequest request;
    request.queue_url = queue_;
    request.message_body = "body " + std::to_string(++sent_count_);
    if (profile_.is_fifo || (profile_.has_groups && op.a % 4 != 0)) {
      request.message_group_id = std::string(1, static_cast<char>('a' + op.a % 3));
    }
    if (profile_.is_fifo) {
      const bool may_repeat = op.b % 3 == 0;
      request.message_deduplication_id =
          may_repeat ? "d" + std::to_string(op.c % 4) : "u" + std::to_string(sent_count_);
    } else if (op.b % 4 == 0) {
      request.delay_seconds = 1 + op.c % 20;
    }
    return request;
  }

  void send(const Op& op) {
    const auto request = send_request(op);
    const auto reply = world_->call<&Broker::send_message>(request);
    RC_ASSERT(!reply.error);
    sent(request, reply.response.message_id);
  }
  void sent(const api::SendMessageRequest& request, const std::string& id) {
    if (request.message_deduplication_id) {
      const auto before = model_.accepted.find(*request.message_deduplication_id);
      if (before != model_.accepted.end() && now() - before->second.second < 5min) {
        RC_ASSERT(id == model_.messages[before->second.first].id);
        return;
      }
      model_.accepted[*request.message_deduplication_id] = {model_.messages.size(), now()};
    }
    Message message;
    message.id = id;
    message.body = request.message_body;
    message.group = request.message_group_id.value_or("");
    message.sent = now();
    message.visible_at = now() + std::chrono::seconds(request.delay_seconds.value_or(0));
    model_.messages.push_back(message);
  }

  void receive(const Op& op) {
    static constexpr std::int64_t timeouts_s[] = {30, 5, 0, 30};
    const auto timeout_s = timeouts_s[op.b % 4];
    const auto found = world_->receive(queue_, 1 + op.a % 10, timeout_s);
    RC_ASSERT(found.empty() != model_.has_deliverable(now()));
    RC_ASSERT(found.size() <= 1 + op.a % 10);
    model_.received(found, now(), std::chrono::seconds(timeout_s));
  }

  const Handle* handle_of(const Op& op) const {
    // Mostly of the last few.
    const auto& handles = model_.handles;
    if (handles.empty()) return nullptr;
    return &handles[handles.size() - 1 - op.a % std::min<std::size_t>(handles.size(), 12)];
  }

  void erase(const Op& op) {
    const Handle* const handle = handle_of(op);
    if (handle == nullptr) return;
    Message& message = model_.messages[handle->message];
    const auto error = world_->remove(queue_, handle->text);
    if (profile_.is_fifo && message.is_alive && !model_.is_current(*handle)) {
      // Unless it is expired, and gone for that reason.
      RC_ASSERT(error || model_.is_expired(message, now()));
      return;
    }
    RC_ASSERT(!error);
    message.is_alive = message.is_in_flight = false;
  }

  void hide(const Op& op) {
    const Handle* const handle = handle_of(op);
    if (handle == nullptr) return;
    Message& message = model_.messages[handle->message];
    const std::int64_t timeout_s = op.b % 3 == 0 ? 0 : 10 * static_cast<std::int64_t>(op.b % 6);
    // Handles of a receive that is over may name a standard queue's message that waits, or moved.
    if (!profile_.is_fifo && !message.is_in_flight) return;
    const auto error = world_->change_visibility(queue_, handle->text, timeout_s);
    const bool is_good = message.is_alive && (!profile_.is_fifo || model_.is_current(*handle));
    RC_ASSERT(error.has_value() != is_good);
    if (!is_good) return;
    message.visible_at = now() + std::chrono::seconds(timeout_s);
    message.is_in_flight = timeout_s > 0;
  }

  void purge() {
    api::PurgeQueueRequest request;
    request.queue_url = queue_;
    RC_ASSERT(!world_->call<&Broker::purge_queue>(request).error);
    for (auto& message : model_.messages) message.is_alive = message.is_in_flight = false;
    model_.accepted.clear();
  }

  // The queue becomes one that messages may be moved out of.
  void make_dead_letter_queue(const std::string& suffix) {
    elsewhere_ = world_->create_queue("elsewhere" + suffix, only_type());
    auto attributes = only_type();
    attributes["RedrivePolicy"] =
        R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:orders)" + suffix +
        R"(","maxReceiveCount":1})";
    RC_ASSERT(!world_->create_queue("feeder" + suffix, attributes).empty());
  }

  // Everything visible is moved, once, and nothing else; of a FIFO queue's groups in order.
  void move() {
    if (elsewhere_.empty()) return;
    const std::string suffix = profile_.is_fifo ? ".fifo" : "";
    api::StartMessageMoveTaskRequest request;
    request.source_arn = "arn:aws:sqs:us-east-1:000000000000:orders" + suffix;
    request.destination_arn = "arn:aws:sqs:us-east-1:000000000000:elsewhere" + suffix;
    RC_ASSERT(!world_->call<&Broker::start_message_move_task>(request).error);
    std::map<std::string, std::size_t> last_of_group;
    while (true) {
      const auto found = world_->receive(elsewhere_, 10);
      if (found.empty()) break;
      for (const auto& each : found) {
        const std::size_t index = moved(each);
        if (profile_.is_fifo) {
          std::size_t& last = last_of_group[model_.messages[index].group];
          RC_ASSERT(last <= index);
          last = index;
        }
        RC_ASSERT(!world_->remove(elsewhere_, each.receipt_handle));
      }
    }
    for (const auto& message : model_.messages) RC_ASSERT(!model_.is_visible(message, now()));
  }
  std::size_t moved(const api::Message& found) {
    for (std::size_t i = 0; i < model_.messages.size(); ++i) {
      Message& message = model_.messages[i];
      if (message.body != found.body || !message.is_alive) continue;
      RC_ASSERT(model_.is_visible(message, now()));
      RC_ASSERT(found.message_id != message.id);
      RC_ASSERT(found.attributes->at("ApproximateReceiveCount") == "1");
      message.is_alive = false;
      return i;
    }
    RC_FAIL("a message was moved that was not there");
    return 0;
  }

  void restart() { world_->restart(std::make_shared<FaultyStore>(disk_)); }

  // One operation more, whose commit never ends: after the crash it has not happened. What was
  // received without waiting for the commit may come again.
  void crash(const Op& op) {
    auto& store = static_cast<FaultyStore&>(world_->store());
    store.delay_commit(store.commit_count() + 1);
    if (op.a % 3 == 0) {
      const auto reply = world_->start<&Broker::send_message>(send_request(op));
      // A duplicate writes nothing, so that there is nothing to wait for.
      RC_ASSERT(!reply->released || profile_.is_fifo);
    } else if (op.a % 3 == 1) {
      api::ReceiveMessageRequest request;
      request.queue_url = queue_;
      request.max_number_of_messages = 3;
      const auto reply = world_->start<&Broker::receive_message>(request);
      const bool is_early = !profile_.is_fifo && profile_.receives_max == 0;
      RC_ASSERT(!reply->released || is_early || reply->response.handed_out.empty());
    } else if (const Handle* const handle = handle_of(op)) {
      api::DeleteMessageRequest request;
      request.queue_url = queue_;
      request.receipt_handle = handle->text;
      world_->start<&Broker::delete_message>(request);
    }
    restart();
  }

  void check_counts() {
    if (profile_.retention_s != 0 || profile_.receives_max != 0) return;
    std::size_t in_flight = 0;
    std::size_t all = 0;
    for (const auto& message : model_.messages) {
      all += message.is_alive ? 1 : 0;
      in_flight += message.is_alive && message.is_in_flight ? 1 : 0;
    }
    const auto count = [&](const char* name) {
      return std::stoul(world_->attribute(queue_, name));
    };
    RC_ASSERT(count("ApproximateNumberOfMessagesNotVisible") == in_flight);
    RC_ASSERT(count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesDelayed") +
                  in_flight ==
              all);
  }

  const Profile profile_;
  Settings settings_;
  const std::shared_ptr<MemoryStore> disk_ = std::make_shared<MemoryStore>();
  std::unique_ptr<test::TestBroker> world_;
  Model model_;
  std::string queue_;
  std::string dead_;
  std::string elsewhere_;
  int sent_count_ = 0;
};

rc::Gen<Op> any_op() {
  const auto kind = rc::gen::weightedElement<Kind>({{30, Kind::send},
                                                    {30, Kind::receive},
                                                    {14, Kind::erase},
                                                    {8, Kind::hide},
                                                    {12, Kind::pass},
                                                    {1, Kind::purge},
                                                    {3, Kind::move},
                                                    {3, Kind::restart},
                                                    {4, Kind::crash}});
  const auto number = rc::gen::inRange(0u, 1000u);
  return rc::gen::apply(
      [](Kind k, unsigned a, unsigned b, unsigned c) {
        return Op{k, a, b, c};
      },
      kind, number, number, number);
}

bool holds(const Profile& profile) {
  return rc::check(profile.name, [&] {
    const auto ops = *rc::gen::scale(3.0, rc::gen::container<std::vector<Op>>(any_op()));
    Pair pair(profile);
    for (const auto& op : ops) pair.run(op);
    pair.finish();
  });
}

}  // namespace

TEST_CASE("a standard queue keeps what SQS promises", "[model]") {
  CHECK(holds({.name = "standard"}));
}

TEST_CASE("a standard queue with tenants keeps what SQS promises", "[model]") {
  CHECK(holds({.name = "tenants", .has_groups = true}));
}

TEST_CASE("a FIFO queue keeps what SQS promises", "[model]") {
  CHECK(holds({.name = "FIFO", .is_fifo = true}));
}

TEST_CASE("messages received too often become dead letters, once each", "[model]") {
  CHECK(holds({.name = "standard, 2 receives", .receives_max = 2}));
  CHECK(holds({.name = "tenants, 2 receives", .has_groups = true, .receives_max = 2}));
  CHECK(holds({.name = "FIFO, 2 receives", .is_fifo = true, .receives_max = 2}));
}

TEST_CASE("a move task takes what is visible, and nothing twice", "[model]") {
  CHECK(holds({.name = "standard, moves", .moves = true}));
  CHECK(holds({.name = "tenants, moves", .has_groups = true, .receives_max = 2, .moves = true}));
  CHECK(holds({.name = "FIFO, moves", .is_fifo = true, .retention_s = 60, .moves = true}));
}

TEST_CASE("queues forget messages past their retention and no others", "[model]") {
  CHECK(holds({.name = "standard, 60 s", .retention_s = 60}));
  CHECK(holds({.name = "tenants, 60 s", .has_groups = true, .retention_s = 60}));
  CHECK(holds({.name = "FIFO, 60 s", .is_fifo = true, .retention_s = 60}));
}

}  // namespace signalbox::broker
