"""Handlers as people write them: they know Lambda, and nothing of who calls them."""

import os
import time


def echo(event, context):
    return {"event": event, "request_id": context.aws_request_id,
            "remaining_ms": context.get_remaining_time_in_millis()}


def fail(event, context):
    raise ValueError(f"no such order: {event['order']}")


def sleep(event, context):
    time.sleep(event["seconds"])
    return "slept"


def large(event, context):
    return "x" * event["bytes"]


def environment(event, context):
    return dict(os.environ)


def client(event, context):
    return context.client_context.custom
