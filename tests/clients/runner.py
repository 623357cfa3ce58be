"""Installs the clients of this folder and runs each against a broker of its own.

A client is a folder: programs, and a lock file that says which kind of client it is and which
libraries it takes (kinds.py). It is copied to build/clients, where its libraries lie, and told of
the broker by AWS_ENDPOINT_URL. Its last line is `N passed, M failed`. One that says nothing of that
form, hangs, or whose tools are missing is a failure: nothing is left out in silence. Standard
library only, for no virtual environment needs to exist.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
sys.dont_write_bytecode = True

import kinds  # noqa: E402
from broker_process import Broker  # noqa: E402

# Those that cost a fresh machine seconds. What the others need takes minutes to install.
QUICK = ("aws-cli", "celery")
TIMEOUT_S = 300
SUMMARY = re.compile(r"(\d+) passed, (\d+) failed")
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "PYTHONDONTWRITEBYTECODE": "1",
}


def environment_of(broker):
    """What a client sees: nothing of the person's own AWS settings, and no broker settings."""
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith(("AWS_", "SIGNALBOX"))}
    return {**inherited, **SETTINGS, "AWS_ENDPOINT_URL": broker.endpoint}


def judge(status, text):
    """(passed, failed, why not) of a program that ended."""
    lines = text.rstrip().splitlines()
    match = SUMMARY.fullmatch(lines[-1]) if lines else None
    if not match:
        return 0, 1, f"exited with status {status} without a summary"
    passed, failed = int(match[1]), int(match[2])
    if passed + failed == 0:
        return 0, 1, "ran no tests"
    if failed == 0 and status != 0:
        return passed, 1, f"exited with status {status} although no test failed"
    return passed, failed, ""


def run_client(name, timeout_s=TIMEOUT_S):
    """(passed, failed, why not, what it printed)"""
    client = kinds.Client(HERE / name)
    problem = client.problem()
    if problem:
        return 0, 1, problem, ""
    try:
        command = client.make()
    except kinds.ToolFailed as failure:
        return 0, 1, str(failure), failure.output
    with Broker() as broker:
        process = subprocess.Popen(command, cwd=client.work, env=environment_of(broker),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True)
        # A group of its own, so that a hanging client takes its workers with it.
        try:
            text, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 0, 1, f"did not end within {timeout_s} s", process.communicate()[0]
    return *judge(process.returncode, text), text


def run_all(names, jobs):
    passed = failed = 0
    kinds.copy_files(HERE / "support", kinds.BUILD / "support")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        def timed(name):
            started = time.monotonic()
            return name, *run_client(name), time.monotonic() - started

        for run in concurrent.futures.as_completed([pool.submit(timed, name) for name in names]):
            name, ran, broken, problem, text, seconds = run.result()
            passed, failed = passed + ran, failed + broken
            if broken:
                print(text, end="" if text.endswith("\n") else "\n")
            print(f"{name}: {ran} passed, {broken} failed in {seconds:.1f} s"
                  f"{f': {problem}' if problem else ''}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def install(names):
    """Fetches the libraries of those that lack them. The tools come from script/bootstrap."""
    for client in (kinds.Client(HERE / name) for name in names):
        if client.problem():
            print(f"tests/clients: installing the libraries of {client.name}", file=sys.stderr)
            try:
                client.install()
            except kinds.ToolFailed as failure:
                sys.exit(f"{failure.output}\ntests/clients: {client.name}: {failure}")


def main():
    there = kinds.client_names()
    parser = argparse.ArgumentParser(
        prog="tests/clients/run", description="Real SDKs and frameworks against the broker.",
        epilog=f"The clients: {', '.join(there)}. Without names: {', '.join(QUICK)}.")
    parser.add_argument("clients", nargs="*", metavar="CLIENT")
    parser.add_argument("--long", action="store_true", help="all clients")
    parser.add_argument("--install", action="store_true",
                        help="only fetch the clients' libraries, as locked, into build/clients")
    parser.add_argument("--check", action="store_true",
                        help="only say what is not installed, and fail if anything is not")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="clients at a time")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.clients) - set(there))
    if unknown:
        parser.error(f"no such client: {', '.join(unknown)} (there are {', '.join(there)})")
    names = arguments.clients or (there if arguments.long else list(QUICK))

    if arguments.check:
        problems = [kinds.Client(HERE / name).problem() for name in names]
        for problem in filter(None, problems):
            print(problem, file=sys.stderr)
        return 1 if any(problems) else 0
    if arguments.install:
        return install(names) or 0
    left_out = sorted(set(there) - set(names))
    if left_out and not arguments.clients:
        print(f"not run without --long: {', '.join(left_out)}")
    return run_all(names, arguments.jobs)


if __name__ == "__main__":
    sys.exit(main())
