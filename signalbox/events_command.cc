#include "signalbox/events_command.h"

#include <fmt/format.h>

#include "signalbox/broker_client.h"
#include "signalbox/events_options.h"

namespace signalbox {

int run_events(const std::vector<std::string>& arguments) {
  const auto parsed = parse_events_arguments(arguments, read_environment_variable);
  if (parsed.options.help) {
    fmt::print("{}", events_help());
    return status_done;
  }
  if (!parsed.error.empty()) return complain(parsed.error, status_bad_input);
  HttpAddress address;
  if (const auto problem = parse_http_url(parsed.options.endpoint_url, address); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  BrokerClient client(std::move(address), parsed.options);
  switch (parsed.options.verb) {
    case EventsVerb::ls: return run_events_ls(parsed.options, client);
    case EventsVerb::put: return run_events_put(parsed.options, client);
    case EventsVerb::tail: return run_events_tail(parsed.options, client);
    case EventsVerb::replay: return run_events_replay(parsed.options, client);
  }
  return status_bad_input;
}

}  // namespace signalbox
