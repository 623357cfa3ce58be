// The InputTemplate of an InputTransformer: text with <placeholders>.
//
// A template that starts with `{` is a JSON template: a placeholder where a value stands takes the
// value as JSON, one inside quotes its bare text. Any other template is text, usually in quotes:
// every placeholder takes the bare text, objects and arrays without any quotes. Values are not
// escaped; what comes out must be JSON (for text templates any number of JSON values) or nothing is
// delivered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/json_path.h"
#include "broker/result.h"

namespace signalbox::broker {

struct RenderContext;

class InputTemplate {
 public:
  static Result<InputTemplate> compile(std::string_view target_id, std::string_view text,
                                       const std::map<std::string, std::string>& paths);

  std::optional<std::string> render(std::string_view event_json,
                                    const RenderContext& context) const;

 private:
  enum class Reserved : std::uint8_t {
    none,
    rule_arn,
    rule_name,
    ingestion_time,
    event,
    event_json
  };
  struct Variable {
    std::string name;
    Reserved reserved = Reserved::none;
    JsonPath path;  // unless reserved
  };
  // Literal text and the placeholder behind it; the last part has none.
  struct Part {
    std::string literal;
    std::optional<std::size_t> variable;
    bool in_quotes = false;
  };

  static Reserved reserved_variable(std::string_view name);
  Status add_variable(std::string_view target_id, std::string_view name,
                      const std::map<std::string, std::string>& paths);
  Status check_json(std::string_view target_id, std::string_view text) const;
  std::string value_json(const Variable& variable, std::string_view event_json,
                         const RenderContext& context) const;

  bool is_json_ = false;
  std::vector<Variable> variables_;
  std::vector<Part> parts_;
};

}  // namespace signalbox::broker
