// `signalbox events replay`: of an archive, by the broker; of a bus's log, by putting its events
// again.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "signalbox/events_client.h"
#include "signalbox/events_command.h"
#include "signalbox/events_text.h"
#include "signalbox/queue_text.h"

namespace signalbox {

namespace {

constexpr std::string_view page_limit = "500";
constexpr std::chrono::milliseconds follow_interval{250};

std::string time_json(const std::string& text) {
  const auto time = log_place_of(text, system_now_ms()).value_or("");
  const bool is_number = time.find_first_not_of("0123456789.") == std::string::npos;
  return is_number ? time : fmt::format("\"{}\"", time);
}

// A rule's ARN, from that or a name; bus_arn is its bus's.
std::string rule_arn(const std::string& rule, std::string_view bus_arn) {
  if (rule.starts_with("arn:")) return rule;
  constexpr std::string_view marker = ":event-bus/";
  const auto at = bus_arn.find(marker);
  const auto bus = bus_arn.substr(std::min(at + marker.size(), bus_arn.size()));
  return fmt::format("{}:rule/{}{}{}", bus_arn.substr(0, at), bus == "default" ? "" : bus,
                     bus == "default" ? "" : "/", rule);
}

std::string named(const std::string& name) {
  return std::move(JsonObject().text("ReplayName", name)).take();
}

// --- an archive ---------------------------------------------------------------------------------

// Waits for the end of the replay, over restarts of the broker too.
int follow(const EventsOptions& options, BrokerClient& client, const std::string& name) {
  Progress progress;
  bool is_away = false;
  while (true) {
    if (was_interrupted()) {
      progress.clear();
      complain(fmt::format("replay {0} goes on; `signalbox events replay --cancel {0}` stops it.",
                           name));
      return status_done;
    }
    const auto reply = client.operation("AWSEvents.DescribeReplay", named(name));
    if (!reply.problem.empty()) {
      progress.clear();
      if (!reply.is_away()) return complain(reply.problem);
      if (!std::exchange(is_away, true)) {
        complain(fmt::format("{} Trying again until it answers.", reply.problem));
      }
      std::this_thread::sleep_for(follow_interval);
      continue;
    }
    is_away = false;
    const auto state = reply.text("State");
    if (state == "STARTING" || state == "RUNNING" || state == "CANCELLING") {
      double last_s = 0;
      const bool has_last = reply.json["EventLastReplayedTime"].get(last_s) == simdjson::SUCCESS;
      progress.show(fmt::format(
          "replay {}: {}{}{}", name, state, has_last ? ", at " : "",
          has_last ? time_text(static_cast<std::int64_t>(last_s * 1000)) : std::string()));
      std::this_thread::sleep_for(follow_interval);
      continue;
    }
    progress.clear();
    if (options.output == EventsOutput::json) {
      fmt::print("{}\n", simdjson::minify(reply.json));
    } else if (state == "COMPLETED") {
      fmt::print("Replay {} is complete.\n", name);
    }
    if (state == "COMPLETED") return status_done;
    return complain(
        fmt::format("replay {} ended as {}. {}", name, state, reply.text("StateReason")));
  }
}

int replay_archive(const EventsOptions& options, BrokerClient& client) {
  const auto archive =
      client.operation("AWSEvents.DescribeArchive",
                       std::move(JsonObject().text("ArchiveName", *options.archive)).take());
  if (!archive.problem.empty()) return complain(archive.problem);
  const auto name = options.name.value_or(fmt::format("replay-{}", system_now_ms()));
  const auto bus_arn = archive.text("EventSourceArn");
  JsonObject destination;
  destination.text("Arn", bus_arn);
  if (!options.rules.empty()) {
    std::string arns;
    for (const auto& rule : options.rules) {
      arns += arns.empty() ? "[" : ",";
      arns += json_text(rule_arn(rule, bus_arn));
    }
    destination.raw("FilterArns", arns + ']');
  }
  JsonObject request;
  request.text("ReplayName", name).text("EventSourceArn", archive.text("ArchiveArn"));
  request.raw("EventStartTime", time_json(*options.from));
  request.raw("EventEndTime", time_json(options.to.value_or("0s")));
  request.raw("Destination", std::move(destination).take());
  watch_interrupts();
  const auto started = client.operation("AWSEvents.StartReplay", std::move(request).take());
  if (!started.problem.empty()) return complain(started.problem);
  return follow(options, client, name);
}

int cancel(const EventsOptions& options, BrokerClient& client) {
  const auto reply = client.operation("AWSEvents.CancelReplay", named(*options.cancels));
  if (!reply.problem.empty()) return complain(reply.problem);
  fmt::print("Replay {} is being cancelled.\n", *options.cancels);
  return status_done;
}

// --- the log of a bus ---------------------------------------------------------------------------

// One run over the log.
class LogReplay {
 public:
  LogReplay(const EventsOptions& options, BrokerClient& client)
      : options_(options),
        client_(client),
        printer_(options.output),
        putter_(client, [](std::string_view, std::string_view) {}) {}

  int run();

 private:
  // What it reads of: fixed, so that what it puts on the same bus does not come up again.
  std::string fix_places();
  bool take(const EventsPage& page);
  int end(int status);

  const EventsOptions& options_;
  BrokerClient& client_;
  EventPrinter printer_;
  EventPutter putter_;
  Progress progress_;
  BrokerClient::Parameters parameters_;
  std::string from_;    // read so far
  std::string resume_;  // what comes behind it may not have been put
  std::size_t found_count_ = 0;
};

std::string LogReplay::fix_places() {
  const auto now_ms = system_now_ms();
  from_ = log_place_of(*options_.from, now_ms).value_or("");
  const auto to = log_place_of(options_.to.value_or("now"), now_ms).value_or("");
  parameters_ = {{"bus", options_.bus.value_or("default")}};
  auto end = parameters_;
  end.emplace_back("from", to);
  end.emplace_back("to", to);
  auto page = read_events_page(client_, end);
  // A time ahead, which has no position yet: what comes from now on is not meant.
  if (std::count(page.next.begin(), page.next.end(), '.') < 2) {
    end = {{"bus", options_.bus.value_or("default")}, {"from", "now"}};
    page = read_events_page(client_, end);
  }
  parameters_.emplace_back("to", page.next);
  return page.problem;
}

bool LogReplay::take(const EventsPage& page) {
  const auto& bus = options_.to_bus ? options_.to_bus : options_.bus;
  for (const auto& event : page.events) {
    if (was_interrupted()) return true;
    ++found_count_;
    if (options_.is_dry_run) {
      printer_.print(event.json);
    } else if (!putter_.add(entry_of_event(event.json, bus),
                            fmt::format("the event at {}", event.position))) {
      return false;
    }
    progress_.show(options_.is_dry_run ? fmt::format("{} events", found_count_)
                                       : put_summary(putter_));
    from_ = event.position;
    if (putter_.is_settled()) resume_ = from_;
  }
  return true;
}

int LogReplay::end(int status) {
  progress_.clear();
  if (options_.is_dry_run) {
    complain(fmt::format("{} event{} would be put.", found_count_, found_count_ == 1 ? "" : "s"));
  } else {
    fmt::print("{}\n", put_summary(putter_));
  }
  if (status == status_done && !was_interrupted()) {
    return putter_.refused_count() > 0 ? status_refused : status_done;
  }
  return complain(fmt::format("not all was replayed: --from {} goes on.", resume_));
}

int LogReplay::run() {
  std::optional<std::string> pattern;
  auto problem = read_pattern(options_, pattern);
  if (!problem.empty()) return complain(problem, status_bad_input);
  problem = fix_places();
  if (problem.empty()) problem = check_bus(client_, options_.to_bus);
  if (!problem.empty()) return complain(problem);
  resume_ = from_;
  parameters_.emplace_back("limit", std::string(page_limit));
  if (pattern) parameters_.emplace_back("pattern", *pattern);
  bool has_more = true;
  while (has_more && !was_interrupted() && !printer_.is_closed()) {
    auto parameters = parameters_;
    parameters.emplace_back("from", from_);
    const auto page = read_events_page(client_, parameters);
    if (!page.problem.empty()) {
      complain(page.problem);
      return found_count_ > 0 ? end(status_refused) : status_refused;
    }
    if (page.has_gap) complain("some events had left the log before they were read.");
    if (!take(page) || !putter_.flush()) return end(status_refused);
    if (problem = printer_.flush(); !problem.empty()) return complain(problem);
    if (was_interrupted()) break;
    resume_ = from_ = page.next;
    has_more = page.has_more;
  }
  if (!putter_.flush()) return end(status_refused);
  resume_ = from_;
  return end(status_done);
}

}  // namespace

int run_events_replay(const EventsOptions& options, BrokerClient& client) {
  if (options.cancels) return cancel(options, client);
  if (options.archive) return replay_archive(options, client);
  watch_interrupts();
  return LogReplay(options, client).run();
}

}  // namespace signalbox
