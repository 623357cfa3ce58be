// POST /_signalbox/explain: which rules of a bus an event matches, with why, and which it nearly
// matches.
//
// The rules are the core's. Its turns copy their texts, a bounded handful at a time, and a reader
// thread looks at those before the next are copied, so that neither the core nor the memory feels
// how many rules a bus has. A rule that changes meanwhile is seen as it was or as it is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/context.h"
#include "protocol/http_server.h"
#include "rules/nearest.h"

namespace signalbox::broker {
class CoreThread;
class Engine;
class ReaderPool;
struct Bus;
struct Rule;
}  // namespace signalbox::broker

namespace signalbox {

// What the body of a request asks.
struct ExplainQuestion {
  std::string bus;                  // name or ARN
  std::string event;                // JSON, an object
  std::optional<std::string> rule;  // only this one, whether it matches or not
  rules::NearestOptions options;
};

// What is wrong and what to send instead; empty when nothing is.
std::string parse_explain_question(std::string_view body, ExplainQuestion& question);

// One request under way. It keeps itself until it has replied; the threads must outlive it.
class BusExplanation : public std::enable_shared_from_this<BusExplanation> {
 public:
  using Reply = std::function<void(protocol::HttpReply)>;  // from any thread

  BusExplanation(ExplainQuestion question, const broker::Caller& caller, broker::CoreThread& core,
                 const broker::Engine& engine, broker::ReaderPool& readers, Reply reply);

  void start();

 private:
  struct Handful {
    std::vector<rules::RuleText> rules;
    bool is_last = false;
    std::size_t next = 0;  // of the rules, to be looked at
  };

  // In the core's turns.
  void take_rules();
  Handful copy_rules(const broker::Bus& bus) const;
  void take_one(const broker::Bus* bus);  // null: one without rules
  // On a reader thread.
  void look_at(Handful handful);
  void look_at_one(const rules::RuleText& rule);

  const ExplainQuestion question_;
  const broker::Caller caller_;  // its world is the bus's
  std::string bus_name_;
  broker::CoreThread& core_;
  const broker::Engine& engine_;
  broker::ReaderPool& readers_;
  const Reply reply_;

  std::unique_ptr<rules::NearestMisses> misses_;  // on reader threads only, one at a time
  std::optional<std::string> last_name_;          // of the rules copied so far
};

}  // namespace signalbox
