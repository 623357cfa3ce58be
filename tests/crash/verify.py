"""After a restart: drains every queue, reads the bus's log and looks up what was created."""

import threading
import time

import load
from wire import Connection, Refused

COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed"]
# Leases, delays and hidden messages of the load are over by then.
DRAIN_S = load.HIDDEN_S + load.VISIBILITY_S + 8


def verify(broker, ledger, log_cursor):
    """Enters every breach in ledger.problems; returns the bus log's cursor for the next cycle."""
    drains = [threading.Thread(target=guarded, args=(ledger, drain, broker, ledger, queue))
              for queue in load.ALL_QUEUES + ["dead"]]
    for thread in drains:
        thread.start()
    connection = Connection(broker.host, broker.port)
    guarded(ledger, check_created, connection, ledger)
    for thread in drains:
        thread.join()
    ledger.judge_copies()
    log = {}
    try:
        log_cursor = read_bus_log(connection, ledger, log, log_cursor)
        ledger.judge_events(log)
    except Refused as refusal:
        ledger.problem("lost", f"the log of bus {load.BUS} cannot be read: {refusal}")
    connection.close()
    return log_cursor


def guarded(ledger, function, *arguments):
    try:
        function(*arguments)
    except Refused as refusal:
        ledger.problem("lost", f"{function.__name__}: {refusal}")
    except Exception as error:  # pylint: disable=broad-except
        ledger.problem("wrong", f"{function.__name__}: {type(error).__name__}: {error}")


def count_left(connection, queue):
    answer = connection.call("sqs", "GetQueueAttributes",
                             {"QueueUrl": queue, "AttributeNames": COUNTS})
    return sum(int(answer["Attributes"][name]) for name in COUNTS)


def drain(broker, ledger, queue):
    """Receives and deletes until the queue itself counts nothing left, then once more."""
    connection = Connection(broker.host, broker.port)
    deadline = time.monotonic() + DRAIN_S
    while True:
        empty = not take(connection, ledger, queue, wait_s=0)
        if empty:
            left = count_left(connection, queue)
            if left == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    if left:
        ledger.problem("wrong", f"{queue} counts {left} messages but hands out none")
    take(connection, ledger, queue, wait_s=1)
    connection.close()


def take(connection, ledger, queue, wait_s):
    asked_at = time.monotonic()
    answer = connection.call("sqs", "ReceiveMessage", {
        "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600,
        "WaitTimeSeconds": wait_s, "MessageAttributeNames": ["All"]})
    messages = answer.get("Messages", [])
    for message in messages:
        ledger.receive(queue, message, asked_at, load.check_body, draining=True)
    if messages:
        entries = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                   for i, message in enumerate(messages)]
        connection.call("sqs", "DeleteMessageBatch", {"QueueUrl": queue, "Entries": entries})
    return messages


def read_bus_log(connection, ledger, log, cursor):
    """Fills log: token -> event ids. Starts behind what an earlier cycle has read."""
    while True:
        page = connection.get(
            f"/_signalbox/events?bus={load.BUS}&limit=1000&from={cursor or 'start'}")
        for event in (found["event"] for found in page["events"]):
            token = event["detail"]["token"]
            fault = load.check_event(event)
            if fault:
                ledger.problem("wrong", f"bus log {token}: {fault}")
            log.setdefault(token, []).append(event["id"])
        cursor = page["next"]
        if not page["more"]:
            return cursor


def check_created(connection, ledger):
    """What was created is there; what was deleted is not. Then removes it, for the next cycle."""
    for (kind, name), wanted in sorted(ledger.created.items()):
        try:
            found = look_up(connection, kind, name)
        except Refused as refusal:
            found = str(refusal)
        if found != wanted:
            ledger.problem("lost", f"{kind} {name}: {found!r} instead of {wanted!r}")
    for name in ledger.removed:
        try:
            connection.call("sqs", "GetQueueUrl", {"QueueName": name})
            ledger.problem("back", f"queue {name} was deleted and came back")
        except Refused as refusal:
            if refusal.type_name != "QueueDoesNotExist":
                ledger.problem("wrong", f"deleted queue {name}: {refusal}")
    remove_created(connection)


def look_up(connection, kind, name):
    if kind == "queue":
        connection.call("sqs", "GetQueueUrl", {"QueueName": name})
        answer = connection.call("sqs", "GetQueueAttributes", {
            "QueueUrl": name, "AttributeNames": ["DelaySeconds"]})
        return answer["Attributes"]["DelaySeconds"]
    if kind == "rule":
        answer = connection.call("events", "DescribeRule", {"Name": name, "EventBusName": load.BUS})
        return answer["EventPattern"]
    answer = connection.call("events", "ListTargetsByRule",
                             {"Rule": name, "EventBusName": load.BUS})
    return answer["Targets"][0]["Arn"] if answer["Targets"] else None


def remove_created(connection):
    while True:
        answer = connection.call("sqs", "ListQueues", {"QueueNamePrefix": "made-"})
        urls = answer.get("QueueUrls", [])
        for url in urls:
            connection.call("sqs", "DeleteQueue", {"QueueUrl": url})
        if not urls:
            break
    while True:
        answer = connection.call("events", "ListRules", {"EventBusName": load.BUS,
                                                         "NamePrefix": "made-"})
        for rule in answer["Rules"]:
            names = {"Rule": rule["Name"], "EventBusName": load.BUS}
            for target in connection.call("events", "ListTargetsByRule", names)["Targets"]:
                connection.call("events", "RemoveTargets", {**names, "Ids": [target["Id"]]})
            connection.call("events", "DeleteRule", {"Name": rule["Name"],
                                                     "EventBusName": load.BUS})
        if not answer["Rules"]:
            break
