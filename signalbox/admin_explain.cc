#include "signalbox/admin_explain.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdint>
#include <utility>

#include "broker/bus.h"
#include "broker/core_thread.h"
#include "broker/engine.h"
#include "broker/events_arns.h"
#include "broker/reader_pool.h"
#include "rules/explain.h"
#include "signalbox/admin_reply.h"

namespace signalbox {
namespace {

// What one of the core's turns copies at most, give or take a pattern.
constexpr std::size_t handful_rules_max = 500;
constexpr std::size_t handful_bytes_max = 256 * 1024;
// After so much a reader thread lets other work go first: some 15 ms.
constexpr std::uint64_t reader_steps_max = 200'000;

constexpr std::string_view form =
    R"(Send {"bus":"NAME","event":{...}}, and "rule":"NAME" or "nearest":N if you like.)";

std::string refuse(std::string_view what) { return fmt::format("{} {}", what, form); }

rules::RuleText text_of(const broker::Rule& rule) {
  return {rule.name, rule.event_pattern.value_or(""), rule.matching()};
}

broker::Caller in_world_of(const broker::BusPlace& place, broker::Caller caller) {
  caller.account = place.account;
  caller.region = place.region;
  return caller;
}

// One member of the question; what is wrong with it.
std::string read_member(std::string_view name, simdjson::ondemand::value value,
                        ExplainQuestion& question) {
  std::string_view text;
  if (name == "event") {
    simdjson::ondemand::object event;
    if (value.get_object().get(event) || event.raw_json().get(text)) {
      return refuse("event must be a JSON object: the event as a target would get it.");
    }
    question.event = text;
  } else if (name == "bus") {
    if (value.get_string().get(text)) return refuse("bus must be a string.");
    question.bus = text;
  } else if (name == "rule") {
    if (value.get_string().get(text)) return refuse("rule must be a string.");
    question.rule = text;
  } else if (name == "nearest") {
    std::uint64_t count = 0;
    if (value.get_uint64().get(count) || count > rules::NearestOptions::count_max) {
      return refuse(fmt::format("nearest must be a whole number from 0 to {}.",
                                rules::NearestOptions::count_max));
    }
    question.options.count = count;
  } else {
    constexpr std::size_t shown_max = 100;
    return refuse(name.size() > shown_max ? "There is a member of an unknown name."
                                          : fmt::format("There is no member {}.", name));
  }
  return {};
}

}  // namespace

std::string parse_explain_question(std::string_view body, ExplainQuestion& question) {
  namespace ondemand = simdjson::ondemand;
  ondemand::parser parser;
  const simdjson::padded_string padded(body);
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) {
    return refuse("The body is not a JSON object.");
  }
  for (auto field : object) {
    std::string_view name;
    ondemand::value value;
    if (field.unescaped_key().get(name) || field.value().get(value)) {
      return refuse("The body is not valid JSON.");
    }
    if (auto problem = read_member(name, value, question); !problem.empty()) return problem;
  }
  const char* rest = nullptr;  // an error at the end of the body
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return refuse("Something follows the body's object.");
  }
  if (question.event.empty()) return refuse("event is missing.");
  if (question.bus.empty()) return refuse("bus is missing.");
  return {};
}

BusExplanation::BusExplanation(ExplainQuestion question, const broker::Caller& caller,
                               broker::CoreThread& core, const broker::Engine& engine,
                               broker::ReaderPool& readers, Reply reply)
    : question_(std::move(question)),
      caller_(in_world_of(broker::parse_bus(question_.bus, caller), caller)),
      bus_name_(broker::parse_bus(question_.bus, caller).name),
      core_(core),
      engine_(engine),
      readers_(readers),
      reply_(std::move(reply)) {}

void BusExplanation::start() {
  core_.post([self = shared_from_this()] { self->take_rules(); });
}

// --- the core's turns ---------------------------------------------------------------------------

void BusExplanation::take_rules() {
  const auto* broker = engine_.broker();
  if (broker == nullptr) {
    reply_(error_reply(503, "The store is not open. Ask /_signalbox/health for the reason."));
    return;
  }
  const auto* bus = broker->find_bus(caller_, bus_name_);
  // A default bus is there before anything has made it.
  if (bus == nullptr && bus_name_ != broker::default_bus_name) {
    reply_(error_reply(404, fmt::format("Event bus {} does not exist in account {} and region {}. "
                                        "Another world is named with ?account= and &region=.",
                                        bus_name_, caller_.account, caller_.region)));
    return;
  }
  if (question_.rule) {
    take_one(bus);
    return;
  }
  Handful handful = bus == nullptr ? Handful{{}, true} : copy_rules(*bus);
  if (!handful.rules.empty()) last_name_ = handful.rules.back().name;
  readers_.run([self = shared_from_this(), handful = std::move(handful)]() mutable {
    self->look_at(std::move(handful));
  });
}

BusExplanation::Handful BusExplanation::copy_rules(const broker::Bus& bus) const {
  Handful handful;
  std::size_t looked_at = 0;
  std::size_t bytes = 0;
  auto at = last_name_ ? bus.rules.upper_bound(*last_name_) : bus.rules.begin();
  for (; at != bus.rules.end() && looked_at < handful_rules_max && bytes < handful_bytes_max;
       ++at, ++looked_at) {
    const broker::Rule& rule = at->second;
    handful.rules.push_back(text_of(rule));
    bytes += handful.rules.back().name.size() + handful.rules.back().pattern.size();
  }
  handful.is_last = at == bus.rules.end();
  return handful;
}

void BusExplanation::take_one(const broker::Bus* bus) {
  if (bus == nullptr || !bus->rules.contains(*question_.rule)) {
    reply_(error_reply(404, fmt::format("Rule {} does not exist on event bus {}. ListRules names "
                                        "those that do.",
                                        *question_.rule, bus_name_)));
    return;
  }
  const broker::Rule& rule = bus->rules.find(*question_.rule)->second;
  if (rule.pattern == nullptr) {
    reply_(error_reply(400, fmt::format("Rule {} has no event pattern to explain: it runs on a "
                                        "schedule.",
                                        *question_.rule)));
    return;
  }
  readers_.run([self = shared_from_this(), text = text_of(rule)] { self->look_at_one(text); });
}

// --- reader threads -----------------------------------------------------------------------------

void BusExplanation::look_at(Handful handful) {
  if (misses_ == nullptr) {
    misses_ = std::make_unique<rules::NearestMisses>(question_.event, question_.options);
  }
  const std::uint64_t pause_at = misses_->steps() + reader_steps_max;
  bool goes_on = true;
  for (; goes_on && handful.next < handful.rules.size(); ++handful.next) {
    if (misses_->steps() >= pause_at) {
      readers_.run([self = shared_from_this(), handful = std::move(handful)]() mutable {
        self->look_at(std::move(handful));
      });
      return;
    }
    rules::RuleText& rule = handful.rules[handful.next];
    if (rule.pattern.empty()) continue;  // it runs on a schedule
    goes_on = misses_->add(std::move(rule));
  }
  if (goes_on && !handful.is_last) {
    core_.post([self = shared_from_this()] { self->take_rules(); });
    return;
  }
  const auto result = misses_->finish();
  if (!result.problem.empty()) {
    reply_(error_reply(400, result.problem));
    return;
  }
  std::string body = "{\"bus\":";
  protocol::append_json_string(body, bus_name_);
  body += ',';
  rules::append_members(body, result);
  reply_(json_reply(200, body += '}'));
}

void BusExplanation::look_at_one(const rules::RuleText& rule) {
  const auto explanation = rules::explain(rule.pattern, question_.event);
  if (explanation.outcome == rules::Explanation::Outcome::invalid_event) {
    reply_(error_reply(400, explanation.problem));
    return;
  }
  std::string body = "{\"bus\":";
  protocol::append_json_string(body, bus_name_);
  body += ",\"rule\":";
  protocol::append_json_string(body, rule.name);
  if (!rule.enabled) body += ",\"enabled\":false";
  body += ',';
  rules::append_members(body, explanation);
  reply_(json_reply(200, body += '}'));
}

}  // namespace signalbox
