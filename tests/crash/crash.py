"""Kills the broker and cuts its power under load, restarts it and checks it against a ledger.

A cycle: 16 connections of mixed load; at least 500 acknowledged operations; 50 to 800 ms later a
SIGKILL or, under the shim, a power cut; restart on the same data directory (every fourth time
crashed once more while it recovers); then nothing acknowledged may be missing, deleted things may
not be back, contents are equal, nothing came twice and no PutEvents is half there. The process that
was verified carries the next cycle's load.

The negative control is a power cut with --durability off: it has to lose, or the cut proves
nothing.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import ledger as ledgers  # noqa: E402
import load  # noqa: E402
import shim  # noqa: E402
from broker_process import Broker, BrokerError, binary_path, disk_directory  # noqa: E402
from verify import verify  # noqa: E402
from wire import Connection, Gone, Refused  # noqa: E402

ACKED_MIN = 500
LOAD_MAX_S = 60
ATTEMPTS_MAX = 3
KINDS = ["lost", "back", "dup", "half", "wrong", "unknown", "early", "refused"]


class Void(Exception):
    """Too little load before the crash: the cycle proves nothing."""


class Run:
    """One data directory that lives through many crashes."""

    def __init__(self, options=(), crash_recovery=True):
        self.work_dir = disk_directory("signalbox-crash-")
        self.data_dir = os.path.join(self.work_dir, "data")
        self.broker = Broker(options, data_dir=self.data_dir)
        self.ledger = ledgers.Ledger()
        self.cursor = None
        self.number = 0
        self.crash_recovery = crash_recovery
        self.restart_ms_max = 0.0

    def environment(self, kind):
        return shim.environment(self.data_dir, self.work_dir) if kind == "power cut" else {}

    def close(self, keep):
        self.broker.kill()
        if keep:
            print(f"  kept for a look: {self.work_dir} and {self.broker.log_path}")
            return
        self.broker.close()
        shutil.rmtree(self.work_dir, ignore_errors=True)

    def start(self, kind):
        self.broker.start(self.environment(kind))
        connection = Connection(self.broker.host, self.broker.port)
        load.prepare(connection)
        connection.close()

    def crash_under_load(self, kind):
        """Returns the number of acknowledged operations."""
        self.number += 1
        self.ledger.forget_messages()
        stop = threading.Event()
        workers = [load.Worker(index, self.number, self.broker, self.ledger, stop)
                   for index in range(load.CONNECTIONS)]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + LOAD_MAX_S
        while self.ledger.acked < ACKED_MIN and time.monotonic() < deadline:
            if not any(worker.is_alive() for worker in workers):
                break
            time.sleep(0.005)
        time.sleep(random.uniform(0.05, 0.8))
        self.crash(kind)
        stop.set()
        for worker in workers:
            worker.join(20)
        if self.ledger.acked < ACKED_MIN:
            raise Void(f"{self.ledger.acked} acknowledged operations")
        return self.ledger.acked

    def crash(self, kind):
        if kind == "kill":
            self.broker.kill()
            return
        self.broker.process.send_signal(signal.SIGUSR2)
        status = self.broker.wait()
        if status != shim.CUT_EXIT_STATUS:
            raise BrokerError(f"the power cut ended the broker with {status}: no shim?")

    def recover(self, kind):
        """Restarts under what the next cycle needs; every fourth time only after another crash."""
        if self.crash_recovery and self.number % 4 == 0:
            self.broker.spawn(self.environment(kind))
            time.sleep(random.uniform(0.005, 0.08))
            if self.broker.process.poll() is None:
                number = signal.SIGKILL if kind == "kill" else signal.SIGUSR2
                self.broker.process.send_signal(number)
                self.broker.wait()
        started = time.monotonic()
        self.broker.start(self.environment(kind))
        restart_ms = (time.monotonic() - started) * 1000
        self.restart_ms_max = max(self.restart_ms_max, restart_ms)
        return restart_ms

    def last_cut(self):
        try:
            with open(os.path.join(self.work_dir, "cuts.txt"), encoding="ascii") as cuts:
                return cuts.readlines()[-1].strip()
        except (FileNotFoundError, IndexError):
            return "none"


def report(title, acked, problems, extra):
    counts = " ".join(f"{kind}={len(problems.get(kind, []))}" for kind in KINDS[:5])
    print(f"{title}: acked={acked} {counts} {extra}", flush=True)
    for kind in KINDS:
        for text in problems.get(kind, [])[:5]:
            print(f"  {kind}: {text}")
        if len(problems.get(kind, [])) > 5:
            print(f"  {kind}: and {len(problems[kind]) - 5} more")


def run_cycles(kinds, totals):
    """Runs the cycles in kinds on one data directory; (passed, failed)."""
    run = Run()
    passed, keep = 0, True
    try:
        run.start(kinds[0])
        for index, kind in enumerate(kinds):
            following = kinds[index + 1] if index + 1 < len(kinds) else kind
            if not run_cycle(run, index, kind, following, totals):
                break
            passed += 1
        keep = passed < len(kinds)
    except (BrokerError, Gone, Refused, Void) as error:
        print(f"FAILED: {error}")
    finally:
        run.close(keep)
    totals["restart_ms_max"] = run.restart_ms_max
    return passed, len(kinds) - passed


def run_cycle(run, index, kind, following, totals):
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            acked = run.crash_under_load(kind)
            break
        except Void as void:
            print(f"cycle {index + 1} ({kind}) is void: {void}")
            if attempt == ATTEMPTS_MAX:
                raise
            run.recover(kind)
            run.cursor = verify(run.broker, run.ledger, run.cursor)
    cut = f" [{run.last_cut()}]" if kind == "power cut" else ""
    restart_ms = run.recover(following)
    run.cursor = verify(run.broker, run.ledger, run.cursor)
    report(f"cycle {index + 1} ({kind})", acked, run.ledger.problems,
           f"restart_ms={restart_ms:.0f}{cut}")
    totals["cycles"] += 1
    totals["acked"] += acked
    for name in ("lost", "dup", "back", "half"):
        totals[name] += len(run.ledger.problems.get(name, []))
    return not any(run.ledger.problems.values())


def negative_control():
    """True when a power cut without syncing loses, as it must."""
    run = Run(["--durability", "off"], crash_recovery=False)
    try:
        run.start("power cut")
        acked = run.crash_under_load("power cut")
        cut = run.last_cut()
        try:
            run.recover("kill")
        except BrokerError as error:
            last_line = str(error).strip().splitlines()[-1]
            print(f"negative control: acked={acked}, then it refused to start: {last_line} [{cut}]")
            return True
        verify(run.broker, run.ledger, None)
        lost = len(run.ledger.problems.get("lost", []))
        print(f"negative control (--durability off, power cut): acked={acked} lost={lost} [{cut}]")
        if not lost:
            print("  FAILED: nothing was lost without syncing: the power cut is not one")
        return lost > 0
    except (BrokerError, Gone, Refused, Void) as error:
        print(f"negative control FAILED: {error}")
        return False
    finally:
        run.close(keep=False)


def own_tests():
    suite = unittest.defaultTestLoader.loadTestsFromNames(["pcut_test", "ledger_test"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    return result.testsRun - failed, failed


def main():
    parser = argparse.ArgumentParser(description="kill and power-cut tests of the broker")
    parser.add_argument("--long", action="store_true", help="20 kills and 20 power cuts")
    parser.add_argument("--cycles", type=int, metavar="N", help="N kills and N power cuts")
    parser.add_argument("--kind", choices=["kill", "power cut"], help="only one kind of crash")
    parser.add_argument("--seed", type=int, help="repeats the order and delays of the crashes")
    arguments = parser.parse_args()
    count = arguments.cycles or (20 if arguments.long else 3)
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)

    try:
        print(f"broker {binary_path()}, shim {shim.library()}", flush=True)
    except (BrokerError, FileNotFoundError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    kinds = [arguments.kind] * count if arguments.kind else ["kill", "power cut"] * count
    totals = {"cycles": 0, "acked": 0, "lost": 0, "dup": 0, "back": 0, "half": 0}
    results = [own_tests(), run_cycles(kinds, totals), (1, 0) if negative_control() else (0, 1)]
    passed, failed = (sum(column) for column in zip(*results))
    print(" ".join(f"{name}={value:.0f}" for name, value in totals.items()))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
