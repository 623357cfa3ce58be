// What the commands that ask a running broker share: the options that say which, small pieces of
// input and output.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox {

// Exit statuses of commands.
constexpr int status_done = 0;
constexpr int status_refused = 1;  // by the broker, or it cannot be reached
constexpr int status_bad_input = 2;

// Where the broker is, and whose world is meant.
struct BrokerOptions {
  std::string endpoint_url = "http://127.0.0.1:4566";
  std::optional<std::string> account;  // none: the broker's own
  std::optional<std::string> region;
};

using Environment = std::optional<std::string> (*)(std::string_view name);
// The process's; a variable that is empty counts as none.
std::optional<std::string> read_environment_variable(std::string_view name);

// AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION and AWS_ACCESS_KEY_ID count.
void read_broker_environment(Environment environment, BrokerOptions& options);
// --endpoint-url, --region, --account. False: it is none of them.
bool set_broker_option(std::string_view name, const std::string& value, BrokerOptions& options);
bool is_broker_option(std::string_view name);

// What one command takes, as in: signalbox queue send.
struct CommandSyntax {
  std::string_view name;
  const std::vector<std::string_view>& options;  // beside the broker's
  std::string_view hint;                         // ends what is told of a word that is not known
  std::function<bool(std::string_view name)> set_flag;  // false: it is none without a value
  std::function<std::string(std::string_view name, std::string value)> set_option;
};

// The options after a command's name, as --name VALUE or --name=VALUE, and the words that are none;
// after -- all are words. What is wrong, or empty.
std::string read_arguments(const std::vector<std::string>& arguments, const CommandSyntax& syntax,
                           BrokerOptions& broker, std::vector<std::string>& words);

// Whether nothing else is asked for.
bool asks_help(const std::vector<std::string>& arguments);

template <class Verb>
const Verb* find_verb(const std::vector<Verb>& verbs, std::string_view name) {
  const auto at =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return at == verbs.end() ? nullptr : &*at;
}

// What is wrong with an option's value, or empty.
std::string read_whole_number(std::string_view name, const std::string& value, std::int64_t least,
                              std::int64_t most, std::int64_t& number);

// Tells standard error; returns the status.
int complain(std::string_view what, int status = status_refused);

// A file's contents, or with - standard input's. What is wrong, or empty.
std::string read_file(std::string_view option, const std::string& path, std::string& text,
                      std::size_t bytes_max = 64 * 1024 * 1024);

// As a JSON string, with its quotes.
std::string json_text(std::string_view text);

// A JSON object, member by member.
class JsonObject {
 public:
  JsonObject& raw(std::string_view name, std::string_view json);
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& text_if(std::string_view name, const std::optional<std::string>& value) {
    return value ? text(name, *value) : *this;
  }
  JsonObject& number(std::string_view name, std::optional<std::int64_t> value);
  std::string take() && { return text_.empty() ? "{}" : std::move(text_) + '}'; }

 private:
  std::string text_;
};

}  // namespace signalbox
