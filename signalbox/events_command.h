// `signalbox events`: puts events on a bus, prints them as they come, replays them. Speaks to a
// running broker over HTTP.
#pragma once

#include <string>
#include <vector>

namespace signalbox {

class BrokerClient;
struct EventsOptions;

// Prints, and returns the exit status.
int run_events(const std::vector<std::string>& arguments);

// One command each.
int run_events_ls(const EventsOptions& options, BrokerClient& client);
int run_events_put(const EventsOptions& options, BrokerClient& client);
int run_events_tail(const EventsOptions& options, BrokerClient& client);
int run_events_replay(const EventsOptions& options, BrokerClient& client);

}  // namespace signalbox
