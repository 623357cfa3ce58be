"""The application of the Celery tests: the worker and the tests import it."""

import os
import pathlib
import time
from urllib.parse import urlsplit

from celery import Celery

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
FOLDER = pathlib.Path(os.environ["CELERY_TEST_FOLDER"])
# A poll that finds nothing comes back before the next one, so that a worker stops at once.
TRANSPORT = {"region": "us-east-1", "is_secure": False, "wait_time_seconds": 1,
             "polling_interval": 0}
address = urlsplit(ENDPOINT)
app = Celery("tasks", broker=f"sqs://AKIAIOSFODNN7EXAMPLE:secret@{address.netloc}//",
             backend=f"file://{FOLDER}")
app.conf.update(
    broker_transport_options=TRANSPORT, task_default_queue="celery-default",
    worker_enable_remote_control=False, broker_connection_retry_on_startup=True,
    task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)


def attempts(name):
    """How often a task of that name has begun, over all workers, this time included."""
    path = FOLDER / f"{name}.attempts"
    with open(path, "a", encoding="ascii") as log:
        log.write("x")
    return path.stat().st_size


@app.task
def add(a, b):
    return a + b


@app.task(bind=True, max_retries=3)
def fails_twice(self, name):
    count = attempts(name)
    if count < 3:
        raise self.retry(countdown=1)
    return count


@app.task
def hangs_once(name):
    """Never ends the first time: whoever runs it has to be killed."""
    count = attempts(name)
    if count == 1:
        time.sleep(600)
    return count


@app.task
def appends(name, text):
    with open(FOLDER / name, "a", encoding="utf-8") as log:
        log.write(text)
