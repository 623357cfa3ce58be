// Pattern, Snapshot and RuleSet: the public face over the evaluator of one pattern and the engine
// of many.
#include <utility>

#include "rules/engine/matcher.h"
#include "rules/engine/rule_index.h"
#include "rules/evaluator.h"
#include "rules/event_fields.h"
#include "rules/pattern_compiler.h"
#include "rules/rules.h"

namespace signalbox::rules {
namespace {

class ModelPattern final : public Pattern {
 public:
  explicit ModelPattern(PatternModel model) : compiled_(std::move(model)) {}

  bool matches(std::string_view event_json) const override {
    // One per thread: reading an event costs no allocation once its memory has grown.
    thread_local EventFields fields;
    return fields.read(event_json) && compiled_.matches(fields);
  }
  const PatternModel& model() const { return compiled_.model(); }

 private:
  CompiledModel compiled_;
};

class IndexSnapshot final : public Snapshot {
 public:
  IndexSnapshot(const engine::RuleIndexView& view, std::shared_ptr<const engine::Generation> kept)
      : view_(view), kept_(std::move(kept)) {}

  void match(std::string_view event_json, std::vector<RuleId>& matched) const override {
    thread_local engine::Matcher matcher;
    matcher.match(view_, event_json, matched);
  }

  std::size_t rule_count() const override { return view_.rule_count; }

 private:
  const engine::RuleIndexView view_;
  const std::shared_ptr<const engine::Generation> kept_;  // what view_ points to
};

class IndexRuleSet final : public RuleSet {
 public:
  void put(RuleId id, std::shared_ptr<const Pattern> pattern) override {
    // compile() makes no other kind of pattern.
    const auto& model = static_cast<const ModelPattern&>(*pattern).model();
    snapshot_.reset();
    index_.remove(id);
    index_.add(id, model);
  }

  void remove(RuleId id) override {
    if (index_.remove(id)) snapshot_.reset();
  }

  std::shared_ptr<const Snapshot> snapshot() const override {
    if (snapshot_ == nullptr) {
      auto kept = index_.take_snapshot();
      snapshot_ = std::make_shared<const IndexSnapshot>(index_.view(), std::move(kept));
    }
    return snapshot_;
  }

  std::size_t memory_bytes() const override { return index_.memory_bytes(); }

 private:
  mutable engine::RuleIndex index_;
  mutable std::shared_ptr<const Snapshot> snapshot_;  // of the rules as they are, once asked for
};

}  // namespace

std::shared_ptr<const Pattern> Pattern::compile(std::string_view pattern_json, PatternError& error,
                                                const PatternLimits& limits) {
  auto model = compile_pattern(pattern_json, error, limits);
  if (!model) {
    return nullptr;
  }
  return std::make_shared<const ModelPattern>(*std::move(model));
}

std::unique_ptr<RuleSet> RuleSet::create() { return std::make_unique<IndexRuleSet>(); }

}  // namespace signalbox::rules
