#include "broker/functions/function_name.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace signalbox::broker::functions {

namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

std::string qualifier_of(std::string_view function_arn) {
  const auto parts = parts_of(function_arn);
  constexpr std::size_t before_qualifier = 7;  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  return parts.size() > before_qualifier ? std::string(parts[before_qualifier]) : std::string();
}

WorkerName parse_worker_name(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {text};
  WorkerName name{text.substr(0, at)};
  const auto number = text.substr(at + 1);
  std::from_chars(number.data(), number.data() + number.size(), name.worker_id);
  return name;
}

std::string FunctionName::arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}{}{}", region, account, name,
                     qualifier ? ":" : "", qualifier.value_or(""));
}

Result<FunctionName> parse_function_name(std::string_view text,
                                         const std::optional<std::string>& qualifier,
                                         const Caller& caller) {
  FunctionName parsed{caller.account, caller.region, {}, qualifier};
  auto parts = parts_of(text);
  if (parts.front() == "arn" && parts.size() > 6) {
    parsed.region = parts[3];
    parsed.account = parts[4];
    parts.erase(parts.begin(), parts.begin() + 6);
  } else if (parts.size() > 2 && parts[1] == "function") {
    parsed.account = parts[0];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  parsed.name = parts.front();
  if (parts.size() < 2) return parsed;
  if (qualifier && *qualifier != parts[1]) {
    return Error{ErrorCode::invalid_parameter_value,
                 "The derived qualifier from the function name does not match the specified "
                 "qualifier."};
  }
  parsed.qualifier = std::string(parts[1]);
  return parsed;
}

}  // namespace signalbox::broker::functions
