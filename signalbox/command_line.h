// What the commands that ask a running broker share: the options that say which, small pieces of
// input and output.
#pragma once

#include <cstdint>
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

// What is wrong with an option's value, or empty.
std::string read_whole_number(std::string_view name, const std::string& value, std::int64_t least,
                              std::int64_t most, std::int64_t& number);

// Tells standard error; returns the status.
int complain(std::string_view what, int status = status_refused);

// A file's contents, or with - standard input's. What is wrong, or empty.
std::string read_file(std::string_view option, const std::string& path, std::string& text);

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
