"""Signalbox and event-ruler over the same rules and events, in turns; bench/compare-rules calls it.

Both are started, add the rules, count and hash the matches, warm up and wait; then one timed pass
of ours, one of theirs, and so on. The median counts. Different matches fail the run.
"""

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import rules_report
from rules_scenarios import SCENARIOS, THREADS_SCENARIO

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
QUICK_RULES_MAX = 10000
QUICK_CHECK_COUNT = 1000
# The JVM compiles what it runs: event-ruler with 1,000 rules reached a third of its speed after
# 2.2 s and all of it after 5 to 8 s (2 cores of a Xeon).
WARM_UP_SECONDS = 10
QUICK_WARM_UP_SECONDS = 5
OURS, THEIRS = "signalbox", "event-ruler"


class Failure(Exception):
    """Said to the person who runs this; nothing else need be."""


class Progress:
    """A line that is written over, on a terminal only."""

    def __init__(self):
        self.is_shown = sys.stderr.isatty()

    def show(self, text):
        if self.is_shown:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self):
        self.show("")


# ---- what is measured ----

class Contender:
    """A program that makes a timed pass for each line it is sent."""

    def __init__(self, name, command):
        self.name = name
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        status = self.process.wait()
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace").strip()
        raise Failure(f"{self.name} ended with status {status}:\n{text}")

    def pass_once(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()["events_per_s"]

    def finish(self):
        self.process.stdin.close()
        result = self.answer()
        self.process.wait()
        return result

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.errors.close()


def binary_path():
    return os.environ.get("SIGNALBOX") or str(ROOT / "build" / "release" / "signalbox")


def our_command(scenario, options, check_count, *more):
    workload = options.work / "workload"
    return [binary_path(), "bench", "match", "--rules", workload / scenario.rules_file,
            "--events", workload / scenario.events_file, "--count", scenario.rule_count,
            "--check-events", check_count, "--seconds", options.seconds, *more]


def their_command(scenario, options, check_count):
    workload = options.work / "workload"
    return ["java", "-XX:+UseSerialGC", f"-Xmx{options.java_heap}", "-cp",
            f"{options.work / 'classes'}{os.pathsep}{options.work / 'jars'}/*", "RulerBench",
            workload / scenario.rules_file, workload / scenario.events_file, scenario.rule_count,
            check_count, options.seconds,
            QUICK_WARM_UP_SECONDS if options.quick else WARM_UP_SECONDS]


def check_count_of(scenario, options):
    """Of how many events the matches are compared: all, or what the slower side can do."""
    if options.check_events:
        return options.check_events
    count = scenario.check_count or scenario.event_count
    return min(count, QUICK_CHECK_COUNT) if options.quick else count


def measure(scenario, options, progress):
    """The results of both, by name."""
    check_count = check_count_of(scenario, options)
    commands = {OURS: our_command(scenario, options, check_count, "--paced")}
    if options.java:
        commands[THEIRS] = their_command(scenario, options, check_count)
    with contextlib.ExitStack() as stack:
        contenders = []
        for name, command in commands.items():
            progress.show(f"{scenario.name}: {name} adds the rules, checks, warms up")
            contenders.append(Contender(name, command))
            stack.callback(contenders[-1].close)
            contenders[-1].answer()  # one after the other: neither disturbs the other
        for i in range(options.passes):
            for contender in contenders:
                progress.show(f"{scenario.name}: pass {i + 1} of {options.passes}, "
                              f"{contender.name}")
                contender.pass_once()
        progress.show(f"{scenario.name}: single changes")
        results = {contender.name: contender.finish() for contender in contenders}
    progress.clear()
    return results


def measure_threads(options, progress):
    scenario = THREADS_SCENARIO
    progress.show(f"{scenario.name}: two threads")
    command = our_command(scenario, options, min(scenario.event_count, QUICK_CHECK_COUNT),
                          "--threads", 2, "--passes", options.passes)
    contender = Contender(OURS, command)
    try:
        return contender.finish()
    finally:
        contender.close()
        progress.clear()


def disagreement(results):
    """Empty when both match the same rules with the same events."""
    if THEIRS not in results:
        return ""
    parts = [f"{name} {ours} and {theirs}" for name in ("rules", "checked_events", "matches",
                                                        "max_matches", "hash")
             if (ours := results[OURS][name]) != (theirs := results[THEIRS][name])]
    return ", ".join(parts)


# ---- what it takes ----

def digest_of(*paths):
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


@contextlib.contextmanager
def made_once(directory, digest):
    """Gives whether the directory has to be made; it counts as made when the block ends well."""
    stamp = directory / "made-from"
    is_made = stamp.exists() and stamp.read_text() == digest
    if not is_made:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    yield not is_made
    stamp.write_text(digest)


def make_workload(options, progress):
    sources = (HERE / "workload").glob("*.py")
    with made_once(options.work / "workload", digest_of(*sources)) as is_missing:
        if is_missing:
            progress.show("writing the rules and events")
            subprocess.run([sys.executable, "-B", HERE / "workload" / "gen_workload.py",
                            options.work / "workload"], check=True, stdout=subprocess.DEVNULL)


def run_tool(command, advice):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              check=False)
    except FileNotFoundError as missing:
        raise Failure(f"{command[0]} is missing. script/bootstrap --bench-java installs "
                      f"openjdk-17-jdk-headless and maven; --no-java does without.") from missing
    if done.returncode != 0:
        raise Failure(f"{done.stdout}{done.stderr}\n{command[0]} failed (above). {advice}")


def make_java(options, progress):
    pom = HERE / "ruler" / "pom.xml"
    jars = options.work / "jars"
    with made_once(jars, digest_of(pom)) as is_missing:
        if is_missing:
            progress.show("fetching event-ruler")
            run_tool(["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies",
                      f"-DoutputDirectory={jars}"],
                     "It needs Maven Central, or a mirror in ~/.m2/settings.xml; --no-java does "
                     "without.")
    source = HERE / "ruler" / "RulerBench.java"
    classes = options.work / "classes"
    with made_once(classes, digest_of(source, pom)) as is_missing:
        if is_missing:
            progress.show("compiling RulerBench.java")
            run_tool(["javac", "-d", classes, "-cp", f"{jars}/*", source], "It needs Java 17.")


# ---- the command ----

def chosen(options):
    """The scenarios to run: --only takes commerce, commerce:1000, 'city_*'."""
    scenarios = [s for s in SCENARIOS if not options.quick or s.rule_count <= QUICK_RULES_MAX]
    if not options.only:
        return scenarios
    for wish in options.only:
        if not any(s.answers_to(wish) for s in SCENARIOS):
            raise Failure(f"--only {wish}: there is no such scenario; there are "
                          f"{', '.join(s.name for s in SCENARIOS)}")
    return [s for s in SCENARIOS if any(s.answers_to(wish) for wish in options.only)]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/compare-rules", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__, epilog="scenarios: " + ", ".join(s.name for s in SCENARIOS))
    parser.add_argument("--quick", action="store_true",
                        help="short passes, few checked events, no more than 10,000 rules")
    parser.add_argument("--only", action="append", metavar="SCENARIO",
                        help="commerce, commerce:1000, 'city_*'; may be given more than once")
    parser.add_argument("--no-java", dest="java", action="store_false",
                        help="Signalbox alone: no event-ruler, no Maven, nothing compared")
    parser.add_argument("--seconds", type=float, help="of one timed pass (1; with --quick 0.2)")
    parser.add_argument("--passes", type=int, help="of each (5; with --quick 3)")
    parser.add_argument("--check-events", type=int, metavar="N",
                        help="compares the matches of the first N events only (all of them, but "
                             "where event-ruler takes long: see the table)")
    parser.add_argument("--java-heap", default="6g", metavar="SIZE", help="of event-ruler (6g)")
    parser.add_argument("--output", type=pathlib.Path, metavar="DIRECTORY",
                        help="where rules-benchmark.md, .svg and .json go (a full run: docs/, "
                             "without the .json)")
    parser.add_argument("--work", type=pathlib.Path, metavar="DIRECTORY",
                        default=ROOT / "build" / "compare-rules",
                        help="for workload, event-ruler and classes (build/compare-rules)")
    options = parser.parse_args(arguments)
    # Maven takes a relative path as one from its pom.
    options.work = options.work.resolve()
    options.seconds = options.seconds or (0.2 if options.quick else 1)
    options.passes = options.passes or (3 if options.quick else 5)
    options.is_full = options.java and not (options.quick or options.only)
    return options


def run(options, arguments):
    progress = Progress()
    scenarios = chosen(options)
    started = time.monotonic()
    make_workload(options, progress)
    if options.java:
        make_java(options, progress)
    progress.clear()
    report = rules_report.Report(
        command=" ".join(["bench/compare-rules", *arguments]), binary=binary_path(),
        date=datetime.date.today(), has_theirs=options.java, seconds=options.seconds,
        passes=options.passes)
    print(report.terminal_head(), flush=True)
    for scenario in scenarios:
        results = measure(scenario, options, progress)
        problem = disagreement(results)
        report.add(scenario, results[OURS], results.get(THEIRS), problem)
        print(report.terminal_row(), flush=True)
        if problem:
            print(f"  DIFFERENT MATCHES, Signalbox and event-ruler: {problem}", flush=True)
    if THREADS_SCENARIO in scenarios:
        report.threads = measure_threads(options, progress)
    print(report.terminal_tail(time.monotonic() - started))
    output = options.output or (ROOT / "docs" if options.is_full else None)
    if report.has_problems:
        print("FAILED: the two match different rules; nothing was written.")
        return 1
    if output is None:
        print("Not a full run: nothing was written (--output DIRECTORY does).")
        return 0
    output.mkdir(parents=True, exist_ok=True)
    report.write(output, with_json=options.output is not None)
    print(f"Written: {output / 'rules-benchmark.md'} and .svg")
    return 0


def main():
    arguments = sys.argv[1:]
    options = parse_arguments(arguments)
    try:
        return run(options, arguments)
    except Failure as failure:
        print(f"bench/compare-rules: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
