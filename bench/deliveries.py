"""What a million deliveries to a dead target cost; bench/deliveries calls it.

The target takes connections and never answers. All its events are put at once and wait for it; on
another broker as many wait in a queue that nobody receives from. Live events then go to a queue, on
both brokers in turns.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import sys
import time

from bench import Report, describe_machine, measure_sync, running, wrk
from queues import FIRST_ANSWER_TARGET_S, Scales, connect, drop_caches, settle, verdict
from replay import add_rule, put_events
from broker_process import Broker, BrokerError, disk_directory

GROWTH_TARGET_BYTES = 4
RATIO_TARGET = 0.9
LIVE_CONNECTIONS = 16


@contextlib.contextmanager
def dead_target():
    """Its URL. The kernel takes the connections; nobody reads from them."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"


def prepare(broker, waiting_for=None):
    """A bus whose live events come to a queue, and those of type "waiting" to that URL, or without
    one to another queue. Returns the live queue's URL."""
    connection = connect(broker)
    connection.call("events", "CreateEventBus", {"Name": "bench"})
    add_rule(connection, "waiting", {"detail-type": ["waiting"]})
    if waiting_for:
        connection.call("events", "PutTargets", {
            "Rule": "waiting", "EventBusName": "bench",
            "Targets": [{"Id": "q", "Arn": waiting_for}]})
    return add_rule(connection, "live", {"detail-type": ["order.created"]})


def weigh(report, broker, count):
    half = count // 2
    with Scales(broker) as first:
        put_events(broker, half, "waiting")
    with Scales(broker) as second:
        put_events(broker, count - half, "waiting")
    for name, scales in ((f"RSS from 0 to {half:,} deliveries pending", first),
                         (f"RSS from {half:,} to {count:,}", second)):
        report.add(name, statistics.mean(scales.weights) / 1e6, "MB",
                   f"mean; at most {max(scales.weights) / 1e6:.1f} MB")
    settled = first.weights[len(first.weights) // 2:]
    grown = (statistics.mean(second.weights) - statistics.mean(settled)) / half
    report.add("growth from the quarter before the middle to the half behind it", grown,
               "bytes each", verdict(grown < GROWTH_TARGET_BYTES,
                                     f"none (below {GROWTH_TARGET_BYTES} is noise)"))


def measure_beside(report, sides, arguments):
    """Live events beside a queue and beside a dead target, in turns."""
    rates, waits, ratios = ([], []), ([], []), []
    for _ in range(arguments.rounds):
        for (broker, url), rate, wait in zip(sides, rates, waits):
            connect(broker).call("sqs", "PurgeQueue", {"QueueUrl": url})
            found = wrk(broker, "put_events.lua", LIVE_CONNECTIONS, arguments.seconds, "bench")
            rate.append(found["requests"] * 10 / found["seconds"])
            wait.append(found["p99_ms"])
        ratios.append(rates[1][-1] / rates[0][-1])
    names = (f"PutEvents of ten, {LIVE_CONNECTIONS} connections, beside a full queue",
             "    beside a dead target")
    for name, rate, wait in zip(names, rates, waits):
        report.add(name, statistics.median(rate), "events/s",
                   f"p99 {statistics.median(wait):.2f} ms")
    ratio = statistics.median(ratios)
    report.add("    live traffic keeps", ratio * 100, "%",
               verdict(ratio >= RATIO_TARGET, f"at least {RATIO_TARGET:.0%}"))


def measure_restart(report, broker, count):
    broker.kill()
    cold = drop_caches()
    started = time.perf_counter()
    broker.start()
    answered = time.perf_counter() - started
    report.add(f"kill -9 with {count:,} pending, {'cold' if cold else 'warm'}: first 200",
               answered * 1e3, "ms",
               verdict(answered < FIRST_ANSWER_TARGET_S, f"below {FIRST_ANSWER_TARGET_S} s"))
    time.sleep(6)  # longer than an attempt may take: its first ones have failed
    report.add("    RSS then", broker.rss_bytes() / 1e6, "MB")


def measure(report, directory, arguments):
    options = ("--purge-cooldown-s", "0")
    data_dir = os.path.join(directory, f"data-{time.monotonic_ns()}")
    with dead_target() as dead_url, running(directory, *options) as other:
        broker = Broker(options, data_dir=data_dir)
        try:
            broker.start()
            sides = ((other, prepare(other)), (broker, prepare(broker, dead_url)))
            report.add("RSS of the empty broker", broker.rss_bytes() / 1e6, "MB")
            started = time.perf_counter()
            weigh(report, broker, arguments.events)
            report.add("deliveries made pending", arguments.events /
                       (time.perf_counter() - started), "events/s")
            put_events(other, arguments.events, "waiting")
            settle(broker)
            settle(other)
            measure_beside(report, sides, arguments)
            measure_restart(report, broker, arguments.events)
        finally:
            broker.close()
            shutil.rmtree(data_dir, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="bench/deliveries")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--data-dir", metavar="DIR", help="put data there; it must be on a disk")
    parser.add_argument("--json", metavar="FILE", help="also write the rows as JSON lines")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("bench/deliveries: wrk is missing: apt-get install wrk", file=sys.stderr)
        return 1
    if arguments.data_dir:
        os.makedirs(arguments.data_dir, exist_ok=True)
        os.environ["SIGNALBOX_TEST_DIR"] = arguments.data_dir
    report = Report(arguments.json)
    directory = None
    try:
        directory = disk_directory("signalbox-bench-")
        describe_machine(report, directory)
        measure_sync(report, directory)
        measure(report, directory, arguments)
    except BrokerError as error:
        print(f"bench/deliveries: {error}", file=sys.stderr)
        return 1
    finally:
        report.write()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
