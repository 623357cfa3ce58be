// `signalbox events ls`: the buses of a world.
#include <fmt/format.h>

#include "signalbox/events_client.h"
#include "signalbox/events_command.h"
#include "signalbox/queue_text.h"

namespace signalbox {

namespace {

struct ListedBus {
  std::string name;
  std::size_t rule_count = 0;
  std::uint64_t kept_count = 0;
  std::uint64_t kept_bytes = 0;
};

// Calls use with each member of a list that comes in pages. What went wrong, or empty.
template <class Use>
std::string for_each_listed(BrokerClient& client, std::string_view target, std::string_view member,
                            const std::optional<std::string>& bus, Use&& use) {
  std::optional<std::string> token;
  do {
    JsonObject request;
    request.text_if("EventBusName", bus).text_if("NextToken", token);
    const auto reply = client.operation(target, std::move(request).take());
    if (!reply.problem.empty()) return reply.problem;
    simdjson::dom::array listed;
    if (reply.json[member].get(listed) != simdjson::SUCCESS) return {};
    for (const auto each : listed) use(each);
    token.reset();
    if (const auto next = reply.text("NextToken"); !next.empty()) token = next;
  } while (token);
  return {};
}

// Empty, or what went wrong; a bus that was deleted meanwhile keeps its zeros.
std::string look_at(BrokerClient& client, ListedBus& bus) {
  const auto page = read_events_page(client, {{"bus", bus.name}, {"from", "now"}});
  if (!page.problem.empty()) return page.is_away ? page.problem : std::string();
  bus.kept_count = page.kept_count;
  bus.kept_bytes = page.kept_bytes;
  for_each_listed(client, "AWSEvents.ListRules", "Rules", bus.name,
                  [&](simdjson::dom::element) { ++bus.rule_count; });
  return {};
}

}  // namespace

int run_events_ls(const EventsOptions& options, BrokerClient& client) {
  std::vector<ListedBus> buses;
  auto problem = for_each_listed(client, "AWSEvents.ListEventBuses", "EventBuses", {},
                                 [&](simdjson::dom::element bus) {
                                   buses.push_back({std::string(member_text(bus, "Name"))});
                                 });
  if (!problem.empty()) return complain(problem);
  std::vector<std::vector<std::string>> rows{{"BUS", "RULES", "EVENTS", "BYTES"}};
  for (auto& bus : buses) {
    if (problem = look_at(client, bus); !problem.empty()) return complain(problem);
    const auto text = [](auto number) { return fmt::to_string(number); };
    rows.push_back({bus.name, text(bus.rule_count), text(bus.kept_count), text(bus.kept_bytes)});
    if (options.output != EventsOutput::json) continue;
    JsonObject line;
    line.text("name", bus.name).raw("rules", rows.back()[1]);
    line.raw("events", rows.back()[2]).raw("bytes", rows.back()[3]);
    fmt::print("{}\n", std::move(line).take());
  }
  if (options.output != EventsOutput::json) fmt::print("{}", table_text(rows));
  return status_done;
}

}  // namespace signalbox
