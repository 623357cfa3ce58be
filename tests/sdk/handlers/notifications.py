"""Handlers of queues' messages, as the notification service has them."""

import json
import os
import pathlib
import time


def send_all(event, context):
    """Says which of its messages have failed."""
    failures = []
    for record in event["Records"]:
        try:
            message = json.loads(record["body"])
            if message.get("fails"):
                raise ValueError("no such address")
            note("sent", message)
        except ValueError as error:
            print(f"Failed to process message {record['messageId']}: {error}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def send_slowly(event, context):
    """Tells that it has begun, then takes its time."""
    for record in event["Records"]:
        note("begun", json.loads(record["body"]))
    time.sleep(float(os.environ.get("SECONDS", "1")))
    for record in event["Records"]:
        note("sent", json.loads(record["body"]))


def alert(event, context):
    note("alert", event)


def fail(event, context):
    raise RuntimeError("the mail server is down")


def note(what, message):
    with pathlib.Path(os.environ["NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps({what: message}) + "\n")
