// The command line of `signalbox events`, and how it reads and shows events.
#include "signalbox/events_options.h"

#include <catch2/catch.hpp>

#include "signalbox/events_text.h"

using namespace signalbox;

namespace {

std::optional<std::string> no_environment(std::string_view) { return std::nullopt; }

EventsArguments parse(std::vector<std::string> arguments) {
  return parse_events_arguments(arguments, no_environment);
}

bool complains(std::vector<std::string> arguments, std::string_view part) {
  return parse(std::move(arguments)).error.find(part) != std::string::npos;
}

// What a line of a file becomes, or what is wrong with it.
std::string entry_of(std::string_view line, const std::optional<std::string>& bus = {}) {
  std::string entry;
  const auto problem = read_entry_line(line, bus, entry);
  return problem.empty() ? entry : problem;
}

constexpr std::string_view event =
    R"({"version":"0","id":"i","detail-type":"t","source":"s","account":"1","time":"T",)"
    R"("region":"r","resources":["a"],"detail":{"n":1.0,"big":12345678901234567890123}})";

}  // namespace

TEST_CASE("each command of events takes its own options", "[events]") {
  const auto put = parse({"put", "--bus", "b", "--source=s", "--detail-type", "t", "--detail", "{}",
                          "--resource", "a", "--resource", "b", "--time", "5", "--count", "3"});
  REQUIRE(put.error.empty());
  CHECK(put.options.verb == EventsVerb::put);
  CHECK(put.options.bus == "b");
  CHECK(put.options.source == "s");
  CHECK(put.options.resources == std::vector<std::string>{"a", "b"});
  CHECK(put.options.count == 3);
  CHECK(parse({"put", "-"}).options.file == "-");
  CHECK(parse({"put", "--source", "s", "--detail-type", "t", "-"}).error.empty());

  const auto tail = parse({"tail", "--from", "start", "--to", "1.2.3", "--once", "--text"});
  REQUIRE(tail.error.empty());
  CHECK(tail.options.is_once);
  CHECK(tail.options.output == EventsOutput::text);
  CHECK(parse({"tail"}).options.output == EventsOutput::automatic);

  const auto replay = parse({"replay", "--archive", "a", "--from", "1h", "--rule", "r"});
  REQUIRE(replay.error.empty());
  CHECK(replay.options.rules == std::vector<std::string>{"r"});
  CHECK(parse({"replay", "--cancel", "r"}).options.cancels == "r");
  CHECK(parse({"replay", "--from", "start", "--dry-run"}).options.is_dry_run);
}

TEST_CASE("what is wrong with an events command is said", "[events]") {
  CHECK(complains({"frobnicate"}, "no command events frobnicate"));
  CHECK(complains({"tail", "orders"}, "tail does not know what to do with orders"));
  CHECK(complains({"tail", "-"}, "what to do with -"));
  CHECK(complains({"tail", "--source", "s"}, "tail has no option --source"));
  CHECK(complains({"tail", "--bus"}, "--bus needs a value"));
  CHECK(complains({"tail", "--bus", ""}, "--bus is empty"));
  CHECK(complains({"tail", "--from", "then"}, "--from then: give start, now, a time"));
  CHECK(complains({"tail", "--to", "1.2.3.4"}, "--to 1.2.3.4"));
  CHECK(complains({"tail", "--pattern", "{}", "--pattern-file", "f"}, "either --pattern"));
  CHECK(complains({"tail", "--account", "12"}, "12 digits"));
  CHECK(complains({"put"}, "put needs an event"));
  CHECK(complains({"put", "--detail", "{}"}, "--source and --detail-type"));
  CHECK(complains({"put", "--source", "s"}, "--detail-type too"));
  CHECK(complains({"put", "--detail-type", "t"}, "--source too"));
  CHECK(complains({"put", "--source", "s", "--detail-type", "t", "--detail", "{}", "--file", "f"},
                  "either --detail or --file"));
  CHECK(complains({"put", "--file", "f", "--count", "2"}, "--count goes with --source"));
  CHECK(complains({"put", "--source", "s", "--detail-type", "t", "--count", "0"}, "--count 0"));
  CHECK(complains({"put", "--source", "s", "--detail-type", "t", "--time", "now"}, "--time now"));
  CHECK(complains({"replay"}, "replay needs --from"));
  CHECK(complains({"replay", "--archive", "a", "--from", "start"}, "--from start: give a time"));
  CHECK(complains({"replay", "--archive", "a", "--from", "1.2.3"}, "--from 1.2.3: give a time"));
  CHECK(complains({"replay", "--archive", "a", "--from", "1h", "--pattern", "{}"}, "--rule"));
  CHECK(complains({"replay", "--archive", "a", "--from", "1h", "--bus", "b"}, "its own bus"));
  CHECK(complains({"replay", "--archive", "a", "--from", "1h", "--dry-run"}, "--dry-run goes"));
  CHECK(complains({"replay", "--from", "1h", "--rule", "r"}, "--rule goes with --archive"));
  CHECK(complains({"replay", "--from", "1h", "--name", "n"}, "--name goes with --archive"));
  CHECK(complains({"replay", "--cancel", "n", "--from", "1h"}, "--cancel NAME goes with nothing"));
  CHECK(parse({}).options.help);
  CHECK(parse({"tail", "--help"}).options.help);
}

TEST_CASE("a place is a word, a time, a position or an age", "[events]") {
  const std::int64_t now_ms = 1'000'000'500;
  for (const char* same : {"start", "now", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+01:00",
                           "0", "1767323045.678", "3.1.17"}) {
    CHECK(log_place_of(same, now_ms) == same);
  }
  CHECK(log_place_of("30s", now_ms) == "999970.500");
  CHECK(log_place_of("2m", now_ms) == "999880.500");
  CHECK(log_place_of("1h", now_ms) == "996400.500");
  CHECK(log_place_of("1d", now_ms) == "913600.500");
  CHECK(log_place_of("99d", now_ms) == "0.000");
  for (const char* bad : {"", "then", "h", "-5", "-5m", "1.5h", "1.2.3.4", ".5", "5.", "5w",
                          "99999999999999999999d", "2026-13-01T00:00:00Z"}) {
    INFO(bad);
    CHECK_FALSE(log_place_of(bad, now_ms));
  }
}

TEST_CASE("a line is an entry or an event, and stays as it is written", "[events]") {
  CHECK(entry_of(R"({"Source":"s","DetailType":"t","Detail":"{}"})") ==
        R"({"Source":"s","DetailType":"t","Detail":"{}"})");
  CHECK(entry_of(R"({"Source":"s","Detail":{"a": 1.0} , "Time":5})", "b") ==
        R"({"EventBusName":"b","Source":"s","Detail":"{\"a\": 1.0}","Time":5})");
  CHECK(entry_of(R"({"EventBusName":"own"})", "b") == R"({"EventBusName":"own"})");
  const std::string entry =
      R"({"EventBusName":"b","Source":"s","DetailType":"t","Resources":["a"],"Time":"T",)"
      R"("Detail":"{\"n\":1.0,\"big\":12345678901234567890123}"})";
  CHECK(entry_of(event, "b") == entry);
  CHECK(entry_of_event(event, "b") == entry);
}

TEST_CASE("what is wrong with a line is said", "[events]") {
  for (const char* bad : {"", "x", "[]", "5", R"("text")", R"({"Source":"s"} x)", R"({"Source":)",
                          R"({"Source":tru})", R"({"Source":[1,}]})", "{\"Source\":\"\xff\"}"}) {
    INFO(bad);
    CHECK(entry_of(bad).find("not a JSON object") != std::string::npos);
  }
  CHECK(entry_of(R"({"source":"s"})").find("no member source: it has Source, ") !=
        std::string::npos);
}

TEST_CASE("an event is shown on one line that cannot steer the terminal", "[events]") {
  CHECK(event_line(event, false) == "T  s  t  i  {\"n\":1.0,\"big\":12345678901234567890123}\n");
  CHECK(event_line(event, true).starts_with("\033[2mT\033[0m  \033[36ms\033[0m  \033[1mt\033[0m"));
  const auto line = event_line(
      R"({"source":"a\u001b[1m\nb","detail":{"x":")" + std::string(200, 'y') + R"("}})", false);
  CHECK(line.find("a?[1m b") != std::string::npos);
  CHECK(line.ends_with("yyy…\n"));
  CHECK(event_line("no event", false) == "no event\n");
}
