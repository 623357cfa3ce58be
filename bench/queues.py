"""What must not depend on how much is queued or how many wait; bench/queues calls it.

Targets are printed beside each figure. Costs are ratios between two brokers measured in turns, one
with a short and one with a long backlog of the same messages.
"""

import argparse
import base64
import contextlib
import os
import pathlib
import random
import selectors
import shutil
import socket
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))
from bench import Report, describe_machine, measure_sync, running  # noqa: E402
from broker_process import Broker, BrokerError, disk_directory  # noqa: E402
from wire import Connection  # noqa: E402

SHORT = 1_000
FILL_CONNECTIONS = 16
COST_TARGET = 1.3
FIRST_ANSWER_TARGET_S = 1.0
PURGE_TARGET_MS = 10
POLLS = 1_000
POLL_CPU_TARGET = 1.0


def connect(broker):
    return Connection(broker.host, broker.port, timeout_s=120)


def create(connection, name, attributes=None):
    return connection.call("sqs", "CreateQueue", {
        "QueueName": name, "Attributes": attributes or {}})["QueueUrl"]


class Filler:
    """Sends 1 KiB messages that do not compress, ten a request, over several connections."""

    def __init__(self, seed=1):
        rng = random.Random(seed)
        self.bodies = [base64.b64encode(rng.randbytes(768)).decode() for _ in range(1000)]

    def request(self, url, first, count):
        return {"QueueUrl": url, "Entries": [
            {"Id": str(number), "MessageBody": self.bodies[(first + number) % 1000]}
            for number in range(count)]}

    def fill(self, broker, url, count):
        """count messages, in steps that show progress on a terminal."""
        encoder = connect(broker)
        requests = [encoder.encode("sqs", "SendMessageBatch", self.request(url, first, 10))
                    for first in range(0, 1000, 10)]
        numbers, done = iter(range(count // 10)), [0]

        def send():
            connection = connect(broker)
            for number in numbers:
                if b'"Failed"' in connection.exchange(requests[number % 100]):
                    raise BrokerError("a message was refused while the queue was filled")
                done[0] += 10
            connection.close()

        threads = [threading.Thread(target=send) for _ in range(FILL_CONNECTIONS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if sys.stderr.isatty():
                print(f"\rfilling: {min(done[0], count):,} of {count:,}", end="", file=sys.stderr)
            time.sleep(0.2)
        if sys.stderr.isatty():
            print("\r" + " " * 50, end="\r", file=sys.stderr)
        if count % 10 != 0:
            connect(broker).call("sqs", "SendMessageBatch", self.request(url, 0, count % 10))
        # On a connection of its own: the encoder's has been idle for too long.
        found = count_of(connect(broker), url)
        if found < count:
            raise BrokerError(f"{found:,} messages in the queue, {count:,} were sent")


def count_of(connection, url):
    return int(connection.call("sqs", "GetQueueAttributes", {
        "QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"],
    })["Attributes"]["ApproximateNumberOfMessages"])


def take(connection, url, count=10):
    """Receives and deletes; returns how many."""
    messages = connection.call("sqs", "ReceiveMessage", {
        "QueueUrl": url, "MaxNumberOfMessages": count}).get("Messages", [])
    if messages:
        connection.call("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)]})
    return len(messages)


def settle(broker):
    """Waits until the broker has nothing left to do: compactions of what was just sent."""
    while True:
        before = broker.cpu_seconds()
        time.sleep(1)
        if broker.cpu_seconds() - before < 0.02:
            return


def verdict(good, target):
    return f"{'met' if good else 'MISSED'}: {target}"


# ---- a long backlog ----

def measure_backlog(report, directory, messages):
    """Receive and delete in front of a short and of a long backlog, in turns."""
    filler = Filler()
    with running(directory) as short, running(directory) as long:
        sides = []
        for broker, count in ((short, SHORT), (long, messages)):
            url = create(connect(broker), "backlog")
            fill_and_weigh(report, filler, broker, url, count)
            sides.append((broker, url))
            settle(broker)
        # Now: a connection that waits for a long fill is closed as idle.
        sides = [(broker, connect(broker), url) for broker, url in sides]
        times, cpu = ([], []), [0.0, 0.0]
        for _ in range(60):
            for side, (broker, connection, url) in enumerate(sides):
                cpu_before, started = broker.cpu_seconds(), time.perf_counter()
                for _ in range(50):
                    if take(connection, url) != 10:
                        raise BrokerError("a receive found fewer than ten messages")
                times[side].append((time.perf_counter() - started) / 50 * 1e3)
                cpu[side] += broker.cpu_seconds() - cpu_before
                if side == 0:
                    filler.fill(broker, url, 500)
        ratio = statistics.median(b / a for a, b in zip(*times))
        for side, count in enumerate((SHORT, messages)):
            report.add(f"receive and delete of 10, {count:,} behind",
                       statistics.median(times[side]), "ms",
                       f"{cpu[side] / 3000 * 1e6:.0f} us CPU of the broker")
        report.add(f"cost, {messages:,} against {SHORT:,}", ratio, "x",
                   verdict(ratio <= COST_TARGET, f"at most {COST_TARGET}x"))


class Scales:
    """Weighs the broker's memory all the time: its buffers fill and empty like a saw."""

    def __init__(self, broker):
        self.broker, self.weights, self.is_over = broker, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def run(self):
        while not self.is_over.wait(0.02):
            self.weights.append(self.broker.rss_bytes())


def fill_and_weigh(report, filler, broker, url, count):
    """Fills the queue; from 200,000 messages on also tells the memory each costs."""
    if count < 200_000:
        filler.fill(broker, url, count)
        return
    half = count // 2
    with Scales(broker) as first:
        filler.fill(broker, url, half)
    with Scales(broker) as second:
        filler.fill(broker, url, count - half)
    for name, scales in ((f"RSS from 0 to {half:,} messages queued", first),
                         (f"RSS from {half:,} to {count:,}", second)):
        report.add(name, statistics.mean(scales.weights) / 1e6, "MB",
                   f"mean; at most {max(scales.weights) / 1e6:.1f} MB")
    settled = first.weights[len(first.weights) // 2:]
    grown = (statistics.mean(second.weights) - statistics.mean(settled)) / half
    report.add("growth from the quarter before the middle to the half behind it", grown,
               "bytes a message", verdict(grown < 4, "none beyond the window (below 4 is noise)"))


# ---- restart ----

def measure_restart(report, directory, messages):
    """From the start after a kill -9 to the first answer 200, and to the first message; then purges
    the backlog."""
    data_dir = os.path.join(directory, f"data-{time.monotonic_ns()}")
    broker = Broker(data_dir=data_dir)
    try:
        broker.start()
        url = create(connect(broker), "backlog")
        Filler().fill(broker, url, messages)
        broker.kill()
        cold = drop_caches()
        started = time.perf_counter()
        broker.start()
        answered = time.perf_counter() - started
        received = take(connect(broker), url)
        first = time.perf_counter() - started
        if received != 10 or count_of(connect(broker), url) != messages - 10:
            raise BrokerError("messages are missing after the restart")
        note = verdict(answered < FIRST_ANSWER_TARGET_S, f"below {FIRST_ANSWER_TARGET_S} s")
        report.add(f"kill -9 with {messages:,}, {'cold' if cold else 'warm'}: first 200",
                   answered * 1e3, "ms", note)
        report.add("    and first ten messages received and deleted", first * 1e3, "ms")
        settle(broker)
        measure_removal(report, broker, url, "PurgeQueue", messages)
    finally:
        broker.close()
        shutil.rmtree(data_dir, ignore_errors=True)


def drop_caches():
    """Whether the system let go of its page cache; only root may ask for it."""
    os.sync()
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="utf-8")
        return True
    return False


# ---- purge and delete ----

class Neighbour:
    """Sends to another queue of the broker all the time and keeps how long each took."""

    def __init__(self, broker):
        self.connection = connect(broker)
        self.url = create(self.connection, "neighbour")
        self.times = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over.is_set():
            started = time.perf_counter()
            self.connection.call("sqs", "SendMessage", {"QueueUrl": self.url, "MessageBody": "x"})
            self.times.append((started, (time.perf_counter() - started) * 1e3))
            time.sleep(0.001)

    def stop(self):
        self.is_over.set()
        self.thread.join()

    def percentile(self, since, until, percent):
        found = sorted(ms for started, ms in self.times if since <= started < until)
        return found[min(len(found) * percent // 100, len(found) - 1)]


def measure_removal(report, broker, url, operation, messages):
    """How long the operation takes, and what a neighbour notices of it."""
    neighbour = Neighbour(broker)
    time.sleep(5)
    connection = connect(broker)
    before = time.perf_counter()
    connection.call("sqs", operation, {"QueueUrl": url})
    took = (time.perf_counter() - before) * 1e3
    again = create(connection, "backlog")
    left = count_of(connection, again) + take(connection, again)
    time.sleep(5)
    neighbour.stop()
    report.add(f"{operation} of {messages:,}", took, "ms",
               verdict(took < PURGE_TARGET_MS, f"below {PURGE_TARGET_MS} ms"))
    for percent in (50, 99):
        calm = neighbour.percentile(before - 5, before, percent)
        busy = neighbour.percentile(before, before + 5, percent)
        report.add(f"    a neighbour's sends, p{percent} of 5 s after", busy, "ms",
                   f"{calm:.2f} ms in the 5 s before")
    report.add("    messages of before in the queue", left, "", verdict(left == 0, "none"))


def measure_delete(report, directory, messages):
    """DeleteQueue of a long backlog; the queue made again has nothing of it."""
    with running(directory) as broker:
        url = create(connect(broker), "backlog")
        Filler().fill(broker, url, messages)
        settle(broker)
        measure_removal(report, broker, url, "DeleteQueue", messages)


# ---- long polls ----

def measure_polls(report, directory):
    """A thousand idle long polls, then one message at a time for them."""
    with running(directory) as broker:
        connection = connect(broker)
        url = create(connection, "quiet")
        request = (f'{{"QueueUrl":"{url}","WaitTimeSeconds":20}}').encode()
        head = (f"POST / HTTP/1.1\r\nHost: {broker.host}\r\n"
                "X-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
                f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(request)}"
                "\r\n\r\n").encode()
        polls = [socket.create_connection((broker.host, broker.port)) for _ in range(POLLS)]
        for poll in polls:
            poll.sendall(head + request)
        time.sleep(1)
        cpu_before = broker.cpu_seconds()
        time.sleep(10)
        cpu = (broker.cpu_seconds() - cpu_before) / 10 * 100
        report.add(f"{POLLS:,} idle long polls, CPU", cpu, "% of a core",
                   verdict(cpu < POLL_CPU_TARGET, f"below {POLL_CPU_TARGET:.0f} %"))
        woken, times, cpu_before = [], [], broker.cpu_seconds()
        for _ in range(200):
            started = time.perf_counter()
            connection.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "x"})
            answered = wait_for_answers(polls)
            times.append((time.perf_counter() - started) * 1e3)
            woken.append(len(answered))
            for poll in answered:
                polls.remove(poll)
                poll.close()
        cpu = (broker.cpu_seconds() - cpu_before) / 200 * 1e6
        report.add("    polls that one message woke, of 200 messages", max(woken), "at most",
                   verdict(set(woken) == {1}, "exactly one"))
        report.add("    send to answer", statistics.median(times), "ms",
                   f"{cpu:.0f} us CPU of the broker each")
        for poll in polls:
            poll.close()


def wait_for_answers(polls):
    """The polls with an answer: waits for the first, and a moment longer for any others."""
    with selectors.EpollSelector() as selector:
        for poll in polls:
            selector.register(poll, selectors.EVENT_READ)
        first = selector.select(10)
        time.sleep(0.002)
        return [key.fileobj for key, _ in selector.select(0) or first]


# ---- FIFO ----

def measure_fifo(report, directory, consumers=64, groups=200, per_group=250):
    """Messages of many groups, as 64 consumers get them while they are still being sent."""
    with running(directory) as broker:
        connection = connect(broker)
        url = create(connection, "orders.fifo", {"FifoQueue": "true",
                                                 "ContentBasedDeduplication": "true"})
        seen, lock, wanted = {}, threading.Lock(), groups * per_group
        is_over, failures = threading.Event(), []

        def send(number):
            mine = connect(broker)
            for message in range(per_group):
                for first in range(number * 10, groups, 40):
                    mine.call("sqs", "SendMessageBatch", {"QueueUrl": url, "Entries": [
                        {"Id": str(group), "MessageBody": f"{group}:{message}",
                         "MessageGroupId": f"group-{group}"}
                        for group in range(first, min(first + 10, groups))]})

        def consume():
            mine = connect(broker)
            while not is_over.is_set():
                messages = mine.call("sqs", "ReceiveMessage", {
                    "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1,
                }).get("Messages", [])
                if not messages:
                    continue
                with lock:
                    for message in messages:
                        group, number = message["Body"].split(":")
                        seen.setdefault(group, []).append(int(number))
                    if sum(map(len, seen.values())) >= wanted:
                        is_over.set()
                answer = mine.call("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": [
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)]})
                failures.extend(answer.get("Failed", []))

        started = time.perf_counter()
        threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        threads += [threading.Thread(target=consume) for _ in range(consumers)]
        for thread in threads:
            thread.start()
        finished = is_over.wait(600)
        is_over.set()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
        breaks = sum(b < a for numbers in seen.values() for a, b in zip(numbers, numbers[1:]))
        twice = sum(len(numbers) - len(set(numbers)) for numbers in seen.values())
        missing = wanted - sum(len(set(numbers)) for numbers in seen.values())
        report.add(f"FIFO, {consumers} consumers, {groups} groups", wanted / seconds, "msgs/s",
                   "" if finished else "not all arrived in time")
        for name, count in (("order breaks", breaks), ("duplicates", twice),
                            ("missing", missing), ("deletes refused", len(failures))):
            report.add(f"    {name} of {wanted:,}", count, "", verdict(count == 0, "none"))


PARTS = {
    "backlog": measure_backlog,
    "restart": measure_restart,
    "delete": measure_delete,
    "polls": lambda report, directory, _: measure_polls(report, directory),
    "fifo": lambda report, directory, _: measure_fifo(report, directory),
}


def main():
    parser = argparse.ArgumentParser(prog="bench/queues")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--only", choices=list(PARTS), action="append")
    parser.add_argument("--data-dir", metavar="DIR", help="put data there; it must be on a disk")
    parser.add_argument("--json", metavar="FILE", help="also write the rows as JSON lines")
    arguments = parser.parse_args()
    if arguments.data_dir:
        os.makedirs(arguments.data_dir, exist_ok=True)
        os.environ["SIGNALBOX_TEST_DIR"] = arguments.data_dir
    report = Report(arguments.json)
    directory = None
    try:
        directory = disk_directory("signalbox-bench-")
        describe_machine(report, directory)
        measure_sync(report, directory)
        for part in arguments.only or PARTS:
            PARTS[part](report, directory, arguments.messages)
    except BrokerError as error:
        print(f"bench/queues: {error}", file=sys.stderr)
        return 1
    finally:
        report.write()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
