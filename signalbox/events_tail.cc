// `signalbox events tail`: the events of a bus as they come.
#include <fmt/format.h>

#include <thread>

#include "signalbox/events_client.h"
#include "signalbox/events_command.h"

namespace signalbox {

namespace {

constexpr std::string_view page_limit = "1000";
// How long the broker waits for an event; between, a closed output is noticed.
constexpr std::chrono::seconds wait{2};
constexpr std::chrono::milliseconds retry_interval{200};

// One run of the command.
class Tail {
 public:
  Tail(const EventsOptions& options, BrokerClient& client)
      : options_(options), client_(client), printer_(options.output) {}

  int run();

 private:
  EventsPage read_page();
  // Whether it is worth asking again. Tells standard error once.
  bool is_away(const EventsPage& page);
  void note_return(const EventsPage& page);
  static void pause();

  const EventsOptions& options_;
  BrokerClient& client_;
  EventPrinter printer_;
  BrokerClient::Parameters fixed_;
  std::string from_;
  bool has_begun_ = false;  // there was a page
  bool is_away_ = false;    // the broker, and it was told
};

EventsPage Tail::read_page() {
  auto parameters = fixed_;
  parameters.emplace_back("from", from_);
  if (!options_.is_once) parameters.emplace_back("wait", fmt::to_string(wait.count()));
  exit_on_interrupt(true);
  auto page = was_interrupted() ? EventsPage{} : read_events_page(client_, parameters, wait);
  exit_on_interrupt(false);
  return page;
}

void Tail::pause() {
  exit_on_interrupt(true);
  std::this_thread::sleep_for(retry_interval);
  exit_on_interrupt(false);
}

bool Tail::is_away(const EventsPage& page) {
  if (!page.is_away || !has_begun_) return false;
  if (!std::exchange(is_away_, true)) {
    complain(fmt::format("{} Trying again until it answers.", page.problem));
  }
  return true;
}

void Tail::note_return(const EventsPage& page) {
  const bool was_away = std::exchange(is_away_, false);
  if (was_away) complain(fmt::format("{} answers again.", client_.endpoint_url()));
  if (page.has_gap) complain("some events had left the log before they were read.");
  has_begun_ = true;
}

int Tail::run() {
  std::optional<std::string> pattern;
  if (const auto problem = read_pattern(options_, pattern); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  const auto now_ms = system_now_ms();
  from_ = log_place_of(options_.from.value_or("now"), now_ms).value_or("");
  fixed_ = {{"bus", options_.bus.value_or("default")}, {"limit", std::string(page_limit)}};
  if (pattern) fixed_.emplace_back("pattern", *pattern);
  if (options_.to) fixed_.emplace_back("to", log_place_of(*options_.to, now_ms).value_or(""));
  while (!was_interrupted() && !printer_.is_closed()) {
    const auto page = read_page();
    if (was_interrupted()) break;
    if (!page.problem.empty()) {
      if (!is_away(page)) return complain(page.problem);
      pause();
      continue;
    }
    note_return(page);
    for (const auto& event : page.events) printer_.print(event.json);
    if (const auto problem = printer_.flush(); !problem.empty()) return complain(problem);
    from_ = page.next;
    if (page.is_end || (options_.is_once && !page.has_more)) break;
    // So many wait already that the broker lets nobody else wait.
    if (page.events.empty() && !page.has_more && page.took < retry_interval) pause();
  }
  return status_done;
}

}  // namespace

int run_events_tail(const EventsOptions& options, BrokerClient& client) {
  watch_interrupts();
  return Tail(options, client).run();
}

}  // namespace signalbox
