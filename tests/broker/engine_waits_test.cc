// Jobs that wait in the engine, and what they wait for.
#include <catch2/catch.hpp>

#include "tests/broker/test_broker.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::TestBroker;

namespace {

// Waits for a message in one queue after the other, each time it is asked; then it is answered.
class WaitingJob final : public Job {
 public:
  WaitingJob(std::vector<std::string> queues, bool& is_answered)
      : queues_(std::move(queues)), is_answered_(is_answered) {}

  Step run(Broker& broker, Context& ctx) override {
    if (at_ == queues_.size()) {
      is_answered_ = true;
      return Step::answered;
    }
    api::ReceiveMessageRequest request;
    request.queue_url = queues_[at_++];
    request.wait_time_seconds = 20;
    const auto answer = broker.receive_message(request, ctx);
    REQUIRE(answer.wait() != nullptr);
    queue_id = answer.wait()->queue_id;
    return Step::waits;
  }
  void refuse(const Error& error) override { FAIL_CHECK(error.message); }
  bool writes() const override { return true; }

 private:
  const std::vector<std::string> queues_;
  std::size_t at_ = 0;
  bool& is_answered_;
};

struct Waits : TestBroker {
  const std::string one = create_queue("one");
  const std::string other = create_queue("other");

  void wait_for(std::vector<std::string> queues, bool& is_answered) {
    auto job = std::make_unique<WaitingJob>(std::move(queues), is_answered);
    job->id = ++last_id_;
    engine().submit(std::move(job));
    settle();
  }
  // Nobody receives it: it only wakes who waits.
  void wake(const std::string& queue) { REQUIRE_FALSE(send(queue, "1").error); }

 private:
  std::uint64_t last_id_ = 1'000;
};

}  // namespace

TEST_CASE("a job that is woken may wait for something else, and holds up nobody", "[engine]") {
  Waits broker;
  bool moved = false;
  bool behind = false;
  broker.wait_for({broker.one, broker.other}, moved);
  broker.wait_for({broker.one}, behind);
  broker.wake(broker.one);
  CHECK_FALSE(moved);
  CHECK(behind);
  broker.wake(broker.one);
  CHECK_FALSE(moved);
  broker.wake(broker.other);
  CHECK(moved);
}
