#include "broker/input_transformer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "broker/input_template.h"
#include "rules/json_token_reader.h"

namespace signalbox::broker {
namespace {

Error validation(std::string message) { return {ErrorCode::validation, std::move(message)}; }

class FixedInput final : public TargetInput {
 public:
  explicit FixedInput(std::string_view text) : text_(text) {}
  std::optional<std::string> render(std::string_view, const RenderContext&) const override {
    return text_;
  }

 private:
  const std::string text_;
};

class PathInput final : public TargetInput {
 public:
  explicit PathInput(JsonPath path) : path_(std::move(path)) {}
  std::optional<std::string> render(std::string_view event_json,
                                    const RenderContext&) const override {
    const auto found = path_.find(event_json);
    return found.empty() ? std::nullopt : std::optional(std::string(found));
  }

 private:
  const JsonPath path_;
};

class TemplateInput final : public TargetInput {
 public:
  explicit TemplateInput(InputTemplate input_template) : template_(std::move(input_template)) {}
  std::optional<std::string> render(std::string_view event_json,
                                    const RenderContext& context) const override {
    return template_.render(event_json, context);
  }

 private:
  const InputTemplate template_;
};

using Compiled = Result<std::shared_ptr<const TargetInput>>;

Compiled compile_fixed(std::string_view target_id, std::string_view text) {
  rules::JsonTokenReader reader(text);
  std::size_t depth = 0;
  std::size_t value_count = 0;
  for (auto token = reader.next(); token != rules::Token::end_of_input; token = reader.next()) {
    const bool opens = token == rules::Token::start_object || token == rules::Token::start_array;
    const bool closes = token == rules::Token::end_object || token == rules::Token::end_array;
    value_count += depth == 0 ? 1 : 0;
    depth += opens ? 1 : 0;
    depth -= closes ? 1 : 0;
    reader.text();
  }
  if (reader.failed() || value_count != 1) {
    return validation(fmt::format(
        "JSON syntax error in input for target {}: [Source: (String)\"{}\"; line: {}, column: {}]",
        target_id, text, reader.line(), reader.column()));
  }
  return std::make_shared<const FixedInput>(text);
}

Compiled compile_path(std::string_view target_id, std::string_view text) {
  auto path = JsonPath::parse(text, JsonPath::Syntax::dots_and_brackets);
  if (!path) {
    return validation(fmt::format("InputPath for target {} is invalid.", target_id));
  }
  return std::make_shared<const PathInput>(*std::move(path));
}

}  // namespace

Result<std::shared_ptr<const TargetInput>> TargetInput::compile(const TargetInputConfig& config) {
  const int given =
      (config.input ? 1 : 0) + (config.input_path ? 1 : 0) + (config.input_template ? 1 : 0);
  if (given > 1) {
    return validation(fmt::format(
        "Only one of Input, InputPath, or InputTransformer must be provided for target {}.",
        config.target_id));
  }
  if (config.input) {
    return compile_fixed(config.target_id, *config.input);
  }
  if (config.input_path) {
    return compile_path(config.target_id, *config.input_path);
  }
  if (!config.input_template) {
    return std::shared_ptr<const TargetInput>();
  }
  static const std::map<std::string, std::string> no_paths;
  const auto& paths = config.input_paths != nullptr ? *config.input_paths : no_paths;
  SIGNALBOX_TRY(auto input_template,
                InputTemplate::compile(config.target_id, *config.input_template, paths));
  return std::make_shared<const TemplateInput>(std::move(input_template));
}

}  // namespace signalbox::broker
