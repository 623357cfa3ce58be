#include "signalbox/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include "protocol/credential_scope.h"
#include "protocol/json_codec.h"

namespace signalbox {

std::optional<std::string> read_environment_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

void read_broker_environment(Environment environment, BrokerOptions& options) {
  if (auto url = environment("AWS_ENDPOINT_URL")) options.endpoint_url = *std::move(url);
  options.region = environment("AWS_REGION");
  if (!options.region) options.region = environment("AWS_DEFAULT_REGION");
  auto key = environment("AWS_ACCESS_KEY_ID");
  const bool is_account =
      key && key->size() == 12 && key->find_first_not_of("0123456789") == std::string::npos;
  if (is_account) options.account = std::move(key);
}

bool set_broker_option(std::string_view name, const std::string& value, BrokerOptions& options) {
  if (name == "--endpoint-url") return options.endpoint_url = value, true;
  if (name == "--region") return options.region = value, true;
  if (name == "--account") return options.account = value, true;
  return false;
}

bool is_broker_option(std::string_view name) {
  return name == "--endpoint-url" || name == "--region" || name == "--account";
}

std::string read_arguments(const std::vector<std::string>& arguments, const CommandSyntax& syntax,
                           BrokerOptions& broker, std::vector<std::string>& words) {
  bool are_options_over = false;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (are_options_over || !name.starts_with("--")) {
      words.push_back(std::move(name));
      continue;
    }
    if (name == "--") {
      are_options_over = true;
      continue;
    }
    std::optional<std::string> value;
    if (const auto equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const auto& own = syntax.options;
    if (!is_broker_option(name) && std::find(own.begin(), own.end(), name) == own.end()) {
      return fmt::format("{} has no option {}. {}", syntax.name, name, syntax.hint);
    }
    if (!value && syntax.set_flag(name)) continue;
    if (!value && i + 1 < arguments.size()) value = arguments[++i];
    if (!value) return fmt::format("{} needs a value.", name);
    if (set_broker_option(name, *value, broker)) continue;
    if (auto problem = syntax.set_option(name, *std::move(value)); !problem.empty()) return problem;
  }
  if (broker.account && !protocol::is_account_id(*broker.account)) {
    return fmt::format("--account {}: give its 12 digits.", *broker.account);
  }
  if (broker.region && !protocol::is_region_name(*broker.region)) {
    return fmt::format("--region {}: give one as in us-east-1.", *broker.region);
  }
  return {};
}

bool asks_help(const std::vector<std::string>& arguments) {
  return arguments.empty() ||
         std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

std::string read_whole_number(std::string_view name, const std::string& value, std::int64_t least,
                              std::int64_t most, std::int64_t& number) {
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && stop == end && number >= least && number <= most) return {};
  return fmt::format("{} {}: give a whole number from {} to {}.", name, value, least, most);
}

int complain(std::string_view what, int status) {
  fmt::print(stderr, "signalbox: {}\n", what);
  return status;
}

std::string read_file(std::string_view option, const std::string& path, std::string& text,
                      std::size_t bytes_max) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return fmt::format("{} {}: {}.", option, path, std::strerror(errno));
  }
  std::istream& input = path == "-" ? std::cin : file;
  std::vector<char> chunk(64 * 1024);
  while (input.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), input.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(input.gcount()));
    if (text.size() > bytes_max) {
      return fmt::format("{} {}: there are more than {} bytes.", option, path, bytes_max);
    }
  }
  return input.bad() ? fmt::format("{} {}: {}.", option, path, std::strerror(errno))
                     : std::string();
}

std::string json_text(std::string_view text) {
  std::string json;
  protocol::append_json_string(json, text);
  return json;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  text_ += text_.empty() ? '{' : ',';
  protocol::append_json_string(text_, name);
  text_ += ':';
  text_ += json;
  return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  return raw(name, json_text(value));
}

JsonObject& JsonObject::number(std::string_view name, std::optional<std::int64_t> value) {
  return value ? raw(name, fmt::to_string(*value)) : *this;
}

}  // namespace signalbox
