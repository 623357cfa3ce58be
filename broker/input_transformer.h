// What a target receives of an event: fixed text (Input), a part of the event (InputPath), or a
// template filled with parts of it (InputTransformer).
//
// A TargetInput is immutable and may be used by any number of threads.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/json_path.h"
#include "broker/result.h"

namespace signalbox::broker {

// What PutTargets gives for one target. The views must live through compile() only.
struct TargetInputConfig {
  std::string_view target_id;
  std::optional<std::string_view> input;
  std::optional<std::string_view> input_path;
  // InputTransformer: null paths is an empty map.
  std::optional<std::string_view> input_template;
  const std::map<std::string, std::string>* input_paths = nullptr;
};

// What the reserved variables of templates stand for.
struct RenderContext {
  std::string_view rule_arn;
  std::string_view rule_name;
  std::string_view ingestion_time;  // as the service prints it: 2026-01-02T03:04:05Z
};

class TargetInput {
 public:
  // Null when the target takes the event as it is. The errors are the service's own; lengths,
  // counts and the names of paths are the model's business and are not looked at.
  static Result<std::shared_ptr<const TargetInput>> compile(const TargetInputConfig& config);
  virtual ~TargetInput() = default;

  // The text for the target, of an event that is a valid JSON object. Nothing when the service
  // delivers nothing and says nothing: the filled template is not JSON, or InputPath leads nowhere.
  virtual std::optional<std::string> render(std::string_view event_json,
                                            const RenderContext& context) const = 0;
};

}  // namespace signalbox::broker
