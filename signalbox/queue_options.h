// The command line of `signalbox queue`. Pure functions of the arguments and the environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/command_line.h"

namespace signalbox {

enum class QueueVerb : std::uint8_t {
  ls,
  peek,
  send,
  receive,
  redrive,
  purge,
  edit,
  discard,
};

struct SentAttribute {
  std::string name;
  std::string type = "String";
  std::string value;  // base64 for Binary
};

struct QueueOptions : BrokerOptions {
  QueueVerb verb = QueueVerb::ls;
  bool help = false;

  std::optional<std::string> queue;
  std::optional<std::string> message_id;  // edit, discard
  std::optional<std::string> body;        // send, edit
  std::optional<std::string> file;        // where the body is; - for standard input
  std::string state = "visible";
  std::optional<std::size_t> limit;  // none: all
  std::vector<SentAttribute> attributes;
  std::optional<std::string> group;
  std::optional<std::string> deduplication_id;
  std::optional<std::int64_t> delay_s;
  std::int64_t max = 1;
  std::int64_t wait_s = 0;
  std::optional<std::string> to;  // redrive
  std::optional<std::string> send_to;
  std::optional<std::int64_t> rate;
  bool is_waiting = false;  // redrive --wait
  bool cancels = false;
  bool deletes = false;
  bool json = false;
  bool is_confirmed = false;
  bool force = false;
};

struct QueueArguments {
  QueueOptions options;
  std::string error;
};

QueueArguments parse_queue_arguments(const std::vector<std::string>& arguments,
                                     Environment environment);
std::string_view queue_help();

}  // namespace signalbox
