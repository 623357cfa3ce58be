"""The figures of bench/compare-rules as a table on the terminal and as a page with a plot."""

import dataclasses
import json
import os
import pathlib
import platform
import subprocess

import rules_plot
import rules_scenarios as wanted
from bench import first_match

HERE = pathlib.Path(__file__).resolve().parent
SPREAD_MAX = 0.25


@dataclasses.dataclass
class Row:
    scenario: wanted.Scenario
    ours: dict
    theirs: dict | None
    problem: str

    @property
    def ratio(self):
        return self.ours["events_per_s"] / self.theirs["events_per_s"] if self.theirs else None

    @property
    def unsteady(self):
        """Says so when the passes of one side differ much: something else was running."""
        spreads = [side["fastest_pass"] / side["slowest_pass"] - 1
                   for side in (self.ours, self.theirs) if side]
        return f"(passes differ by {max(spreads):.0%})" if max(spreads) > SPREAD_MAX else ""

    @property
    def verdict(self):
        if self.problem:
            return "DIFFERENT MATCHES"
        if not self.theirs or not self.scenario.ratio_target:
            return ""
        return "met" if self.ratio >= self.scenario.ratio_target else "not met"


@dataclasses.dataclass
class Goal:
    text: str
    measured: str
    is_met: bool


def show_ratio(ratio):
    if ratio is None:
        return ""
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.1f}x"


def show_bytes(count):
    return f"{count / 1e6:,.0f} MB"


def table(head, rows):
    """Of a page; all but the first column to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


class Report:
    def __init__(self, command, binary, date, has_theirs, seconds, passes):
        self.command = command
        self.date = date
        self.has_theirs = has_theirs
        self.seconds = seconds
        self.passes = passes
        self.rows = []
        self.threads = None
        self.machine = describe_machine(binary, date, has_theirs)

    def add(self, scenario, ours, theirs, problem):
        self.rows.append(Row(scenario, ours, theirs, problem))

    @property
    def has_problems(self):
        return any(row.problem for row in self.rows)

    # ---- goals of Signalbox alone ----

    def row_of(self, name):
        return next((row for row in self.rows if row.scenario.name == name), None)

    def large_rows(self):
        """Those with enough rules to tell how fast they are added."""
        return [row for row in self.rows
                if row.scenario.rule_count >= wanted.RULES_FOR_RATE_MIN]

    def goals(self):
        goals = []
        few, most = self.row_of("commerce:100"), self.row_of("commerce:100000")
        if few and most:
            slowdown = few.ours["events_per_s"] / most.ours["events_per_s"]
            goals.append(Goal(f"from 100 to 100,000 commerce rules at most "
                              f"{wanted.SLOWDOWN_MAX}x slower", f"{slowdown:.1f}x",
                              slowdown <= wanted.SLOWDOWN_MAX))
        city = [row for row in self.rows if row.scenario.rules.startswith("city_")
                and row.scenario.ratio_target == 4]
        if city:
            slowest = min(city, key=lambda row: row.ours["events_per_s"])
            rate = slowest.ours["events_per_s"]
            goals.append(Goal(f"city, 5 rules of one operator: at least "
                              f"{wanted.CITY_EVENTS_PER_S_MIN:,} events/s",
                              f"{rate:,} ({slowest.scenario.rules})",
                              rate >= wanted.CITY_EVENTS_PER_S_MIN))
        large = self.large_rows()
        if large:
            slowest = min(large, key=lambda row: row.ours["rules_per_s"])
            rate = slowest.ours["rules_per_s"]
            goals.append(Goal(f"at least {wanted.RULES_PER_S_MIN:,} rules/s added in bulk",
                              f"{rate:,} ({slowest.scenario.name})",
                              rate >= wanted.RULES_PER_S_MIN))
        if most:
            p99_us, rule_bytes = most.ours["add_p99_us"], most.ours["bytes_per_rule"]
            goals.append(Goal("one rule added and visible, p99 at 100,000 commerce rules below "
                              f"{wanted.ADD_P99_US_MAX:,} us", f"{p99_us:,.0f} us",
                              p99_us < wanted.ADD_P99_US_MAX))
            goals.append(Goal(f"at most {wanted.BYTES_PER_RULE_MAX} bytes per rule at 100,000 "
                              "commerce rules", f"{rule_bytes:,}",
                              rule_bytes <= wanted.BYTES_PER_RULE_MAX))
        if self.threads:
            scaling = self.threads["scaling"]
            goals.append(Goal(f"two threads at least {wanted.THREADS_SCALING_MIN}x one "
                              f"({wanted.THREADS_SCENARIO.name})", f"{scaling:.2f}x",
                              scaling >= wanted.THREADS_SCALING_MIN))
        return goals

    def target_counts(self):
        verdicts = [row.verdict for row in self.rows] + [
            "met" if goal.is_met else "not met" for goal in self.goals()]
        return verdicts.count("met"), verdicts.count("not met")

    # ---- terminal ----

    def terminal_head(self):
        lines = [f"{name:<12} {value}" for name, value in self.machine]
        return "\n".join(lines + ["", f"{'scenario':<32} {'matches':>8} {'signalbox':>11} "
                                  f"{'us/event':>9} {'event-ruler':>11} {'ratio':>8} "
                                  f"{'target':>8}"])

    def terminal_row(self):
        row = self.rows[-1]
        target = show_ratio(row.scenario.ratio_target)
        theirs = f"{row.theirs['events_per_s']:,}" if row.theirs else ""
        matches = row.ours["matches"] / row.ours["checked_events"]
        return (f"{row.scenario.name:<32} {matches:>8.1f} {row.ours['events_per_s']:>11,} "
                f"{row.ours['us_per_event']:>9.2f} {theirs:>11} {show_ratio(row.ratio):>8} "
                f"{target:>8}  {row.verdict:<8} {row.unsteady}").rstrip()

    def terminal_tail(self, seconds):
        lines = []
        if self.large_rows():
            lines = ["", f"{'signalbox':<32} {'rules/s':>11} {'bytes/rule':>11} {'add p50':>9} "
                         f"{'add p99':>9} {'remove p99':>11} {'peak memory':>12}"]
        for row in self.large_rows():
            ours = row.ours
            lines.append(f"{row.scenario.name:<32} {ours['rules_per_s']:>11,} "
                         f"{ours['bytes_per_rule']:>11,} {ours['add_p50_us']:>6.0f} us "
                         f"{ours['add_p99_us']:>6.0f} us {ours['remove_p99_us']:>8.0f} us "
                         f"{show_bytes(ours['peak_rss_bytes']):>12}")
        lines.append("")
        for goal in self.goals():
            verdict = "met" if goal.is_met else "not met"
            lines.append(f"{verdict:<8} {goal.text}: {goal.measured}")
        met, missed = self.target_counts()
        lines.append(f"{met} targets met, {missed} not, in {seconds / 60:.0f} min")
        return "\n".join(lines)

    # ---- page ----

    def comparison_table(self):
        head = ["scenario", "rules", "matches per event", "Signalbox events/s", "us per event",
                "event-ruler events/s", "ratio", "target", ""]
        rows = []
        for row in self.rows:
            ours, scenario = row.ours, row.scenario
            rows.append([scenario.rules, f"{scenario.rule_count:,}",
                         f"{ours['matches'] / ours['checked_events']:,.1f}",
                         f"{ours['events_per_s']:,}", f"{ours['us_per_event']:.2f}",
                         f"{row.theirs['events_per_s']:,}" if row.theirs else "",
                         show_ratio(row.ratio), show_ratio(scenario.ratio_target),
                         row.verdict])
        return table(head, rows)

    def change_table(self):
        head = ["scenario", "rules", "rules/s in bulk", "event-ruler rules/s", "bytes per rule",
                "add p50", "add p99", "remove p99", "peak memory", "event-ruler peak memory"]
        rows = []
        for row in self.large_rows():
            ours, theirs = row.ours, row.theirs
            rows.append([row.scenario.rules, f"{row.scenario.rule_count:,}",
                         f"{ours['rules_per_s']:,}",
                         f"{theirs['rules_per_s']:,}" if theirs else "",
                         f"{ours['bytes_per_rule']:,}", f"{ours['add_p50_us']:,.0f} us",
                         f"{ours['add_p99_us']:,.0f} us", f"{ours['remove_p99_us']:,.0f} us",
                         show_bytes(ours["peak_rss_bytes"]),
                         show_bytes(theirs["peak_rss_bytes"]) if theirs else ""])
        return table(head, rows)

    def checked_sentence(self):
        if not self.has_theirs:
            return "event-ruler did not run."
        text = "Match totals and hashes of both are identical in every row"
        counts = {}
        for row in self.rows:
            if row.ours["checked_events"] < row.ours["events"]:
                counts.setdefault(row.ours["checked_events"], []).append(f"`{row.scenario.name}`")
        parts = [f"with {', '.join(names)} over the first {count:,}"
                 for count, names in counts.items()]
        return "; ".join([f"{text}, over all events", *parts]) + "."

    def page(self, has_plot):
        lines = ["# Rule matching, measured", "",
                 "One thread, from the bytes of an event to the ids of its rules. Signalbox and "
                 "event-ruler (the open-source matcher in Java) get the same files in the same "
                 f"run, a pass of {self.seconds:g} s each in turns, after both are warm (the JVM "
                 f"takes seconds); the figure is the median of {self.passes}.", ""]
        if has_plot:
            lines += ["![Events matched a second against the number of rules, Signalbox and "
                      "event-ruler](rules-benchmark.svg)", ""]
        lines += ["```sh", self.command, "```", "", *table(["", ""], self.machine), "",
                  "## Events a second", "", *self.comparison_table(), "",
                  self.checked_sentence(), "", *self.unsteady_sentence(),
                  "What the files hold: `bench/workload/gen_workload.py --help`. With "
                  "`many_matches` every rule matches every event; with `weak` all rules share "
                  "source and detail-type and most match: both measure giving ids out as much as "
                  "finding them.", "",
                  *self.change_section(),
                  "## Other targets", "",
                  *table(["target", "measured", ""],
                         [[goal.text, goal.measured, "met" if goal.is_met else "not met"]
                          for goal in self.goals()]), "",
                  "Written by `bench/compare-rules`; do not edit.", ""]
        return "\n".join(lines)

    def unsteady_sentence(self):
        names = [f"`{row.scenario.name}`" for row in self.rows if row.unsteady]
        return [f"Passes of one side differ by more than {SPREAD_MAX:.0%}, so read with care: "
                f"{', '.join(names)}.", ""] if names else []

    def change_section(self):
        if not self.large_rows():
            return []
        return ["## Adding and removing rules", "",
                "In bulk: compiling and adding one by one. Single changes: with all the rules "
                "there, one is removed and added again, each until a new snapshot shows it to "
                "readers. Peak memory is the whole process, with the files it read.", "",
                *self.change_table(), ""]

    def series(self):
        """Of the plot: (label, points), commerce only."""
        rows = [row for row in self.rows if row.scenario.rules == "commerce"]
        lines = [("Signalbox", [(r.scenario.rule_count, r.ours["events_per_s"]) for r in rows])]
        if self.has_theirs:
            lines.append(("event-ruler 2.0.1", [(r.scenario.rule_count, r.theirs["events_per_s"])
                                                for r in rows]))
        return lines if len(rows) > 1 else []

    def write(self, directory, with_json):
        series = self.series()
        if series:
            text = rules_plot.plot(series, self.date)
            (directory / "rules-benchmark.svg").write_text(text, encoding="utf-8")
        page = self.page(bool(series))
        (directory / "rules-benchmark.md").write_text(page, encoding="utf-8")
        if with_json:
            with open(directory / "rules-benchmark.json", "w", encoding="utf-8") as file:
                for row in self.rows:
                    file.write(json.dumps({"scenario": row.scenario.name, "signalbox": row.ours,
                                           "event-ruler": row.theirs}) + "\n")


def output_of(*command):
    try:
        return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              check=False).stdout
    except OSError:
        return ""


def describe_machine(binary, date, with_java):
    memory_gib = int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)")) / 1048576
    version = output_of(binary, "--version").strip()
    commit = output_of("git", "-C", HERE, "describe", "--always", "--dirty=, with changes").strip()
    version += f", commit {commit}" if commit else ""
    facts = [("date", date.isoformat()),
             ("cpu", f"{first_match('/proc/cpuinfo', r'^model name.*: (.*)$')}, "
                     f"{os.cpu_count()} cores"),
             ("memory", f"{memory_gib:.1f} GiB"),
             ("load before", f"{os.getloadavg()[0]:.2f}"),
             ("kernel", platform.release()),
             ("signalbox", version)]
    if with_java:
        facts.append(("java", output_of("java", "--version").splitlines()[1].strip()))
    return facts
