"""A disk whose syncs fail under a running broker.

The reply says that the outcome is unknown, nothing more is promised, the process ends with status 1
and its next start holds everything acknowledged.
"""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import broker_process  # noqa: E402
import wire  # noqa: E402

SHIM = pathlib.Path(broker_process.binary_path()).resolve().parent / "tests" / "sync_error.so"
SENT_BEFORE = 40


class SyncError(unittest.TestCase):
    def start(self, *options):
        self.broker = broker_process.Broker(options)
        self.addCleanup(self.broker.close)
        self.when = os.path.join(self.broker.work_dir, "the disk is bad")
        self.broker.start({"LD_PRELOAD": str(SHIM), "SYNC_ERROR_WHEN": self.when})
        self.connection = self.connect()
        self.connection.call("sqs", "CreateQueue", {"QueueName": "q"})
        for number in range(SENT_BEFORE):
            self.send(f"before {number}")

    def connect(self):
        connection = wire.Connection(self.broker.host, self.broker.port)
        self.addCleanup(connection.close)
        return connection

    def send(self, text):
        self.connection.call("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": text})

    def received(self):
        connection, bodies = self.connect(), []
        while True:
            answer = connection.call("sqs", "ReceiveMessage", {
                "QueueUrl": "q", "MaxNumberOfMessages": 10, "VisibilityTimeout": 600})
            if not answer.get("Messages"):
                return sorted(bodies)
            bodies += [message["Body"] for message in answer["Messages"]]

    def break_the_disk(self):
        pathlib.Path(self.when).touch()

    def test_a_write_that_cannot_be_synced_is_a_500_and_the_broker_ends_with_status_1(self):
        self.start()
        self.break_the_disk()
        with self.assertRaises(wire.Refused) as refused:
            self.send("unknown")
        self.assertEqual(refused.exception.status, 500)
        self.assertEqual(self.broker.wait(), 1)
        self.assertIn("cannot write", self.broker.log_tail())

        self.broker.start()
        held = self.received()
        acknowledged = sorted(f"before {number}" for number in range(SENT_BEFORE))
        # The one that failed may have reached the disk all the same.
        self.assertIn(held, (acknowledged, sorted(acknowledged + ["unknown"])))

    def test_nothing_is_promised_between_the_failed_sync_and_the_end(self):
        self.start()
        self.break_the_disk()
        promised = []
        for number in range(100):
            try:
                self.send(f"after {number}")
                promised.append(number)
            except wire.Refused:
                continue
            except wire.Gone:
                break
        self.assertEqual(promised, [])
        self.assertEqual(self.broker.wait(), 1)

    def test_control_a_broker_that_never_syncs_does_not_notice(self):
        self.start("--durability", "off")
        self.break_the_disk()
        self.send("not synced")
        self.assertIn("not synced", self.received())
