"""A broker with the example services on it, and an observer that sees every event of the bus."""

import collections
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import broker_process  # noqa: E402
import wire  # noqa: E402

BUS = "ecommerce-events"
SERVICES = ("order", "payment", "inventory")
SOURCES = [f"{name}-service" for name in SERVICES]
TIMEOUT_S = 20.0
LAST_TYPES = ("order.confirmed", "order.cancelled")
# Settings of the person's own shell must not lead the services elsewhere.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}


def built():
    """The directory with the broker and, in examples/, the services."""
    return pathlib.Path(broker_process.binary_path()).parent


def lasting_port():
    """A free port that no outgoing connection is given while the broker is away."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as ephemeral:
        first_ephemeral = int(ephemeral.read().split()[0])
    while True:
        port = random.randrange(min(10_000, first_ephemeral // 2), first_ephemeral)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # taken


class FixedPortBroker(broker_process.Broker):
    """Comes back on the same address after a kill, so that the services find it again."""

    def __init__(self, options=()):
        super().__init__(options)
        self.fixed_port = lasting_port()

    def command(self, listen=None):
        return super().command(listen or f"127.0.0.1:{self.fixed_port}")

    @property
    def fixed_endpoint(self):
        return f"http://127.0.0.1:{self.fixed_port}"


class Service:
    """One process of build/PRESET/examples."""

    def __init__(self, name, shop, arguments):
        self.name = name
        self.log_path = pathlib.Path(shop.broker.work_dir) / f"{name}.log"
        self.ready_path = pathlib.Path(shop.broker.work_dir) / f"{name}.ready"
        self.command = [str(built() / "examples" / f"{name}_service"),
                        "--endpoint", shop.broker.fixed_endpoint,
                        "--ready-file", str(self.ready_path), *arguments]
        self.process = None

    def spawn(self):
        self.ready_path.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=ENVIRONMENT)

    def wait_until_ready(self):
        deadline = time.monotonic() + TIMEOUT_S
        while not (self.ready_path.exists() and self.ready_path.read_text()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.name} did not start:\n{self.log()}")
            time.sleep(0.005)

    def start(self):
        self.spawn()
        self.wait_until_ready()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def terminate(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_S)

    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:] if self.log_path.exists() else ""


class Shop:
    def __init__(self, broker_options=(), **service_arguments):
        """service_arguments: for example payment=["--limit", "50"]; all= goes to each of them."""
        self.broker = FixedPortBroker(broker_options)
        everywhere = service_arguments.get("all", [])
        self.services = {name: Service(name, self, everywhere + service_arguments.get(name, []))
                         for name in SERVICES}
        self.connection = None
        self.observer_url = ""
        self.events = {}  # by id, in the order seen

    def start(self):
        self.broker.start()
        self.spawn_services()
        return self.finish_start()

    def spawn_services(self):
        for service in self.services.values():
            service.spawn()

    def finish_start(self):
        for service in self.services.values():
            service.wait_until_ready()
        self.observe()
        return self

    def close(self):
        for service in self.services.values():
            service.kill()
        self.broker.close()

    def observe(self):
        """Subscribes a queue to everything that the services say."""
        self.observer_url = self.call("sqs", "CreateQueue", {"QueueName": "observer"})["QueueUrl"]
        arn = self.queue_attributes("observer")["QueueArn"]
        self.call("events", "PutRule", {"Name": "observer", "EventBusName": BUS,
                                        "EventPattern": json.dumps({"source": SOURCES})})
        self.call("events", "PutTargets", {"Rule": "observer", "EventBusName": BUS,
                                           "Targets": [{"Id": "queue", "Arn": arn}]})

    def call(self, service, operation, request):
        """Again when the broker was killed meanwhile; every call made here can be repeated."""
        for last in (False, True):
            try:
                if self.connection is None:
                    self.connection = wire.Connection("127.0.0.1", self.broker.fixed_port)
                return self.connection.call(service, operation, request)
            except wire.Gone:
                self.connection = None
                if last:
                    raise

    def queue_url(self, name):
        return self.call("sqs", "GetQueueUrl", {"QueueName": name})["QueueUrl"]

    def queue_attributes(self, name):
        return self.call("sqs", "GetQueueAttributes", {
            "QueueUrl": self.queue_url(name), "AttributeNames": ["All"]})["Attributes"]

    def placing(self, order, *items, card=None):
        """The process that places the order as a person would."""
        command = [str(built() / "examples" / "order_service"), "place", "--order", order,
                   "--endpoint", self.broker.fixed_endpoint]
        for item in items:
            command += ["--item", item]
        if card:
            command += ["--card", card]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, env=ENVIRONMENT)

    def place(self, order, *items, card=None):
        """Event id, correlation and cause, as printed."""
        process = self.placing(order, *items, card=card)
        output, _ = process.communicate(timeout=60)
        match = re.search(r" placed, total \S+: event (\S+), (corr_\w+), (req_\w+)\n$", output)
        if process.returncode != 0 or not match:
            raise AssertionError(f"placing ended with {process.returncode}: {output}")
        return match.groups()

    def put_orders(self, cards_by_order):
        """Places many orders at once, ten a request."""
        orders = list(cards_by_order.items())
        for first in range(0, len(orders), 10):
            entries = [{"EventBusName": BUS, "Source": "order-service",
                        "DetailType": "order.created", "Detail": json.dumps(order_detail(*order))}
                       for order in orders[first:first + 10]]
            answer = self.call("events", "PutEvents", {"Entries": entries})
            assert answer["FailedEntryCount"] == 0, answer

    def collect(self, wait_s=1):
        """Takes what the observer got so far."""
        answer = self.call("sqs", "ReceiveMessage", {
            "QueueUrl": self.observer_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_s})
        messages = answer.get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            self.events.setdefault(event["id"], event)
            self.call("sqs", "DeleteMessage", {"QueueUrl": self.observer_url,
                                               "ReceiptHandle": message["ReceiptHandle"]})
        return len(messages)

    def collect_until(self, condition, what, wait_s=1):
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > deadline:
                logs = "".join(f"{s.name}:\n{s.log()}" for s in self.services.values())
                raise AssertionError(f"{what}: not within {TIMEOUT_S} s\n{logs}")
            self.collect(wait_s)

    def collect_ends(self, orders):
        self.collect_until(lambda: set(orders) <= self.ended(), "all orders have ended")

    def collect_outcomes(self, orders):
        """Until each order has ended, and then until nobody has anything left to do."""
        self.collect_ends(orders)
        self.collect_until(self.is_quiet, "the services' queues are empty")
        while self.collect(wait_s=0):
            pass

    def is_quiet(self):
        counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        # Two rounds: an order could move on into a queue just looked at.
        for source in SOURCES * 2:
            attributes = self.queue_attributes(source)
            if any(attributes[count] != "0" for count in counts):
                return False
        return True

    def ended(self):
        return {event["detail"]["orderId"] for event in self.events.values()
                if event["detail-type"] in LAST_TYPES}

    def events_of(self, order):
        return [event for event in self.events.values() if event["detail"]["orderId"] == order]

    def types_of(self, order):
        """How often each event of an order was said."""
        return collections.Counter(event["detail-type"] for event in self.events_of(order))


def order_detail(order, card):
    return {"orderId": order, "customerId": "cust_111", "total": 29.99, "cardToken": card,
            "items": [{"productId": "prod_222", "quantity": 1, "price": 29.99}],
            "metadata": {"correlationId": f"corr_{order}", "causationId": f"req_{order}",
                         "userId": "user_456"}}
