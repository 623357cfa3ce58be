"""What bench/compare-rules measures, and what each figure has to be."""

import dataclasses
import fnmatch

COMMERCE_EVENT_COUNT = 20000
CITY_EVENT_COUNT = 50000
ITEMS_EVENT_COUNT = 5000
# The events whose matches are compared where event-ruler takes some 17 ms for each.
SLOW_CHECK_COUNT = 1000


@dataclasses.dataclass(frozen=True)
class Scenario:
    rules: str  # the file's name without .rules.jsonl
    events: str
    rule_count: int
    ratio_target: float | None = None  # to event-ruler's events/s
    check_count: int | None = None  # all events when not given

    @property
    def name(self):
        return f"{self.rules}:{self.rule_count}"

    @property
    def rules_file(self):
        return f"{self.rules}.rules.jsonl"

    @property
    def events_file(self):
        return f"{self.events}.events.jsonl"

    @property
    def event_count(self):
        counts = {"city": CITY_EVENT_COUNT, "items": ITEMS_EVENT_COUNT}
        return counts.get(self.events, COMMERCE_EVENT_COUNT)

    def answers_to(self, wish):
        return fnmatch.fnmatch(self.name, wish) or fnmatch.fnmatch(self.rules, wish)


# Five rules of one operator each.
CITY_OPERATORS = ["EXACT", "WILDCARD", "PREFIX", "PREFIX_EIC", "SUFFIX", "SUFFIX_EIC",
                  "EQUALS_IGNORE_CASE", "NUMERIC", "ANYTHING_BUT", "ANYTHING_BUT_IGNORE_CASE",
                  "ANYTHING_BUT_PREFIX", "ANYTHING_BUT_SUFFIX", "ANYTHING_BUT_WILDCARD"]


def city(name, rule_count, ratio_target=None):
    return Scenario(f"city_{name}", "city", rule_count, ratio_target)


SCENARIOS = [
    Scenario("commerce", "commerce", 1, 5),
    Scenario("commerce", "commerce", 10, 8),
    Scenario("commerce", "commerce", 100, 12),
    Scenario("commerce", "commerce", 1000, 40),
    Scenario("commerce", "commerce", 10000, 500),
    Scenario("commerce", "commerce", 100000, 3000, SLOW_CHECK_COUNT),
    Scenario("commerce_q", "commerce", 1),
    Scenario("commerce_q", "commerce", 100),
    Scenario("commerce_q", "commerce", 1000),
    Scenario("exact", "commerce", 10000),
    Scenario("exact", "commerce", 100000, 40),
    Scenario("wildcard", "commerce", 1000, 15),
    Scenario("wildcard_lit", "commerce", 1000, 10),
    Scenario("numeric", "commerce", 10000, 25),
    *(city(name, 5, 4) for name in CITY_OPERATORS),
    city("COMPLEX_ARRAYS", 5, 8),
    city("PARTIAL_COMBO", 60),
    city("COMBO", 70, 12),
    city("Q_COMBO", 30),
    Scenario("many_matches", "commerce", 1000),
    Scenario("weak", "weak", 10000, None, SLOW_CHECK_COUNT),
    Scenario("items", "items", 100),
    Scenario("items", "items", 1000, 4),
]
THREADS_SCENARIO = next(s for s in SCENARIOS if s.name == "commerce:1000")

# Of Signalbox alone.
SLOWDOWN_MAX = 4  # from 100 to 100,000 commerce rules
CITY_EVENTS_PER_S_MIN = 800_000
RULES_PER_S_MIN = 100_000
RULES_FOR_RATE_MIN = 1000  # fewer are added too quickly to tell
ADD_P99_US_MAX = 1000
BYTES_PER_RULE_MAX = 500
THREADS_SCALING_MIN = 1.7
