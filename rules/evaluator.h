// Decides whether an event matches a pattern's model, by going through the model. Plain and slow
// beside a compiled matcher of all rules, and the measure for one.
#pragma once

#include "rules/event_fields.h"
#include "rules/pattern_model.h"

namespace signalbox::rules {

// A model with what evaluation needs to know of it.
class CompiledModel {
 public:
  explicit CompiledModel(PatternModel model);

  bool matches(const EventFields& event) const;

  const PatternModel& model() const { return model_; }

 private:
  PatternModel model_;
  std::vector<std::uint64_t> path_hashes_;  // of model_.fields
};

bool matches_value(const FieldPattern& pattern, const EventFields::Field& field);

}  // namespace signalbox::rules
