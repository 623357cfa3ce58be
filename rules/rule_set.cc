// Pattern, Snapshot and RuleSet over the plain evaluator: every rule is asked about every event.
#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/evaluator.h"
#include "rules/event_fields.h"
#include "rules/pattern_compiler.h"
#include "rules/rules.h"

namespace signalbox::rules {
namespace {

// One per thread: reading an event costs no allocation once its memory has grown.
EventFields& scratch_fields() {
  thread_local EventFields fields;
  return fields;
}

class ModelPattern final : public Pattern {
 public:
  explicit ModelPattern(PatternModel model) : model_(std::move(model)) {}

  bool matches(std::string_view event_json) const override {
    EventFields& fields = scratch_fields();
    return fields.read(event_json) && model_.matches(fields);
  }
  bool matches(const EventFields& fields) const { return model_.matches(fields); }

 private:
  CompiledModel model_;
};

struct Rule {
  RuleId id;
  std::shared_ptr<const ModelPattern> pattern;
};

// Some neighbouring rules in ascending order of ids. Never changed once it is in a set, so that
// sets and snapshots share them.
using Chunk = std::vector<Rule>;
using Chunks = std::vector<std::shared_ptr<const Chunk>>;

// A change copies one chunk and the list of chunks, a snapshot the list: for 100,000 rules both
// stay in the hundreds of entries.
constexpr std::size_t chunk_rules_max = 256;

class ChunkedSnapshot final : public Snapshot {
 public:
  ChunkedSnapshot(Chunks chunks, std::size_t rule_count)
      : chunks_(std::move(chunks)), rule_count_(rule_count) {}

  void match(std::string_view event_json, std::vector<RuleId>& matched) const override {
    EventFields& fields = scratch_fields();
    if (rule_count_ == 0 || !fields.read(event_json)) {
      return;
    }
    for (const auto& chunk : chunks_) {
      for (const Rule& rule : *chunk) {
        if (rule.pattern->matches(fields)) {
          matched.push_back(rule.id);
        }
      }
    }
  }

  std::size_t rule_count() const override { return rule_count_; }

 private:
  const Chunks chunks_;
  const std::size_t rule_count_;
};

class ChunkedRuleSet final : public RuleSet {
 public:
  void put(RuleId id, std::shared_ptr<const Pattern> pattern) override {
    // compile() makes no other kind of pattern.
    Rule rule{id, std::static_pointer_cast<const ModelPattern>(std::move(pattern))};
    snapshot_.reset();
    if (chunks_.empty()) {
      chunks_.push_back(std::make_shared<const Chunk>(Chunk{std::move(rule)}));
      ++rule_count_;
      return;
    }
    const auto place = chunk_of(id);
    Chunk chunk = **place;
    const auto at = rule_of(chunk, id);
    if (at != chunk.end() && at->id == id) {
      *at = std::move(rule);
    } else {
      chunk.insert(at, std::move(rule));
      ++rule_count_;
    }
    replace(place, std::move(chunk));
  }

  void remove(RuleId id) override {
    if (chunks_.empty()) {
      return;
    }
    const auto place = chunk_of(id);
    Chunk chunk = **place;
    const auto at = rule_of(chunk, id);
    if (at == chunk.end() || at->id != id) {
      return;
    }
    snapshot_.reset();
    chunk.erase(at);
    --rule_count_;
    replace(place, std::move(chunk));
  }

  std::shared_ptr<const Snapshot> snapshot() const override {
    if (!snapshot_) {
      snapshot_ = std::make_shared<const ChunkedSnapshot>(chunks_, rule_count_);
    }
    return snapshot_;
  }

  // The lists alone: the patterns belong to whoever compiled them.
  std::size_t memory_bytes() const override {
    return rule_count_ * sizeof(Rule) + chunks_.size() * sizeof(Chunks::value_type);
  }

 private:
  // The chunk that holds the id or would: the last whose first rule is not above it. There is one.
  Chunks::iterator chunk_of(RuleId id) {
    const auto above = std::upper_bound(
        chunks_.begin(), chunks_.end(), id,
        [](RuleId wanted, const auto& chunk) { return wanted < chunk->front().id; });
    return above == chunks_.begin() ? above : std::prev(above);
  }

  static Chunk::iterator rule_of(Chunk& chunk, RuleId id) {
    return std::lower_bound(chunk.begin(), chunk.end(), id,
                            [](const Rule& rule, RuleId wanted) { return rule.id < wanted; });
  }

  // Puts the changed chunk in place: split when it has grown too large, dropped when it is empty.
  void replace(Chunks::iterator place, Chunk chunk) {
    if (chunk.empty()) {
      chunks_.erase(place);
      return;
    }
    if (chunk.size() > chunk_rules_max) {
      const auto middle = chunk.begin() + static_cast<std::ptrdiff_t>(chunk.size() / 2);
      Chunk upper(std::make_move_iterator(middle), std::make_move_iterator(chunk.end()));
      chunk.erase(middle, chunk.end());
      *place = std::make_shared<const Chunk>(std::move(chunk));
      chunks_.insert(std::next(place), std::make_shared<const Chunk>(std::move(upper)));
      return;
    }
    *place = std::make_shared<const Chunk>(std::move(chunk));
  }

  Chunks chunks_;
  std::size_t rule_count_ = 0;
  mutable std::shared_ptr<const Snapshot> snapshot_;  // of the rules as they are, once asked for
};

}  // namespace

std::shared_ptr<const Pattern> Pattern::compile(std::string_view pattern_json,
                                                PatternError& error) {
  auto model = compile_pattern(pattern_json, error);
  if (!model) {
    return nullptr;
  }
  return std::make_shared<const ModelPattern>(*std::move(model));
}

std::unique_ptr<RuleSet> RuleSet::create() { return std::make_unique<ChunkedRuleSet>(); }

}  // namespace signalbox::rules
