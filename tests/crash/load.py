"""The mixed load: threads with one connection each, every operation entered in the ledger."""

import itertools
import json
import random
import threading
import time

import ledger as ledgers
from wire import Connection, Gone, Refused

CONNECTIONS = 16
VISIBILITY_S = 2
HIDDEN_S = 4
BUS = "crash"
PLAIN_QUEUES = ["work-0", "work-1", "redriven"]
EVENT_QUEUES = ["events-a", "events-b"]
ALL_QUEUES = PLAIN_QUEUES + EVENT_QUEUES
ROUTES = {"single": ["events-a"], "both": ["events-a", "events-b"], "none": []}
SOURCE = "crash.load"
# Control-plane operations a cycle: enough to be cut in the middle, few enough to check quickly.
CREATED_MAX = 60

ACCOUNT_ARN = "arn:aws:sqs:us-east-1:000000000000:"


def prepare(connection):
    """Creates the queues, the bus, its rules and targets; all idempotent."""
    for queue in ALL_QUEUES + ["dead"]:
        attributes = {"VisibilityTimeout": str(VISIBILITY_S)}
        connection.call("sqs", "CreateQueue", {"QueueName": queue, "Attributes": attributes})
    policy = json.dumps({"deadLetterTargetArn": ACCOUNT_ARN + "dead", "maxReceiveCount": 1000})
    connection.call("sqs", "SetQueueAttributes", {
        "QueueUrl": "redriven", "Attributes": {"RedrivePolicy": policy}})
    try:
        connection.call("events", "CreateEventBus", {"Name": BUS})
    except Refused as refusal:
        if refusal.type_name != "ResourceAlreadyExistsException":
            raise
    for detail_type, queues in ROUTES.items():
        if queues:
            pattern = json.dumps({"source": [SOURCE], "detail-type": [detail_type]})
            connection.call("events", "PutRule", {"Name": detail_type, "EventBusName": BUS,
                                                  "EventPattern": pattern})
            targets = [{"Id": queue, "Arn": ACCOUNT_ARN + queue} for queue in queues]
            connection.call("events", "PutTargets", {"Rule": detail_type, "EventBusName": BUS,
                                                     "Targets": targets})


def check_body(queue, message):
    """(token, what is wrong or None) of a message received from queue."""
    body = message["Body"]
    if queue in EVENT_QUEUES:
        try:
            event = json.loads(body)
            token = event["detail"]["token"]
        except (ValueError, KeyError, TypeError):
            return "", "not an event: " + body[:80]
        return token, check_event(event)
    token = ledgers.token_of(body)
    if body != ledgers.body_of(token):
        return token, "another body than was sent"
    attributes = message.get("MessageAttributes", {})
    if attributes and attributes.get("token", {}).get("StringValue") != token:
        return token, "another attribute than was sent"
    return token, None


def check_event(event):
    token = event["detail"]["token"]
    if event["detail"].get("text") != ledgers.body_of(token):
        return "another detail than was put"
    if event.get("source") != SOURCE or event.get("detail-type") not in ROUTES:
        return "another envelope than was put"
    return None


class Worker(threading.Thread):
    """One connection. Ends when the broker is gone or the load is stopped."""

    def __init__(self, index, cycle, broker, ledger, stop):
        super().__init__(daemon=True)
        self.name = f"c{cycle:03d}-w{index:02d}"
        self.random = random.Random(self.name)
        self.broker, self.ledger, self.stop = broker, ledger, stop
        self.numbers = itertools.count()
        self.created = itertools.count()
        self.connection = None
        self.operations = [(24, self.send), (12, self.send_batch), (18, self.receive_and_delete),
                           (12, self.receive_and_delete_batch), (6, self.hide),
                           (20, self.put_events), (3, self.create_queue), (3, self.create_rule)]

    def run(self):
        functions = [function for _, function in self.operations]
        weights = [weight for weight, _ in self.operations]
        try:
            self.connection = Connection(self.broker.host, self.broker.port)
            while not self.stop.is_set():
                self.random.choices(functions, weights)[0]()
        except Gone:
            pass
        except Refused as refusal:
            self.ledger.problem("refused", f"{self.name}: {refusal}")
        except Exception as error:  # pylint: disable=broad-except
            self.ledger.problem("wrong", f"{self.name}: {type(error).__name__}: {error}")

    def token(self):
        return f"{self.name}-{next(self.numbers):06d}"

    def sqs(self, operation, **request):
        return self.connection.call("sqs", operation, request)

    def events(self, operation, **request):
        return self.connection.call("events", operation, request)

    # ---- sending ----

    def message(self, token):
        entry = {"MessageBody": ledgers.body_of(token)}
        if self.random.random() < 0.1:
            entry["DelaySeconds"] = 1
        if self.random.random() < 0.2:
            entry["MessageAttributes"] = {"token": {"DataType": "String", "StringValue": token}}
        return entry

    def send(self):
        queue, token = self.random.choice(PLAIN_QUEUES), self.token()
        copy = self.ledger.ask_send(queue, token)
        answer = self.sqs("SendMessage", QueueUrl=queue, **self.message(token))
        self.ledger.ack_send(copy, answer["MessageId"])
        self.ledger.ack()

    def send_batch(self):
        queue = self.random.choice(PLAIN_QUEUES)
        tokens = [self.token() for _ in range(self.random.randint(2, 10))]
        copies = [self.ledger.ask_send(queue, token) for token in tokens]
        entries = [{"Id": str(i), **self.message(token)} for i, token in enumerate(tokens)]
        answer = self.sqs("SendMessageBatch", QueueUrl=queue, Entries=entries)
        if answer.get("Failed"):
            self.ledger.problem("refused", f"{queue}: {answer['Failed'][0]}")
        for result in answer["Successful"]:
            self.ledger.ack_send(copies[int(result["Id"])], result["MessageId"])
        self.ledger.ack()

    def put_events(self):
        entries, tokens, queues = [], [], []
        for _ in range(self.random.randint(1, 5)):
            token, detail_type = self.token(), self.random.choice(list(ROUTES))
            detail = json.dumps({"token": token, "text": ledgers.body_of(token)})
            entries.append({"Source": SOURCE, "DetailType": detail_type, "Detail": detail,
                            "EventBusName": BUS})
            tokens.append(token)
            queues.append(ROUTES[detail_type])
        call = self.ledger.ask_events(tokens, queues)
        answer = self.events("PutEvents", Entries=entries)
        if answer["FailedEntryCount"]:
            self.ledger.problem("refused", f"PutEvents: {answer['Entries']}")
        call.event_ids = [entry.get("EventId") for entry in answer["Entries"]]
        call.acked = True
        self.ledger.ack()

    # ---- receiving ----

    def receive(self, queue, count_max):
        asked_at = time.monotonic()
        answer = self.sqs("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=count_max,
                          MessageAttributeNames=["All"])
        received = []
        for message in answer.get("Messages", []):
            copy = self.ledger.receive(queue, message, asked_at, check_body)
            if copy is not None:
                received.append((copy, message["ReceiptHandle"]))
        return received

    def receive_and_delete(self):
        queue = self.random.choice(ALL_QUEUES)
        for copy, handle in self.receive(queue, 1):
            copy.delete_asked = True
            self.sqs("DeleteMessage", QueueUrl=queue, ReceiptHandle=handle)
            copy.deleted_at = time.monotonic()
            self.ledger.ack()

    def receive_and_delete_batch(self):
        queue = self.random.choice(ALL_QUEUES)
        received = self.receive(queue, 10)
        if not received:
            return
        entries = []
        for i, (copy, handle) in enumerate(received):
            copy.delete_asked = True
            entries.append({"Id": str(i), "ReceiptHandle": handle})
        answer = self.sqs("DeleteMessageBatch", QueueUrl=queue, Entries=entries)
        if answer.get("Failed"):
            self.ledger.problem("refused", f"{queue}: {answer['Failed'][0]}")
        for result in answer["Successful"]:
            received[int(result["Id"])][0].deleted_at = time.monotonic()
        self.ledger.ack()

    def hide(self):
        queue = self.random.choice(PLAIN_QUEUES)
        for copy, handle in self.receive(queue, 1):
            timeout_s = self.random.choice([0, HIDDEN_S])
            asked_at = time.monotonic()
            self.sqs("ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=handle,
                     VisibilityTimeout=timeout_s)
            copy.hidden_until = asked_at + timeout_s if timeout_s else 0.0
            self.ledger.ack()

    # ---- creating ----

    def create_queue(self):
        if next(self.created) * CONNECTIONS > CREATED_MAX:
            return
        name = "made-" + self.token()
        self.sqs("CreateQueue", QueueName=name, Attributes={"DelaySeconds": "7"})
        self.ledger.created["queue", name] = "7"
        self.ledger.ack()
        if self.random.random() < 0.3:
            del self.ledger.created["queue", name]
            self.sqs("DeleteQueue", QueueUrl=name)
            self.ledger.removed.add(name)
            self.ledger.ack()

    def create_rule(self):
        if next(self.created) * CONNECTIONS > CREATED_MAX:
            return
        name = "made-" + self.token()
        pattern = json.dumps({"source": [name]})
        self.events("PutRule", Name=name, EventBusName=BUS, EventPattern=pattern)
        self.ledger.created["rule", name] = pattern
        self.ledger.ack()
        target = {"Id": "only", "Arn": ACCOUNT_ARN + "work-0"}
        self.events("PutTargets", Rule=name, EventBusName=BUS, Targets=[target])
        self.ledger.created["target", name] = target["Arn"]
        self.ledger.ack()
