"""Celery over kombu's SQS transport: a worker in a process of its own, and kombu by itself."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
os.environ["CELERY_TEST_FOLDER"] = tempfile.mkdtemp(prefix="signalbox-celery-")

import boto3  # noqa: E402
import kombu  # noqa: E402

import checks  # noqa: E402
import tasks  # noqa: E402

PATIENCE_S = 40


class Worker:
    """`celery worker` on some queues, gone after close()."""

    def __init__(self, *queues, pool="solo"):
        self._log = open(tasks.FOLDER / f"{queues[0]}.log", "ab")  # closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", pool,
             "--concurrency", "2", "--loglevel", "INFO", "-Q", ",".join(queues)],
            cwd=HERE, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def kill(self):
        """As when its machine dies: nothing is handed back."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """A warm shutdown; returns the exit status."""
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    def close(self):
        if self._process.poll() is None:
            self.kill()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {PATIENCE_S} s")
        time.sleep(0.02)


class CeleryTest(unittest.TestCase):
    def setUp(self):
        self.sqs = boto3.client("sqs")

    def counts(self, queue):
        """(waiting, in flight, delayed) messages."""
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return tuple(int(found[name]) for name in names)


class Workers(CeleryTest):
    def test_a_pool_runs_tasks_and_leaves_nothing_behind(self):
        with Worker("sums", pool="prefork") as worker:
            results = [tasks.add.apply_async((number, 1), queue="sums") for number in range(30)]
            self.assertEqual([result.get(PATIENCE_S) for result in results],
                             [number + 1 for number in range(30)])
            wait_until(lambda: self.counts("sums") == (0, 0, 0), "the last acknowledgement")
            self.assertEqual(worker.stop(), 0)

    def test_a_task_that_asks_for_retries_runs_again(self):
        with Worker("retries"):
            result = tasks.fails_twice.apply_async(("twice",), queue="retries")
            self.assertEqual(result.get(PATIENCE_S), 3)

    def test_the_task_of_a_killed_worker_comes_back_after_its_visibility_timeout(self):
        self.sqs.create_queue(QueueName="killed", Attributes={"VisibilityTimeout": "3"})
        with Worker("killed") as worker:
            result = tasks.hangs_once.apply_async(("hang",), queue="killed")
            wait_until((tasks.FOLDER / "hang.attempts").exists, "the first attempt")
            self.assertEqual(self.counts("killed"), (0, 1, 0))
            worker.kill()
        with Worker("killed"):
            self.assertEqual(result.get(PATIENCE_S), 2)
            wait_until(lambda: self.counts("killed") == (0, 0, 0), "the acknowledgement")

    def test_tasks_of_one_group_of_a_fifo_queue_run_in_their_order(self):
        self.sqs.create_queue(QueueName="line.fifo", Attributes={"FifoQueue": "true"})
        for letter in "abcdefghij":
            tasks.appends.apply_async(("order", letter), queue="line.fifo", MessageGroupId="g")
        # One process: a poll may return several messages of a group, and a pool runs them at once.
        with Worker("line.fifo"):
            wait_until(lambda: self.counts("line.fifo") == (0, 0, 0), "the last task")
        self.assertEqual((tasks.FOLDER / "order").read_text(encoding="utf-8"), "abcdefghij")


class Kombu(CeleryTest):
    def connect(self, **options):
        connection = kombu.Connection(tasks.app.conf.broker_url,
                                      transport_options={**tasks.TRANSPORT, **options})
        self.addCleanup(connection.release)
        return connection

    def test_a_simple_queue_gives_what_was_put_and_knows_its_size(self):
        with self.connect().SimpleQueue("simple") as queue:
            queue.put({"text": "größer"}, serializer="json")
            self.assertEqual(queue.qsize(), 1)
            message = queue.get(timeout=PATIENCE_S)
            self.assertEqual(message.payload, {"text": "größer"})
            message.ack()
            self.assertEqual(self.counts("simple"), (0, 0, 0))

    def test_a_requeued_message_comes_back_at_once(self):
        with self.connect().SimpleQueue("requeued") as queue:
            queue.put("again")
            queue.get(timeout=PATIENCE_S).requeue()
            message = queue.get(timeout=PATIENCE_S)
            self.assertEqual(message.payload, "again")
            message.ack()

    def test_purging_a_queue_empties_it(self):
        connection = self.connect()
        with connection.SimpleQueue("purged") as queue:
            for number in range(3):
                queue.put(number)
            queue.clear()
            self.assertEqual(queue.qsize(), 0)

    def test_a_predefined_queue_is_used_by_its_url(self):
        url = self.sqs.create_queue(QueueName="theirs")["QueueUrl"]
        connection = self.connect(predefined_queues={
            "mine": {"url": url, "access_key_id": "AKIAIOSFODNN7EXAMPLE",
                     "secret_access_key": "secret"}})
        with connection.SimpleQueue("mine") as queue:
            queue.put("hello")
            self.assertEqual(self.counts("theirs"), (1, 0, 0))
            message = queue.get(timeout=PATIENCE_S)
            self.assertEqual(message.payload, "hello")
            message.ack()


if __name__ == "__main__":
    try:
        checks.run_tests()
    finally:
        shutil.rmtree(tasks.FOLDER, ignore_errors=True)
