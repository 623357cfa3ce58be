"""What the SDK tests share: brokers, clients of both protocols, raw requests, assertions."""

import atexit
import functools
import http.client
import itertools
import json
import os
import pathlib
import sys
import time
import unittest
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from broker_process import Broker  # noqa: E402

LONG = bool(os.environ.get("SIGNALBOX_LONG_TESTS"))
REGION = "us-east-1"
ACCOUNT = "000000000000"
_numbers = itertools.count()


_brokers = {}


def shared_broker(*options):
    """One broker per process and set of options. Tests keep apart by names."""
    if options not in _brokers:
        _brokers[options] = Broker(options).start()
    return _brokers[options]


def stop_brokers():
    """Ends the shared brokers of this process."""
    while _brokers:
        _brokers.popitem()[1].close()


atexit.register(stop_brokers)


def client(service, broker, region=REGION, access_key="AKIAIOSFODNN7EXAMPLE"):
    """A boto3 client that sends what it is told: no checks, no retries of its own."""
    return _client(service, broker.endpoint, region, access_key)


@functools.lru_cache(maxsize=64)
def _client(service, endpoint, region, access_key):
    config = botocore.config.Config(
        parameter_validation=False, retries={"total_max_attempts": 1}, read_timeout=40,
        connect_timeout=5, max_pool_connections=20)
    session = boto3.session.Session(aws_access_key_id=access_key, aws_secret_access_key="secret",
                                    region_name=region)
    return session.client(service, endpoint_url=endpoint, config=config)


def unique(prefix):
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def queue_arn(name, region=REGION, account=ACCOUNT):
    return f"arn:aws:sqs:{region}:{account}:{name}"


def wait_until(condition, timeout_s=10.0, what="the condition"):
    """Polls condition until it is truthy and returns its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {timeout_s} s")
        time.sleep(0.01)


class Answer:
    """A raw reply."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type_name(self):
        return self.json.get("__type", "").rpartition("#")[2]

    @property
    def message(self):
        answer = self.json
        return answer.get("message", answer.get("Message"))


class SdkTest(unittest.TestCase):
    """A test against a broker shared by its module. Options select which."""

    options = ()
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.broker = shared_broker(*cls.options)
        cls.sqs = client("sqs", cls.broker)
        cls.events = client("events", cls.broker)

    # ---- queues ----

    def queue(self, prefix="queue", attributes=None, **arguments):
        """The URL of a new queue."""
        if attributes is not None:
            arguments["Attributes"] = attributes
        return self.sqs.create_queue(QueueName=unique(prefix), **arguments)["QueueUrl"]

    @staticmethod
    def name_of(url):
        return url.rpartition("/")[2]

    def attributes(self, url, *names):
        return self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=list(names) or ["All"]).get("Attributes", {})

    def send(self, url, body="hello", **arguments):
        return self.sqs.send_message(QueueUrl=url, MessageBody=body, **arguments)

    def receive(self, url, count=10, **arguments):
        return self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=count, **arguments).get("Messages", [])

    def receive_one(self, url, **arguments):
        messages = self.receive(url, 1, **arguments)
        self.assertEqual(len(messages), 1, "no message")
        return messages[0]

    # ---- buses ----

    def bus(self, prefix="bus"):
        name = unique(prefix)
        self.events.create_event_bus(Name=name)
        return name

    def rule(self, bus, pattern, *targets, name=None):
        """Puts a rule with targets: queue URLs or whole target descriptions."""
        name = name or unique("rule")
        pattern = pattern if isinstance(pattern, str) else json.dumps(pattern)
        self.events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        described = []
        for number, target in enumerate(targets):
            if isinstance(target, str):
                target = {"Id": f"target-{number}", "Arn": queue_arn(self.name_of(target))}
            described.append(target)
        if described:
            answer = self.events.put_targets(Rule=name, EventBusName=bus, Targets=described)
            self.assertEqual(answer["FailedEntryCount"], 0, answer)
        return name

    def put_event(self, bus, detail=None, source="test", detail_type="Test", **members):
        entry = {"Source": source, "DetailType": detail_type, "EventBusName": bus,
                 "Detail": detail if isinstance(detail, str) else json.dumps(detail or {})}
        entry.update(members)
        answer = self.events.put_events(Entries=[entry])
        self.assertEqual(answer["FailedEntryCount"], 0, answer["Entries"])
        return answer["Entries"][0]["EventId"]

    # ---- raw requests ----

    def raw(self, method, path, body=b"", headers=None, broker=None):
        broker = broker or self.broker
        connection = http.client.HTTPConnection(broker.host, broker.port, timeout=40)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def post_json(self, target, body, headers=None, path="/"):
        """POSTs JSON (or bytes as they are) with an X-Amz-Target, unsigned."""
        version = "1.0" if target.startswith("AmazonSQS") else "1.1"
        every = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
        every.update(headers or {})
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.raw("POST", path, body, every)

    def post_form(self, members, path="/", headers=None):
        """POSTs a Query-protocol form."""
        every = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        every.update(headers or {})
        body = members if isinstance(members, bytes) else urllib.parse.urlencode(members).encode()
        return self.raw("POST", path, body, every)

    # ---- refusals ----

    def refused(self, code, function, /, *arguments, message=None, status=400, **keywords):
        """Asserts that the call fails with this error code, message (text or regex) and status."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            function(*arguments, **keywords)
        response = caught.exception.response
        found = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
        self.assertEqual(found, (code, status), response["Error"])
        self._check_message(message, response["Error"]["Message"])
        return caught.exception

    def _check_message(self, wanted, found):
        if wanted is None:
            return
        if hasattr(wanted, "search"):
            self.assertRegex(found, wanted)
        else:
            self.assertEqual(found, wanted)

    def assert_answer(self, answer, status, type_name, message=None):
        self.assertEqual((answer.status, answer.type_name), (status, type_name), answer.text[:500])
        self._check_message(message, answer.message)


class ClockTest(SdkTest):
    """A test that moves time: it has the module's --test-clock broker."""

    options = ("--test-clock",)

    def advance(self, seconds):
        self.broker.advance(f"PT{seconds}S")
