"""Functions under the Runtime API; bench/functions calls it.

Workers do nothing: each is a process that asks for the next invocation and answers null, so that
what is measured is the broker. The figures are of whole runs, from the mapping's creation to an
empty queue, and of invocations one after the other.
"""

import argparse
import multiprocessing
import os
import shutil
import socket
import statistics
import sys
import time

from bench import Report, describe_machine, measure_sync, running
from queues import Filler, connect, create, settle, verdict
from broker_process import BrokerError, disk_directory

RATE_TARGET = 5_000
LATENCY_TARGET_MS = 1.0
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:"
INVOCATIONS = 2_000
ROLE = "arn:aws:iam::000000000000:role/bench"


class Exchange:
    """HTTP/1.1 on one connection, no more than these requests need."""

    def __init__(self, host, port):
        self.authority = f"{host}:{port}".encode()
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def ask(self, method, path, body=b""):
        """(head, body) of the answer."""
        self.socket.sendall(b"%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s" % (
            method, path, self.authority, len(body), body))
        data = self.buffer
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.more()
        head = data[:end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15:].split(b"\r\n", 1)[0]) if start >= 0 else 0
        end += 4
        while len(data) < end + length:
            data += self.more()
        self.buffer = data[end + length:]
        return head, data[end:end + length]

    def more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise BrokerError("the broker closed the connection")
        return data


def work(host, port):
    """A worker of the function bench, until the broker is gone."""
    exchange = Exchange(host, port)
    base = b"/functions/bench/2018-06-01/runtime/invocation/"
    while True:
        head, _ = exchange.ask(b"GET", base + b"next")
        start = head.find(b"lambda-runtime-aws-request-id:") + 30
        request_id = head[start:].split(b"\r\n", 1)[0].strip()
        exchange.ask(b"POST", base + request_id + b"/response", b"null")


def quiet_work(host, port):
    try:
        work(host, port)
    except (OSError, BrokerError):
        pass


def call(exchange, method, path, text=""):
    head, body = exchange.ask(method, path, text.encode())
    if b" 2" not in head.split(b"\r\n", 1)[0]:
        raise BrokerError(f"{path.decode()} answered {head[:40]!r} {body[:300]!r}")
    return body


class Workers:
    def __init__(self, broker, count):
        place = (broker.host, broker.port)
        self.processes = [multiprocessing.Process(target=quiet_work, args=place)
                          for _ in range(count)]
        for process in self.processes:
            process.start()

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.join()


def create_function(broker):
    call(Exchange(broker.host, broker.port), b"POST", b"/2015-03-31/functions",
         '{"FunctionName":"bench","Role":"%s","PackageType":"Image","Timeout":10,'
         '"Code":{"ImageUri":"attached"}}' % ROLE)


def measure_mapping(report, directory, arguments):
    """Messages a second through a mapping with batches of ten."""
    rates = []
    with running(directory) as broker:
        create_function(broker)
        workers = Workers(broker, arguments.workers)
        try:
            for number in range(arguments.rounds):
                connection = connect(broker)
                name = f"mapped-{number}"
                url = create(connection, name)
                Filler().fill(broker, url, arguments.messages)
                settle(broker)
                started = time.perf_counter()
                call(Exchange(broker.host, broker.port), b"POST",
                     b"/2015-03-31/event-source-mappings",
                     '{"EventSourceArn":"%s","FunctionName":"bench","BatchSize":10}'
                     % (QUEUE_ARN + name))
                connection = connect(broker)
                while messages_left(connection, url) > 0:
                    time.sleep(0.005)
                rates.append(arguments.messages / (time.perf_counter() - started))
        finally:
            workers.stop()
    rate = statistics.median(rates)
    report.add("messages through a mapping, batches of 10", rate, "messages/s",
               verdict(rate >= RATE_TARGET, f"{RATE_TARGET:,} or more"),
               rounds=[round(each) for each in rates], workers=arguments.workers)


def messages_left(connection, url):
    attributes = connection.call("sqs", "GetQueueAttributes", {
        "QueueUrl": url, "AttributeNames": ["All"]})["Attributes"]
    return (int(attributes["ApproximateNumberOfMessages"])
            + int(attributes["ApproximateNumberOfMessagesNotVisible"]))


def measure_invoke(report, directory):
    """One invocation after the other, and a request that touches nothing, in turns."""
    times = ([], [])
    with running(directory) as broker:
        create_function(broker)
        workers = Workers(broker, 1)
        try:
            exchange = Exchange(broker.host, broker.port)
            paths = ((b"POST", b"/2015-03-31/functions/bench/invocations", "{}"),
                     (b"GET", b"/2015-03-31/functions/bench/configuration", ""))
            for _ in range(INVOCATIONS):
                for side, request in zip(times, paths):
                    started = time.perf_counter()
                    call(exchange, *request)
                    side.append((time.perf_counter() - started) * 1e3)
        finally:
            workers.stop()
    invoke, plain = (sorted(side) for side in times)
    median = statistics.median(invoke)
    report.add("invoke, p50", median, "ms", verdict(median < LATENCY_TARGET_MS,
               f"under {LATENCY_TARGET_MS:g}") + " (client and worker included)")
    report.add("invoke, p99", invoke[int(len(invoke) * 0.99)], "ms")
    report.add("a request that runs nothing, p50", statistics.median(plain), "ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data-dir")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    directory = arguments.data_dir or disk_directory("signalbox-bench-")
    os.makedirs(directory, exist_ok=True)
    report = Report(arguments.json)
    try:
        describe_machine(report, directory)
        measure_sync(report, directory)
        measure_mapping(report, directory, arguments)
        measure_invoke(report, directory)
        report.write()
    except BrokerError as error:
        sys.exit(f"bench/functions: {error}")
    finally:
        if not arguments.data_dir:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
