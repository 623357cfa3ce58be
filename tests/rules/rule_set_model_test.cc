// A set of rules under random changes, beside a plain map of what it should hold. Snapshots are
// kept and asked again later: they answer as at their moment, also when the set is gone.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rules/rules.h"
#include "tests/rules/generator.h"
#include "tests/rules/naive.h"
#include "tests/rules/shrink.h"

namespace signalbox::rules {
namespace {

using reference::Generator;
using reference::Json;
using reference::NaiveEvent;
using reference::NaivePattern;
using reference::Random;
using reference::render;

using Ids = std::vector<RuleId>;
using Model = std::map<RuleId, std::size_t>;  // which pattern of the pool

std::uint64_t long_factor() { return std::getenv("SIGNALBOX_LONG_TESTS") != nullptr ? 50 : 1; }

// Patterns and events from one seed, and which match as the naive evaluator sees it.
class Pool {
 public:
  Pool(std::uint64_t seed, std::size_t pattern_count, std::size_t event_count) {
    Generator generator(seed);
    std::vector<NaivePattern> naive;
    std::vector<Json> trees;
    while (patterns.size() < pattern_count) {
      const Json tree = generator.pattern();
      PatternError error;
      if (auto pattern = Pattern::compile(render(tree), error)) {
        patterns.push_back(std::move(pattern));
        pattern_texts.push_back(render(tree));
        naive.emplace_back(tree);
        trees.push_back(tree);
      }
    }
    matching.resize(event_count);
    for (auto& row : matching) {
      const Json event = generator.event_for(generator.random().pick(trees));
      const NaiveEvent naive_event(event);
      events.push_back(render(event));
      for (const NaivePattern& pattern : naive) {
        row.push_back(pattern.matches(naive_event));
      }
    }
  }

  Ids expected(const Model& model, std::size_t event) const {
    Ids out;
    for (const auto& [id, pattern] : model) {
      if (matching[event][pattern]) {
        out.push_back(id);
      }
    }
    return out;
  }

  std::vector<std::shared_ptr<const Pattern>> patterns;
  std::vector<std::string> pattern_texts;
  std::vector<std::string> events;
  std::vector<std::vector<bool>> matching;  // by event and pattern
};

struct Step {
  enum class Kind { put, remove, match, keep, ask, drop };
  Kind kind;
  RuleId id = 0;          // of put and remove
  std::size_t index = 0;  // of the pattern, the event, or (ask) the event
  std::size_t kept = 0;   // ask and drop: which of the snapshots kept, counted around
};

std::vector<Step> random_steps(Random& random, const Pool& pool, std::size_t count, RuleId id_end) {
  using Kind = Step::Kind;
  // Grows, then is about level, then shrinks.
  std::vector<Step> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t remove_weight = i * 3 < count ? 1 : i * 3 < 2 * count ? 4 : 7;
    const std::size_t kind = random.below(12);
    const RuleId id = random.one_in(50) ? random.next() : random.below(id_end);
    const std::size_t event = random.below(pool.events.size());
    if (kind < 8) {
      const bool is_remove = random.below(8) < remove_weight;
      out.push_back({is_remove ? Kind::remove : Kind::put, id, random.below(pool.patterns.size())});
    } else if (kind == 8) {
      out.push_back({Kind::keep, 0, 0, 0});
    } else if (kind == 9 && random.one_in(3)) {
      out.push_back({Kind::drop, 0, 0, random.below(100)});
    } else if (kind == 10) {
      out.push_back({Kind::ask, 0, event, random.below(100)});
    } else {
      out.push_back({Kind::match, 0, event, 0});
    }
  }
  return out;
}

// Runs the steps against a set and its model; what went wrong, or nothing. `lose` makes every put
// of that id go missing, for the control.
class Player {
 public:
  explicit Player(const Pool& pool, std::optional<RuleId> lose = std::nullopt)
      : pool_(pool), lose_(lose) {}

  std::string play(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (std::string wrong = take(step); !wrong.empty()) {
        return wrong;
      }
    }
    rules_.reset();
    for (const Kept& kept : kept_) {
      for (std::size_t event = 0; event < pool_.events.size(); ++event) {
        if (std::string wrong = compare(*kept.snapshot, kept.model, event); !wrong.empty()) {
          return "after the set: " + wrong;
        }
      }
    }
    return "";
  }

 private:
  struct Kept {
    std::shared_ptr<const Snapshot> snapshot;
    Model model;
  };

  std::string take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::put:
        model_[step.id] = step.index;
        if (step.id != lose_) {
          rules_->put(step.id, pool_.patterns[step.index]);
        }
        return "";
      case Step::Kind::remove:
        model_.erase(step.id);
        rules_->remove(step.id);
        return "";
      case Step::Kind::match: return compare(*rules_->snapshot(), model_, step.index);
      case Step::Kind::keep: kept_.push_back({rules_->snapshot(), model_}); return "";
      default: break;
    }
    if (kept_.empty()) {
      return "";
    }
    const auto at = kept_.begin() + static_cast<std::ptrdiff_t>(step.kept % kept_.size());
    if (step.kind == Step::Kind::drop) {
      kept_.erase(at);
      return "";
    }
    std::string wrong = compare(*at->snapshot, at->model, step.index);
    return wrong.empty() ? "" : "kept: " + wrong;
  }

  std::string compare(const Snapshot& snapshot, const Model& model, std::size_t event) const {
    if (snapshot.rule_count() != model.size()) {
      return fmt::format("{} rules but should be {}", snapshot.rule_count(), model.size());
    }
    Ids found;
    snapshot.match(pool_.events[event], found);
    std::sort(found.begin(), found.end());
    const Ids expected = pool_.expected(model, event);
    return found == expected
               ? ""
               : fmt::format("event {}\nmatched rules {} but should {}", pool_.events[event],
                             fmt::join(found, ","), fmt::join(expected, ","));
  }

  const Pool& pool_;
  const std::optional<RuleId> lose_;
  std::unique_ptr<RuleSet> rules_ = RuleSet::create();
  Model model_;
  std::vector<Kept> kept_;
};

std::string describe(const Pool& pool, const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    switch (step.kind) {
      case Step::Kind::put:
        out += fmt::format("put {} {}\n", step.id, pool.pattern_texts[step.index]);
        break;
      case Step::Kind::remove: out += fmt::format("remove {}\n", step.id); break;
      case Step::Kind::match: out += fmt::format("match {}\n", pool.events[step.index]); break;
      case Step::Kind::keep: out += "keep a snapshot\n"; break;
      case Step::Kind::ask:
        out += fmt::format("ask snapshot {} {}\n", step.kept, pool.events[step.index]);
        break;
      case Step::Kind::drop: out += fmt::format("drop snapshot {}\n", step.kept); break;
    }
  }
  return out;
}

std::string smallest_failure(const Pool& pool, std::vector<Step> steps,
                             std::optional<RuleId> lose = std::nullopt) {
  const auto failure = [&](const std::vector<Step>& some) { return Player(pool, lose).play(some); };
  if (failure(steps).empty()) {
    return "";
  }
  reference::shrink_list(steps,
                         [&](const std::vector<Step>& fewer) { return !failure(fewer).empty(); });
  return describe(pool, steps) + failure(steps);
}

TEST_CASE("a set under random changes holds what it should, and so do its snapshots, ever after") {
  for (std::uint64_t seed = 1; seed <= 60 * long_factor(); ++seed) {
    const Pool pool(seed, 20, 12);
    Random random(seed);
    const auto steps = random_steps(random, pool, 300, 40);
    INFO("seed " << seed);
    REQUIRE(smallest_failure(pool, steps) == "");
  }
}

TEST_CASE("a set that grows to thousands of rules and shrinks again holds what it should") {
  for (std::uint64_t seed = 2'000'001; seed <= 2'000'000 + 2 * long_factor(); ++seed) {
    const Pool pool(seed, 400, 8);
    Random random(seed);
    const auto steps = random_steps(random, pool, 6'000, 3'000);
    INFO("seed " << seed);
    REQUIRE(smallest_failure(pool, steps) == "");
  }
}

TEST_CASE("a set that loses a rule is found out, with the fewest steps that show it") {
  const Pool pool(1, 20, 12);
  Random random(1);
  const auto steps = random_steps(random, pool, 300, 5);
  const std::string found = smallest_failure(pool, steps, RuleId{3});
  INFO(found);
  CHECK(std::count(found.begin(), found.end(), '\n') <= 3);
  CHECK(found.starts_with("put 3 "));
}

TEST_CASE("a set that is filled and emptied again and again does not grow") {
  const Pool pool(7, 200, 1);
  const auto rules = RuleSet::create();
  const auto round = [&] {
    for (RuleId id = 0; id < 1'000; ++id) {
      rules->put(id * 7, pool.patterns[id % pool.patterns.size()]);
      if (id % 100 == 0) {
        rules->snapshot();
      }
    }
    const std::size_t full_bytes = rules->memory_bytes();
    for (RuleId id = 0; id < 1'000; ++id) {
      rules->remove((id * 13 % 1'000) * 7);
    }
    return full_bytes;
  };
  round();
  const std::size_t second_bytes = round();
  std::size_t last_bytes = 0;
  for (int i = 0; i < 8; ++i) {
    last_bytes = round();
  }
  CHECK(last_bytes <= second_bytes + second_bytes / 4);
  CHECK(rules->snapshot()->rule_count() == 0);
}

// What the owner hands to the readers: a snapshot and its right answers, by event.
struct Published {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<Ids> expected;
};

TEST_CASE("readers on several threads see each snapshot whole while the owner changes the rules") {
  const Pool pool(11, 40, 6);
  std::mutex mutex;
  std::shared_ptr<const Published> published;
  std::atomic<bool> is_over{false};
  std::atomic<int> wrong{0};
  std::atomic<int> asked{0};
  const auto read = [&](std::uint64_t seed) {
    Random random(seed);
    std::vector<std::shared_ptr<const Published>> kept;
    Ids found;
    while (!is_over) {
      {
        const std::lock_guard lock(mutex);
        kept.push_back(published);
      }
      if (kept.size() > 5) {  // lets go of an old one here, not where it was made
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(random.below(kept.size())));
      }
      const auto& one = *random.pick(kept);
      const std::size_t event = random.below(pool.events.size());
      found.clear();
      one.snapshot->match(pool.events[event], found);
      std::sort(found.begin(), found.end());
      wrong += found == one.expected[event] ? 0 : 1;
      ++asked;
    }
  };
  auto rules = RuleSet::create();
  Model model;
  const auto publish = [&] {
    auto next = std::make_shared<Published>();
    next->snapshot = rules->snapshot();
    for (std::size_t event = 0; event < pool.events.size(); ++event) {
      next->expected.push_back(pool.expected(model, event));
    }
    const std::lock_guard lock(mutex);
    published = std::move(next);
  };
  publish();
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    readers.emplace_back(read, seed);
  }
  Random random(5);
  const std::uint64_t change_count = 1'500 * long_factor();
  for (std::uint64_t i = 0; i < change_count || asked < 300; ++i) {
    const RuleId id = random.below(150);
    if (random.below(5) < 2) {
      rules->remove(id);
      model.erase(id);
    } else {
      model[id] = random.below(pool.patterns.size());
      rules->put(id, pool.patterns[model[id]]);
    }
    if (random.one_in(2)) {
      publish();
    }
  }
  rules.reset();  // the readers still hold snapshots of it
  is_over = true;
  for (auto& reader : readers) {
    reader.join();
  }
  CHECK(wrong == 0);
  CHECK(asked >= 300);
}

}  // namespace
}  // namespace signalbox::rules
