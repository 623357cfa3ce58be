// Judges and explains patterns against one event: what explain.h and nearest.h are made of.
//
// Threads: none. The event's text must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/event_fields.h"
#include "rules/event_outline.h"
#include "rules/explain.h"
#include "rules/pattern_model.h"

namespace signalbox::rules {

// How a pattern stands with the event, in terms of the alternative that matched or came nearest.
struct Standing {
  bool matched = false;
  std::size_t alternative = 0;
  std::size_t fields_matched = 0;
  std::size_t fields_total = 0;
  bool apart = false;           // each field matches, but not all in one array element
  std::size_t close_count = 0;  // of the other fields, those whose value is a near miss
};

// Whether a comes nearer than b: by share, then by number of fields.
bool is_nearer(const Standing& a, const Standing& b);

class Explainer {
 public:
  explicit Explainer(std::string_view event_json);

  // Why the event is none; empty when it is one. Nothing else may be asked then.
  const std::string& problem() const { return problem_; }

  // Adds what it took to steps, as NearestOptions counts them.
  Standing judge(const PatternModel& model, std::uint64_t& steps);
  Explanation explain(const PatternModel& model);

 private:
  // One field of an alternative with what it finds.
  struct Finding {
    const FieldPattern* pattern;
    std::span<const EventFields::Field* const> present;  // at the path
    std::vector<const EventFields::Field*> matching;     // of those, with a value it wants
    bool may_be_absent;
  };
  // The same as far as judging needs it.
  struct Verdict {
    bool matches;  // by itself
    bool in_array;
    std::size_t present_count;
  };

  std::span<const EventFields::Field* const> present_at(const std::string& path);
  Finding find(const FieldPattern& pattern);
  Verdict judge_field(const FieldPattern& pattern, std::uint64_t& steps);
  bool hold_together(const std::vector<Finding>& findings, std::size_t count) const;
  std::size_t first_apart(const std::vector<Finding>& findings) const;
  void choose_together(std::vector<Finding>& findings) const;

  FieldExplanation explain_match(const Finding& finding) const;
  FieldExplanation explain_miss(const Finding& finding);
  FieldExplanation explain_apart(const std::vector<Finding>& findings, std::size_t index);
  std::string array_note(const std::vector<Finding>& findings, std::size_t index);
  const EventOutline& outline();

  const std::string_view event_json_;
  EventFields fields_;
  // By path, of those that the event has: many rules ask for the same.
  std::map<std::string, std::vector<const EventFields::Field*>> present_;
  std::unique_ptr<EventOutline> outline_;  // made when first asked for
  std::string problem_;
};

}  // namespace signalbox::rules
