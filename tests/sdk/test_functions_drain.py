"""SIGTERM while functions run: what is with a worker gets to end, nothing more is begun."""

import json
import pathlib
import signal
import tempfile
import threading
import unittest

import botocore.exceptions
import support
from broker_process import Broker
from function_support import ROLE, Worker
from support import queue_arn, wait_until

NEVER_MS = "600000"


def record(number):
    return {"body": json.dumps({"id": number})}


class Drains(unittest.TestCase):
    def start(self, seconds, *options):
        """A broker whose function's worker takes so long for each invocation."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes_path = pathlib.Path(folder.name) / "notes"
        self.seconds = seconds
        self.broker = Broker(options).start()
        self.addCleanup(self.broker.close)
        self.connect()
        self.functions.create_function(FunctionName="notify", Role=ROLE, PackageType="Image",
                                       Code={"ImageUri": "attached"}, Timeout=30)
        self.attach()

    def connect(self):
        self.sqs = support.client("sqs", self.broker)
        self.functions = support.client("lambda", self.broker)

    def attach(self):
        worker = Worker(self.broker, "notify", "notifications.send_slowly",
                        NOTES=str(self.notes_path), SECONDS=str(self.seconds))
        self.addCleanup(worker.stop)

    def start_again(self):
        self.broker.start()
        self.connect()
        self.attach()

    def invoke(self, number, **arguments):
        return self.functions.invoke(FunctionName="notify",
                                     Payload=json.dumps({"Records": [record(number)]}), **arguments)

    def invoke_beside(self, number):
        """Invokes on a thread of its own; returns that, and where its answer or error will be."""
        answers = []

        def run():
            try:
                answers.append(self.invoke(number))
            except botocore.exceptions.ClientError as error:
                answers.append(error.response)
            except botocore.exceptions.HTTPClientError as error:
                answers.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return thread, answers

    def noted(self, what):
        if not self.notes_path.exists():
            return []
        lines = [json.loads(line) for line in self.notes_path.read_text().splitlines()]
        return [line[what]["id"] for line in lines if what in line]

    def wait_for(self, what, numbers):
        wait_until(lambda: self.noted(what) == numbers, what=f"{what}: {numbers}")

    def test_a_client_gets_the_answer_it_waits_for(self):
        self.start(1)
        thread, answers = self.invoke_beside(1)
        self.wait_for("begun", [1])
        self.assertEqual(self.broker.terminate(), 0)
        thread.join()
        self.assertNotIn("FunctionError", answers[0])
        self.assertEqual(answers[0]["StatusCode"], 200)

    def test_an_event_that_was_under_way_is_done_once(self):
        self.start(1)
        self.invoke(1, InvocationType="Event")
        self.wait_for("begun", [1])
        self.assertEqual(self.broker.terminate(), 0)
        self.assertEqual(self.noted("sent"), [1])
        self.start_again()
        self.invoke(2, InvocationType="Event")
        self.wait_for("sent", [1, 2])

    def test_a_batch_that_was_under_way_is_deleted(self):
        self.start(1)
        url = self.sqs.create_queue(QueueName="orders")["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody=record(1)["body"])
        self.functions.create_event_source_mapping(
            EventSourceArn=queue_arn("orders"), FunctionName="notify")
        self.wait_for("begun", [1])
        self.sqs.send_message(QueueUrl=url, MessageBody=record(2)["body"])
        self.assertEqual(self.broker.terminate(), 0)
        self.assertEqual(self.noted("begun"), [1])
        self.start_again()
        self.wait_for("sent", [1, 2])
        wait_until(lambda: self.left(url) == 0, what="an empty queue")

    def left(self, url):
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return (int(attributes["ApproximateNumberOfMessages"])
                + int(attributes["ApproximateNumberOfMessagesNotVisible"]))

    def test_meanwhile_invocations_are_refused_and_a_second_signal_ends_it(self):
        self.start(60, "--drain-timeout-ms", NEVER_MS)
        thread, answers = self.invoke_beside(1)
        self.wait_for("begun", [1])
        self.broker.process.send_signal(signal.SIGTERM)

        def refused():
            other, said = self.invoke_beside(2)
            other.join(timeout=0.5)
            return said and said[0]["Error"]["Code"]

        self.assertEqual(wait_until(refused, what="a refusal"), "ServiceException")
        wait_until(lambda: "functions still run" in self.broker.log_tail(), what="the log line")
        self.assertEqual(self.broker.terminate(), 0)
        thread.join()
        self.assertEqual(self.noted("begun"), [1])
        self.assertEqual(answers[0]["Error"]["Code"], "ServiceException")

    def test_what_takes_longer_than_the_drain_timeout_is_given_up(self):
        self.start(60, "--drain-timeout-ms", "100")
        self.invoke(1, InvocationType="Event")
        self.wait_for("begun", [1])
        self.assertEqual(self.broker.terminate(), 0)
        self.start_again()
        self.wait_for("begun", [1, 1])


if __name__ == "__main__":
    unittest.main()
