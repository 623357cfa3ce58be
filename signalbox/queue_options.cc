#include "signalbox/queue_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace signalbox {
namespace {

constexpr std::string_view help_text =
    R"(Looks after queues: what is in them, and what to do with it.

  signalbox queue ls [QUEUE]
  signalbox queue peek QUEUE [--state visible|in_flight|delayed] [--limit N|--all]
  signalbox queue send QUEUE BODY|-|--file FILE [--group G] [--dedup ID] [--delay S]
                       [--attribute NAME[:TYPE]=VALUE]...
  signalbox queue receive QUEUE [--max N] [--wait S] [--delete]
  signalbox queue redrive QUEUE [--to QUEUE] [--rate N] [--wait] | --cancel
  signalbox queue purge QUEUE [--yes]
  signalbox queue edit QUEUE MESSAGE_ID [--body TEXT|--file FILE] [--send-to QUEUE] [--force]
  signalbox queue discard QUEUE MESSAGE_ID [--force]

  ls        counts of messages, and where the dead letters go
  peek      shows messages without receiving them: nothing is counted, nothing is hidden
  send      sends one; BODY - or --file - reads standard input; a Binary VALUE is base64
  receive   receives as a consumer does; --delete deletes what it has printed
  redrive   starts to move the messages of a dead-letter queue back to where they came from, or to
            --to QUEUE, at --rate messages a second; --wait stays until that is done
  purge     deletes all messages, after a question on a terminal or with --yes
  edit      gives a message another body, from $VISUAL or $EDITOR unless --body or --file has it;
            with --send-to sends it to that queue, as a new message, instead of leaving it
  discard   deletes one message; the broker's log keeps its id, digest and size
  --force   takes a message that a consumer has in flight

  --json             prints one line of JSON for each queue or message
  --endpoint-url URL where the broker is ($AWS_ENDPOINT_URL, or http://127.0.0.1:4566)
  --region REGION    ($AWS_REGION, $AWS_DEFAULT_REGION, or the broker's own)
  --account ACCOUNT  ($AWS_ACCESS_KEY_ID, if it has 12 digits, or the broker's own)

Exits with 0 when that was done, with 1 when the broker refused it or cannot be reached, and with 2
when it was not asked properly.
)";

constexpr std::string_view hint = "Try signalbox queue --help.";

struct Verb {
  std::string_view name;
  QueueVerb verb;
  std::vector<std::string_view> arguments;  // what comes after it, in order
  std::vector<std::string_view> options;    // beside the common ones
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all{
      {"ls", QueueVerb::ls, {}, {"--json"}},
      {"peek", QueueVerb::peek, {"QUEUE"}, {"--state", "--limit", "--all", "--json"}},
      {"send",
       QueueVerb::send,
       {"QUEUE"},
       {"--file", "--group", "--dedup", "--delay", "--attribute", "--json"}},
      {"receive", QueueVerb::receive, {"QUEUE"}, {"--max", "--wait", "--delete", "--json"}},
      {"redrive", QueueVerb::redrive, {"QUEUE"}, {"--to", "--rate", "--wait", "--cancel"}},
      {"purge", QueueVerb::purge, {"QUEUE"}, {"--yes"}},
      {"edit",
       QueueVerb::edit,
       {"QUEUE", "MESSAGE_ID"},
       {"--body", "--file", "--send-to", "--force", "--json"}},
      {"discard", QueueVerb::discard, {"QUEUE", "MESSAGE_ID"}, {"--force", "--json"}},
  };
  return all;
}

constexpr std::size_t limit_default = 10;

// NAME=VALUE or NAME:TYPE=VALUE
std::string read_attribute(const std::string& value, QueueOptions& options) {
  const auto equals = value.find('=');
  SentAttribute attribute;
  attribute.name = value.substr(0, equals);
  if (const auto colon = attribute.name.find(':'); colon != std::string::npos) {
    attribute.type = attribute.name.substr(colon + 1);
    attribute.name.resize(colon);
  }
  if (equals == std::string::npos || attribute.name.empty() || attribute.type.empty()) {
    return fmt::format("--attribute {}: give NAME=VALUE or NAME:TYPE=VALUE.", value);
  }
  attribute.value = value.substr(equals + 1);
  options.attributes.push_back(std::move(attribute));
  return {};
}

// Options without a value; false: it is none of them.
bool set_flag(std::string_view name, QueueOptions& options) {
  const std::array flags{std::pair{std::string_view("--json"), &QueueOptions::json},
                         std::pair{std::string_view("--delete"), &QueueOptions::deletes},
                         std::pair{std::string_view("--yes"), &QueueOptions::is_confirmed},
                         std::pair{std::string_view("--force"), &QueueOptions::force},
                         std::pair{std::string_view("--cancel"), &QueueOptions::cancels}};
  for (const auto& [flag, member] : flags) {
    if (flag != name) continue;
    options.*member = true;
    return true;
  }
  if (name == "--all") return options.limit.reset(), true;
  if (name == "--wait" && options.verb == QueueVerb::redrive) {
    return options.is_waiting = true;
  }
  return false;
}

// Empty when the value is good.
std::string set_option(std::string_view name, const std::string& value, QueueOptions& options) {
  const auto number = [&](std::int64_t least, std::int64_t most, auto& target) {
    std::int64_t read = 0;
    auto problem = read_whole_number(name, value, least, most, read);
    if (problem.empty()) target = read;
    return problem;
  };
  if (name == "--limit") return number(1, 1'000'000'000, options.limit);
  if (name == "--delay") return number(0, 900, options.delay_s);
  if (name == "--max") return number(1, 10, options.max);
  if (name == "--wait") return number(0, 20, options.wait_s);
  if (name == "--rate") return number(1, 500, options.rate);
  if (name == "--attribute") return read_attribute(value, options);
  if (name == "--state") {
    options.state = value;
    const bool is_state = value == "visible" || value == "in_flight" || value == "delayed";
    return is_state ? "" : fmt::format("--state {}: give visible, in_flight or delayed.", value);
  }
  if (name == "--file") return options.file = value, "";
  if (name == "--body") return options.body = value, "";
  if (name == "--group") return options.group = value, "";
  if (name == "--dedup") return options.deduplication_id = value, "";
  if (name == "--to") return options.to = value, "";
  if (name == "--send-to") return options.send_to = value, "";
  return fmt::format("there is no option {}. {}", name, hint);
}

// The arguments that are no options, in order.
std::string set_words(const Verb& verb, const std::vector<std::string>& words,
                      QueueOptions& options) {
  const std::array targets{&options.queue,
                           verb.verb == QueueVerb::send ? &options.body : &options.message_id};
  const std::size_t most = verb.verb == QueueVerb::ls     ? 1
                           : verb.verb == QueueVerb::send ? 2
                                                          : verb.arguments.size();
  if (words.size() < verb.arguments.size()) {
    return fmt::format("{} needs a {}. {}", verb.name, verb.arguments[words.size()], hint);
  }
  if (words.size() > most) {
    return fmt::format("{} does not know what to do with {}. {}", verb.name, words[most], hint);
  }
  for (std::size_t i = 0; i < words.size(); ++i) *targets[i] = words[i];
  return {};
}

std::string check(QueueOptions& options) {
  if (options.verb == QueueVerb::send && options.body == "-") {
    options.body.reset();
    options.file = "-";
  }
  if (options.verb == QueueVerb::send && options.body.has_value() == options.file.has_value()) {
    return "send needs one body: as an argument, - for standard input, or --file FILE.";
  }
  if (options.body && options.file) return "give either --body or --file.";
  if (options.cancels && (options.to || options.rate || options.is_waiting)) {
    return "--cancel goes with nothing else.";
  }
  return {};
}

std::string read_words(const std::vector<std::string>& arguments, const Verb& verb,
                       QueueOptions& options) {
  const CommandSyntax syntax{verb.name, verb.options, hint,
                             [&](std::string_view name) { return set_flag(name, options); },
                             [&](std::string_view name, std::string value) {
                               return set_option(name, std::move(value), options);
                             }};
  std::vector<std::string> words;
  auto problem = read_arguments(arguments, syntax, options, words);
  if (!problem.empty()) return problem;
  return set_words(verb, words, options);
}

}  // namespace

std::string_view queue_help() { return help_text; }

QueueArguments parse_queue_arguments(const std::vector<std::string>& arguments,
                                     Environment environment) {
  QueueArguments parsed;
  QueueOptions& options = parsed.options;
  options.help = asks_help(arguments);
  if (options.help) return parsed;
  const Verb* const verb = find_verb(verbs(), arguments.front());
  if (verb == nullptr) {
    parsed.error = fmt::format("there is no command queue {}. {}", arguments.front(), hint);
    return parsed;
  }
  options.verb = verb->verb;
  options.limit = limit_default;
  read_broker_environment(environment, options);
  parsed.error = read_words(arguments, *verb, options);
  if (parsed.error.empty()) parsed.error = check(options);
  return parsed;
}

}  // namespace signalbox
