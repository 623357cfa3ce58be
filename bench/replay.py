"""What live traffic keeps while a replay runs; bench/replay calls it.

Live events are measured without and with a replay in turns, on one broker. An archive takes all of
them; one rule brings live events to a queue, another one those that are replayed.
"""

import argparse
import base64
import json
import os
import random
import shutil
import statistics
import sys
import threading
import time

from bench import Report, describe_machine, measure_sync, running, wrk
from queues import connect, count_of, create, settle, verdict
from broker_process import BrokerError, disk_directory

FILL_CONNECTIONS = 16
RATIO_TARGET = 0.8
ARN = "arn:aws:events:us-east-1:000000000000:"
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:"


def put_events(broker, count, detail_type):
    """Events of 1 KiB that do not compress, ten a request, over several connections."""
    rng = random.Random(1)
    encoder = connect(broker)
    requests = [encoder.encode("events", "PutEvents", {"Entries": [
        {"Source": "bench", "DetailType": detail_type, "EventBusName": "bench",
         "Detail": json.dumps({"text": base64.b64encode(rng.randbytes(650)).decode()})}
        for _ in range(10)]}) for _ in range(100)]
    numbers = iter(range(count // 10))
    refused = []

    def put():
        connection = connect(broker)
        for number in numbers:
            answer = connection.exchange(requests[number % 100])
            if b'"FailedEntryCount":0' not in answer:
                refused.append(answer)
                return
        connection.close()

    threads = [threading.Thread(target=put) for _ in range(FILL_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise BrokerError(f"events were refused: {refused[0][:500]}")


def fill_archive(broker, count):
    put_events(broker, count, "order.created")
    found = connect(broker).call("events", "DescribeArchive", {"ArchiveName": "all"})
    if found["EventCount"] != count // 10 * 10:
        raise BrokerError(f"{found['EventCount']:,} events in the archive, {count:,} were sent")
    return found


def add_rule(connection, name, pattern):
    """A rule with a queue of the same name; the queue's URL."""
    url = create(connection, name)
    connection.call("events", "PutRule", {"Name": name, "EventBusName": "bench",
                                          "EventPattern": json.dumps(pattern)})
    connection.call("events", "PutTargets", {"Rule": name, "EventBusName": "bench", "Targets": [
        {"Id": "q", "Arn": QUEUE_ARN + name}]})
    return url


class Replay:
    """One of everything that was in the archive before the live events."""

    def __init__(self, broker, name, until):
        self.broker, self.name = broker, name
        connect(broker).call("events", "StartReplay", {
            "ReplayName": name, "EventSourceArn": f"{ARN}archive/all", "EventStartTime": 0,
            "EventEndTime": until, "Destination": {"Arn": f"{ARN}event-bus/bench"}})

    def state(self):
        return connect(self.broker).call("events", "DescribeReplay",
                                         {"ReplayName": self.name})["State"]

    def cancel(self):
        if self.state() == "RUNNING":
            connect(self.broker).call("events", "CancelReplay", {"ReplayName": self.name})
        self.wait()

    def wait(self):
        while self.state() not in ("COMPLETED", "CANCELLED"):
            time.sleep(0.02)


class Meter(threading.Thread):
    """How many events a second come to a queue, in the middle of the next seconds."""

    def __init__(self, broker, url, seconds):
        super().__init__()
        self.connection, self.url, self.seconds, self.rate = connect(broker), url, seconds, 0.0
        self.start()

    def run(self):
        time.sleep(self.seconds * 0.3)
        started, before = time.perf_counter(), count_of(self.connection, self.url)
        time.sleep(self.seconds * 0.5)
        found = count_of(self.connection, self.url) - before
        self.rate = found / (time.perf_counter() - started)


def measure_live(broker, connections, seconds):
    return wrk(broker, "put_events.lua", connections, seconds, "bench")


def purge(broker, *urls):
    for url in urls:
        connect(broker).call("sqs", "PurgeQueue", {"QueueUrl": url})


def measure_beside(report, broker, urls, until, connections, arguments):
    """Live traffic without and with a replay, in turns."""
    live, replayed = urls
    rates, ratios, waits, replay_rates, ended = ([], []), [], ([], []), [], 0
    for number in range(arguments.rounds):
        purge(broker, live, replayed)
        settle(broker)
        alone = measure_live(broker, connections, arguments.seconds)
        purge(broker, live)
        settle(broker)
        replay = Replay(broker, f"beside-{connections}-{number}", until)
        meter = Meter(broker, replayed, arguments.seconds)
        beside = measure_live(broker, connections, arguments.seconds)
        meter.join()
        ended += replay.state() != "RUNNING"
        replay.cancel()
        for found, side, wait in zip((alone, beside), rates, waits):
            side.append(found["requests"] * 10 / found["seconds"])
            wait.append(found["p99_ms"])
        ratios.append(rates[1][-1] / rates[0][-1])
        replay_rates.append(meter.rate)
    name = f"PutEvents of ten, {connections} connections"
    for text, side, wait in zip((f"{name}, alone", "    beside a replay"), rates, waits):
        report.add(text, statistics.median(side), "events/s",
                   f"p99 {statistics.median(wait):.2f} ms")
    report.add("    live traffic keeps", statistics.median(ratios) * 100, "%",
               verdict(statistics.median(ratios) >= RATIO_TARGET, f"at least {RATIO_TARGET:.0%}"))
    report.add("    replayed meanwhile", statistics.median(replay_rates), "events/s",
               f"{ended} of {arguments.rounds} replays ended too early: more --events" if ended
               else "")


def measure(report, directory, arguments):
    with running(directory, "--purge-cooldown-s", "0") as broker:
        connection = connect(broker)
        connection.call("events", "CreateEventBus", {"Name": "bench"})
        connection.call("events", "CreateArchive", {
            "ArchiveName": "all", "EventSourceArn": f"{ARN}event-bus/bench"})
        started = time.perf_counter()
        found = fill_archive(broker, arguments.events)
        seconds = time.perf_counter() - started
        report.add(f"archive of {found['EventCount']:,} filled", arguments.events / seconds,
                   "events/s", f"{found['SizeBytes'] / 1e6:,.0f} MB")
        until = int(time.time()) + 1
        time.sleep(max(0, until + 1 - time.time()))  # live events are later
        connection = connect(broker)
        urls = (add_rule(connection, "live", {"replay-name": [{"exists": False}]}),
                add_rule(connection, "replayed", {"replay-name": [{"exists": True}]}))
        for connections in (1, 16):
            measure_beside(report, broker, urls, until, connections, arguments)
        purge(broker, *urls)
        settle(broker)
        started = time.perf_counter()
        Replay(broker, "alone", until).wait()
        seconds = time.perf_counter() - started
        count = count_of(connect(broker), urls[1])
        report.add(f"replay of {count:,} and no other traffic", count / seconds, "events/s",
                   verdict(count == found["EventCount"], "each event once"))


def main():
    parser = argparse.ArgumentParser(prog="bench/replay")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--data-dir", metavar="DIR", help="put data there; it must be on a disk")
    parser.add_argument("--json", metavar="FILE", help="also write the rows as JSON lines")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("bench/replay: wrk is missing: apt-get install wrk", file=sys.stderr)
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
        print(f"bench/replay: {error}", file=sys.stderr)
        return 1
    finally:
        report.write()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
