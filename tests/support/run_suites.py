#!/usr/bin/env python3
"""Runs the test suites that are built and adds them up; script/test calls it.

A folder of tests/ with *_test.cc files is the Catch2 program build/PRESET/tests/FOLDER_tests; a
folder with an executable file `run` is a script that gets the binary's path in $SIGNALBOX and ends
with the line `N passed, M failed`. A suite that crashes, hangs, was not built or ran nothing counts
as a failure: silence is never success.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

SCRIPT_SUMMARY = re.compile(r"(\d+) passed, (\d+) failed")
CATCH_ALL_PASSED = re.compile(r"All tests passed \(.* in (\d+) test cases?\)")
CATCH_SUMMARY = re.compile(r"test cases: +\d+ \|(.*)")
TIMEOUT_S = 900
TIMEOUT_LONG_S = 6 * 3600
TAIL_LINES = 80
# Variables of the tests themselves, not settings.
PASSED_ON = {"SIGNALBOX_TEST_DIR", "SIGNALBOX_LONG_TESTS"}


class Suite:
    def __init__(self, name, command, is_catch, preset):
        self.name = name if preset == "release" else f"{name} ({preset})"
        self.command = command
        self.is_catch = is_catch
        self.log_name = f"{preset}-{name}.log"


class Outcome:
    def __init__(self, passed, failed, problem=""):
        self.passed = passed
        self.failed = failed
        self.problem = problem


def discover(root, presets, names, long_form):
    """The suites to run, in the order of the folders' names: release first, scripts last."""
    folders = sorted(p for p in (root / "tests").iterdir() if p.is_dir())
    units, scripts = [], []
    for folder in folders:
        if names and folder.name not in names:
            continue
        if any(folder.glob("*_test.cc")):
            for preset in presets:
                program = root / "build" / preset / "tests" / f"{folder.name}_tests"
                units.append(Suite(folder.name, [program], True, preset))
        if os.access(folder / "run", os.X_OK):
            command = [folder / "run"]
            if long_form and folder.name in ("clients", "crash", "sdk"):
                command.append("--long")
            # A folder may hold both forms: the names must differ.
            name = f"{folder.name}/run" if any(folder.glob("*_test.cc")) else folder.name
            suite = Suite(name, command, False, presets[0])
            suite.log_name = suite.log_name.replace("/", "-")
            scripts.append(suite)
    found = {folder.name for folder in folders}
    unknown = [name for name in names if name not in found]
    if unknown:
        sys.exit(f"script/test: no such suite: {', '.join(unknown)} "
                 f"(there are {', '.join(sorted(found))})")
    return sorted(units, key=lambda s: presets.index(s.log_name.split("-")[0])) + scripts


def read_catch(text):
    """Counts test cases in the console reporter's last lines; None when there is no summary."""
    for line in reversed(text.splitlines()):
        match = CATCH_ALL_PASSED.match(line)
        if match:
            return int(match.group(1)), 0
        match = CATCH_SUMMARY.match(line)
        if match:
            counts = {"passed": 0, "failed": 0, "failed as expected": 0}
            for part in match.group(1).split("|"):
                number, _, word = part.strip().partition(" ")
                counts[word] = int(number)
            return counts["passed"] + counts["failed as expected"], counts["failed"]
        if line.startswith("No tests ran"):
            return 0, 0
    return None


def read_script(text):
    lines = text.rstrip().splitlines()
    match = SCRIPT_SUMMARY.fullmatch(lines[-1]) if lines else None
    return (int(match.group(1)), int(match.group(2))) if match else None


def judge(suite, text, status):
    """What a finished suite amounts to."""
    counts = read_catch(text) if suite.is_catch else read_script(text)
    how = f"was killed by signal {-status}" if status < 0 else f"exited with status {status}"
    if counts is None:
        return Outcome(0, 1, f"{how} without a summary")
    passed, failed = counts
    if passed + failed == 0:
        return Outcome(0, 1, "ran no tests")
    if failed == 0 and status != 0:
        return Outcome(passed, 1, f"{how} although no test failed")
    return Outcome(passed, failed)


def run(suite, log_path, environment, timeout_s):
    if not os.access(suite.command[0], os.X_OK):
        log_path.write_text(f"{suite.command[0]} was not built\n")
        return Outcome(0, 1, "was not built")
    with open(log_path, "wb") as log:
        # A group of its own, so that a hanging suite takes its servers with it.
        process = subprocess.Popen(suite.command, stdout=log, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=environment,
                                   start_new_session=True)
        try:
            status = process.wait(timeout=timeout_s)
        except BaseException as interruption:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(interruption, subprocess.TimeoutExpired):
                return Outcome(0, 1, f"did not end within {timeout_s} s")
            raise
    return judge(suite, log_path.read_text(errors="replace"), status)


def make_environment(root, presets):
    """Settings of the person's own shell must not reach the servers under test."""
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("SIGNALBOX") or k in PASSED_ON}
    environment["SIGNALBOX"] = str(root / "build" / presets[0] / "signalbox")
    environment["PATH"] = f"{root / '.venv' / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return environment


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--presets", nargs="+", default=["release"])
    parser.add_argument("--suites", nargs="*", default=[])
    parser.add_argument("--timeout-s", type=float)
    arguments = parser.parse_args()
    timeout_s = arguments.timeout_s or (TIMEOUT_LONG_S if arguments.long else TIMEOUT_S)

    suites = discover(arguments.root, arguments.presets, arguments.suites, arguments.long)
    logs = arguments.root / "build" / "test-logs"
    logs.mkdir(parents=True, exist_ok=True)
    environment = make_environment(arguments.root, arguments.presets)
    # The same random operations each time, unless there is time for many.
    environment.setdefault("RC_PARAMS", "max_success=1000" if arguments.long else "seed=6")
    if arguments.long:
        environment["SIGNALBOX_LONG_TESTS"] = "1"

    passed = failed = 0
    for suite in suites:
        if sys.stdout.isatty():
            print(f"      {suite.name} ...", end="\r", flush=True)
        start = time.monotonic()
        outcome = run(suite, logs / suite.log_name, environment, timeout_s)
        passed += outcome.passed
        failed += outcome.failed
        counts = f"{outcome.passed} of {outcome.passed + outcome.failed}"
        print(f"{'FAIL' if outcome.failed else 'ok':4}  {suite.name:20} {counts:>14} "
              f"{time.monotonic() - start:8.1f} s  {outcome.problem}".rstrip(), flush=True)
        if outcome.failed:
            text = (logs / suite.log_name).read_text(errors="replace")
            for line in text.splitlines()[-TAIL_LINES:]:
                print(f"      {line}")
            print(f"      (all of it: {logs / suite.log_name})", flush=True)
    if not suites:
        failed = 1
        print("FAIL  no suites found")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
