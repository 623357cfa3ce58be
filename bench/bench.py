"""The figures the README quotes, measured on this machine; script/bench calls it.

Every figure is printed with what it depends on: the machine, the file system of the data directory
and its fdatasync time. Figures under load are the median of the rounds. The generator is wrk with
one thread, on the same cores as the broker.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))
from broker_process import (MEMORY_FILE_SYSTEMS, Broker, BrokerError, binary_path,  # noqa: E402
                            disk_directory, file_system_of, free_port)
from wire import Connection  # noqa: E402

ACCOUNT_ARN = "arn:aws:sqs:us-east-1:000000000000:"
SYNC_SAMPLES = 300
START_SAMPLES = 7
# What is promised, in messages/s by connections; where the disk is slower, that share of what the
# store alone writes in groups of as many.
SEND_TARGETS = {16: 20000, 64: 35000}
STORE_SHARE_TARGET = 0.6
# Of events put, matched by one of so many rules, received and deleted: delivered/s, or that share
# of what the store alone writes in groups of as many as there are connections; and the time from
# sent to received.
CYCLE_RULES = 1000
CYCLE_CONNECTIONS = 16
CYCLE_TARGET = 20000
CYCLE_SHARE_TARGET = 0.4
CYCLE_P99_TARGET_MS = 20
CPU_TARGET_US = 30
RSS_TARGET_MB = 30
START_TARGET_MS = 100


class Report:
    """Prints rows as they come and keeps them for --json."""

    def __init__(self, path):
        self.path = path
        self.rows = []

    def add(self, name, value, unit, note="", **details):
        self.rows.append({"name": name, "value": value, "unit": unit, **details})
        shown = f"{value:,.0f}" if isinstance(value, (int, float)) and abs(value) >= 100 else value
        if isinstance(shown, float):
            shown = f"{shown:.2f}"
        print(f"{name:<44} {shown:>12} {unit:<10} {note}", flush=True)

    def fact(self, name, value):
        self.rows.append({"name": name, "value": value})
        print(f"{name:<44} {value}", flush=True)

    def write(self):
        if self.path:
            with open(self.path, "w", encoding="utf-8") as file:
                for row in self.rows:
                    file.write(json.dumps(row) + "\n")


# ---- machine ----

def first_match(path, pattern):
    with contextlib.suppress(OSError):
        match = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.M)
        if match:
            return match.group(1)
    return "unknown"


def describe_machine(report, directory):
    memory_gib = int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)")) / 1048576
    report.fact("cpu", f"{first_match('/proc/cpuinfo', r'^model name.*: (.*)$')}, "
                       f"{os.cpu_count()} cores")
    report.fact("memory", f"{memory_gib:.1f} GiB, load {os.getloadavg()[0]:.2f} before the run")
    report.fact("kernel", platform.release())
    report.fact("data directory", f"{directory} ({file_system_of(directory)})")
    version = subprocess.run([binary_path(), "--version"], capture_output=True, check=False)
    report.fact("broker", version.stdout.decode().strip() or binary_path())


def measure_sync(report, directory):
    """Appends 4 KiB and syncs, as a log does."""
    path = os.path.join(directory, "sync-probe")
    times = []
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(SYNC_SAMPLES):
            os.write(fd, b"\x5a" * 4096)
            started = time.perf_counter()
            os.fdatasync(fd)
            times.append((time.perf_counter() - started) * 1e6)
    finally:
        os.close(fd)
        os.unlink(path)
    times.sort()
    report.add("fdatasync of 4 KiB, p50", times[len(times) // 2], "us",
               f"p99 {times[len(times) * 99 // 100]:.0f} us")


# ---- one broker ----

@contextlib.contextmanager
def running(directory, *options):
    data_dir = os.path.join(directory, f"data-{time.monotonic_ns()}")
    broker = Broker(options, data_dir=data_dir)
    try:
        yield broker.start()
    finally:
        broker.close()
        shutil.rmtree(data_dir, ignore_errors=True)


def measure_start(report, directory):
    """From exec to the first 200, with an empty data directory."""
    times = []
    for _ in range(START_SAMPLES):
        data_dir = os.path.join(directory, f"start-{time.monotonic_ns()}")
        port = free_port()
        started = time.perf_counter()
        process = subprocess.Popen(
            [binary_path(), "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", data_dir],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_health(port, process, started)
            times.append((time.perf_counter() - started) * 1000)
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(data_dir, ignore_errors=True)
    note = "" if statistics.median(times) < START_TARGET_MS else f"ABOVE {START_TARGET_MS} ms"
    report.add("start to first 200, empty directory", statistics.median(times), "ms", note)


def wait_for_health(port, process, started):
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/_signalbox/health")
            if connection.getresponse().status == 200:
                return
        except (ConnectionError, socket.timeout):
            pass
        finally:
            connection.close()
        if process.poll() is not None or time.perf_counter() - started > 20:
            raise BrokerError("the broker did not start")
        time.sleep(0.0005)


def measure_idle(report, directory):
    with running(directory) as broker:
        time.sleep(1)
        rss_mb = broker.rss_bytes() / 1e6
        cpu_before = broker.cpu_seconds()
        time.sleep(2)
        cpu = (broker.cpu_seconds() - cpu_before) / 2 * 100
    report.add("idle RSS", rss_mb, "MB", "" if rss_mb < RSS_TARGET_MB else f"ABOVE {RSS_TARGET_MB}")
    report.add("idle CPU", cpu, "% of a core")


# ---- load ----

def wrk(broker, script, connections, seconds, *arguments):
    """Runs wrk; its script's RESULT with the broker's CPU per request added."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
               "-s", str(HERE / script), broker.endpoint, "--", *map(str, arguments)]
    cpu_before = broker.cpu_seconds()
    result = subprocess.run(command, capture_output=True, check=False, timeout=seconds + 60,
                            env={**os.environ, "SIGNALBOX_BENCH_DIR": str(HERE)})
    cpu_seconds = broker.cpu_seconds() - cpu_before
    match = re.search(r"^RESULT (.*)$", result.stdout.decode(), re.M)
    if not match:
        raise BrokerError(f"wrk failed: {result.stdout.decode()}{result.stderr.decode()}")
    found = json.loads(match.group(1))
    found["cpu_seconds"] = cpu_seconds
    if found["errors"] or found.get("failed"):
        raise BrokerError(f"{script}: {found['errors']} errors, {found.get('failed', 0)} refused")
    return found


def prepare(broker, bus_rules=0):
    connection = Connection(broker.host, broker.port)
    connection.call("sqs", "CreateQueue", {"QueueName": "bench"})
    if bus_rules:
        connection.call("events", "CreateEventBus", {"Name": "bench"})
    for number in range(bus_rules):
        pattern = {"source": ["bench"],
                   "detail-type": ["order.created" if number == 0 else f"other.{number}"]}
        connection.call("events", "PutRule", {"Name": f"rule-{number}", "EventBusName": "bench",
                                              "EventPattern": json.dumps(pattern)})
        connection.call("events", "PutTargets", {
            "Rule": f"rule-{number}", "EventBusName": "bench",
            "Targets": [{"Id": "q", "Arn": ACCOUNT_ARN + "bench"}]})
    connection.close()


def measure_send(report, directory, rounds, seconds, durability=None):
    """Returns the median rate by connections."""
    options = ["--durability", durability] if durability else []
    rates = {}
    for connections in (1, 16, 64):
        runs = []
        for _ in range(rounds):
            with running(directory, *options) as broker:
                prepare(broker)
                wrk(broker, "send.lua", connections, 1, "bench")
                runs.append(wrk(broker, "send.lua", connections, seconds, "bench"))
        rates[connections] = statistics.median(run["requests"] / run["seconds"] for run in runs)
        cpu_us = statistics.median(run["cpu_seconds"] / run["requests"] * 1e6 for run in runs)
        p50, p99 = (statistics.median(run[name] for run in runs) for name in ("p50_ms", "p99_ms"))
        note = f"{cpu_us:.1f} us CPU each, p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        if not durability and connections in SEND_TARGETS and cpu_us > CPU_TARGET_US:
            note += f"; CPU ABOVE {CPU_TARGET_US} us"
        report.add(f"SendMessage 1 KiB, {durability or 'durable'}, {connections} connections",
                   rates[connections], "msgs/s", note, connections=connections, cpu_us=cpu_us,
                   p50_ms=p50, p99_ms=p99)
    return rates


def measure_store(report, directory, seconds):
    """The store alone, synced: its rate by number of clients, which is the size of its groups."""
    program = pathlib.Path(binary_path()).parent / "bench" / "store_bench"
    if not os.access(program, os.X_OK):
        report.fact("store alone", f"not measured: {program} is not built")
        return {}
    result = subprocess.run([program, os.path.join(directory, "store"), str(seconds)],
                            capture_output=True, check=False, timeout=seconds * 12 + 300)
    # Its rows: clients, records/s, groups/s, records a group, ...
    rows = [line.split() for line in result.stdout.decode().splitlines()]
    rates = {int(row[0]): float(row[1]) for row in rows if row and row[0].isdigit()}
    if result.returncode or not rates:
        report.fact("store alone", "not measured: " + (result.stderr.decode().strip() or "?"))
    for clients in SEND_TARGETS:
        if clients in rates:
            report.add(f"store alone, 1 KiB synced, groups of {clients}", rates[clients],
                       "records/s")
    return rates


def judge(report, sent, stored):
    """At least the promised rate, or that share of the store's own where the disk is slower."""
    for connections, target in SEND_TARGETS.items():
        share = sent[connections] / stored[connections] if connections in stored else None
        if share is not None:
            report.add(f"share of the store's rate, {connections} connections", share * 100, "%")
        good = sent[connections] >= target or (share is not None and share >= STORE_SHARE_TARGET)
        report.fact(f"target at {connections} connections",
                    f"{'met' if good else 'MISSED'} ({target:,}/s, or {STORE_SHARE_TARGET:.0%} of "
                    "the store alone)")


def measure_cycle(report, directory, rounds, seconds, rules):
    """Messages end to end; rules 0: by SendMessageBatch. Returns the medians of rate and p99."""
    kind = "events" if rules else "send"
    runs = []
    for _ in range(rounds):
        with running(directory) as broker:
            prepare(broker, rules)
            runs.append(wrk(broker, "cycle.lua", CYCLE_CONNECTIONS, seconds, "bench", kind,
                            "bench"))
    rate = statistics.median(run["deleted"] / run["seconds"] for run in runs)
    cpu_us = statistics.median(run["cpu_seconds"] / max(run["deleted"], 1) * 1e6 for run in runs)
    took_p50_ms, took_p99_ms = (statistics.median(run[name] for run in runs)
                                for name in ("took_p50_ms", "took_p99_ms"))
    name = (f"PutEvents x10 -> {rules} rules, one matches -> delete" if rules
            else "send x10 -> receive x10 -> delete x10")
    note = f"{cpu_us:.1f} us CPU each"
    if rules:
        note += f", put to received p50 {took_p50_ms:.1f} ms, p99 {took_p99_ms:.1f} ms"
    report.add(f"{name}, {CYCLE_CONNECTIONS} conn.", rate, "msgs/s", note, cpu_us=cpu_us,
               took_p50_ms=took_p50_ms, took_p99_ms=took_p99_ms)
    return rate, took_p99_ms


def judge_cycle(report, delivered, p99_ms, stored):
    share = delivered / stored[CYCLE_CONNECTIONS] if CYCLE_CONNECTIONS in stored else None
    if share is not None:
        report.add(f"share of the store's rate, {CYCLE_RULES} rules", share * 100, "%")
    good = ((delivered >= CYCLE_TARGET and p99_ms < CYCLE_P99_TARGET_MS)
            or (share is not None and share >= CYCLE_SHARE_TARGET))
    report.fact(f"target with {CYCLE_RULES} rules",
                f"{'met' if good else 'MISSED'} ({CYCLE_TARGET:,}/s and p99 under "
                f"{CYCLE_P99_TARGET_MS} ms, or {CYCLE_SHARE_TARGET:.0%} of the store alone)")


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description="measures the broker")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--json", metavar="FILE", help="also write the rows as JSON lines")
    parser.add_argument("--only", choices=["start", "send", "cycle"], action="append",
                        help="only this part; repeatable")
    parser.add_argument("--data-dir", metavar="DIR", help="put data there; it must be on a disk")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("script/bench: wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    rounds, seconds = (1, 2) if arguments.quick else (3, 5)
    parts = arguments.only or ["start", "send", "cycle"]
    report = Report(arguments.json)
    directory = None
    try:
        if arguments.data_dir:
            os.makedirs(arguments.data_dir, exist_ok=True)
            if file_system_of(arguments.data_dir) in MEMORY_FILE_SYSTEMS:
                raise BrokerError(f"{arguments.data_dir} is in memory: nothing there is durable")
            os.environ["SIGNALBOX_TEST_DIR"] = arguments.data_dir
        directory = disk_directory("signalbox-bench-")
        describe_machine(report, directory)
        measure_sync(report, directory)
        if "start" in parts:
            measure_start(report, directory)
            measure_idle(report, directory)
        if "send" in parts:
            sent = measure_send(report, directory, rounds, seconds)
        if "send" in parts or "cycle" in parts:
            stored = measure_store(report, directory, 1 if arguments.quick else 3)
        if "send" in parts:
            judge(report, sent, stored)
            measure_send(report, directory, 1, seconds, durability="off")
        if "cycle" in parts:
            for rules in (0, 1, 100):
                measure_cycle(report, directory, 1, seconds, rules)
            delivered, p99_ms = measure_cycle(report, directory, rounds, seconds, CYCLE_RULES)
            judge_cycle(report, delivered, p99_ms, stored)
    except BrokerError as error:
        print(f"script/bench: {error}", file=sys.stderr)
        return 1
    finally:
        report.write()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
