"""The AWS CLI: what people type, and what scripts read from it."""

import base64
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import checks  # noqa: E402

ACCOUNT = "000000000000"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def aws(*words):
    # Its interpreter straight away: the script `aws` starts one more.
    command = [sys.executable, HERE / "libraries" / "bin" / "aws", "--endpoint-url", ENDPOINT,
               *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def attributes_md5(attributes):
    """The MD5 that the service documents, for the CLI compares none."""
    digest = hashlib.md5()
    for name, kind, raw in sorted(attributes):
        for part in (name.encode(), kind.encode()):
            digest.update(struct.pack(">I", len(part)) + part)
        digest.update(b"\2" if kind.startswith("Binary") else b"\1")
        digest.update(struct.pack(">I", len(raw)) + raw)
    return digest.hexdigest()


class CliTest(unittest.TestCase):
    maxDiff = None

    def sqs(self, *words):
        """The answer of `aws sqs ...`; nothing when it prints nothing."""
        return self.run_words("sqs", *words)

    def run_words(self, *words):
        done = aws(*words)
        self.assertEqual(done.returncode, 0, f"aws {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refused(self, code, *words):
        done = aws("sqs", *words)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"An error occurred ({code}) when calling the ", done.stderr)
        return done.stderr

    def queue(self, name, *words):
        return self.sqs("create-queue", "--queue-name", name, *words)["QueueUrl"]


class Queues(CliTest):
    def test_a_queue_is_created_found_described_tagged_and_deleted(self):
        url = self.queue("orders", "--attributes", "VisibilityTimeout=45,DelaySeconds=0",
                         "--tags", "team=shop,stage=test")
        self.assertEqual(url, f"{ENDPOINT}/{ACCOUNT}/orders")
        self.assertEqual(self.sqs("get-queue-url", "--queue-name", "orders")["QueueUrl"], url)
        self.sqs("set-queue-attributes", "--queue-url", url, "--attributes", "VisibilityTimeout=50")
        found = self.sqs("get-queue-attributes", "--queue-url", url, "--attribute-names",
                         "VisibilityTimeout", "QueueArn")["Attributes"]
        self.assertEqual(found, {"VisibilityTimeout": "50",
                                 "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"})
        self.sqs("tag-queue", "--queue-url", url, "--tags", "owner=ann")
        self.sqs("untag-queue", "--queue-url", url, "--tag-keys", "stage")
        self.assertEqual(self.sqs("list-queue-tags", "--queue-url", url)["Tags"],
                         {"team": "shop", "owner": "ann"})
        self.sqs("delete-queue", "--queue-url", url)
        self.refused("AWS.SimpleQueueService.NonExistentQueue", "get-queue-url",
                     "--queue-name", "orders")

    def test_the_pages_of_a_list_become_one_list(self):
        urls = [self.queue(f"page-{number}") for number in range(3)]
        listed = self.sqs("list-queues", "--queue-name-prefix", "page-", "--page-size", "2")
        self.assertEqual(listed["QueueUrls"], urls)
        first = self.sqs("list-queues", "--queue-name-prefix", "page-", "--max-items", "2",
                         "--page-size", "2")
        rest = self.sqs("list-queues", "--queue-name-prefix", "page-", "--page-size", "2",
                        "--starting-token", first["NextToken"])
        self.assertEqual(first["QueueUrls"] + rest["QueueUrls"], urls)

    def test_an_unknown_queue_and_a_name_that_is_taken_are_refused_as_by_the_service(self):
        text = self.refused("AWS.SimpleQueueService.NonExistentQueue", "receive-message",
                            "--queue-url", f"{ENDPOINT}/{ACCOUNT}/nowhere")
        self.assertIn("The specified queue does not exist.", text)
        self.queue("taken", "--attributes", "DelaySeconds=1")
        text = self.refused("QueueAlreadyExists", "create-queue", "--queue-name", "taken",
                            "--attributes", "DelaySeconds=2")
        self.assertIn("a different value for attribute DelaySeconds", text)


class Messages(CliTest):
    def test_a_message_comes_with_attributes_of_each_type_and_their_md5(self):
        url = self.queue("typed")
        sent = self.sqs(
            "send-message", "--queue-url", url, "--message-body", "grüße, 世界 & <all>",
            "--message-attributes", json.dumps({
                "count": {"DataType": "Number", "StringValue": "42.5"},
                "kind": {"DataType": "String.label", "StringValue": "späť"},
                "raw": {"DataType": "Binary", "BinaryValue": "\u0001 raw"}}))
        expected = attributes_md5([("count", "Number", b"42.5"), ("raw", "Binary", b"\1 raw"),
                                   ("kind", "String.label", "späť".encode())])
        self.assertEqual(sent["MD5OfMessageAttributes"], expected)
        message, = self.sqs("receive-message", "--queue-url", url, "--wait-time-seconds", "5",
                            "--message-attribute-names", "All",
                            "--message-system-attribute-names", "All")["Messages"]
        self.assertEqual(message["Body"], "grüße, 世界 & <all>")
        self.assertEqual(message["MD5OfBody"],
                         hashlib.md5("grüße, 世界 & <all>".encode()).hexdigest())
        self.assertEqual(message["MD5OfMessageAttributes"], expected)
        raw = message["MessageAttributes"]["raw"]["BinaryValue"]
        self.assertEqual(base64.b64decode(raw), b"\1 raw")
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        self.sqs("delete-message", "--queue-url", url, "--receipt-handle",
                 message["ReceiptHandle"])
        self.assertEqual(self.sqs("receive-message", "--queue-url", url), {})

    def test_a_batch_tells_the_entries_that_failed_from_those_that_did_not(self):
        url = self.queue("batch")
        answer = self.sqs("send-message-batch", "--queue-url", url, "--entries", json.dumps([
            {"Id": "good", "MessageBody": "a"},
            {"Id": "late", "MessageBody": "b", "DelaySeconds": 901}]))
        self.assertEqual([entry["Id"] for entry in answer["Successful"]], ["good"])
        failed, = answer["Failed"]
        self.assertEqual((failed["Id"], failed["Code"], failed["SenderFault"]),
                         ("late", "InvalidParameterValue", True))
        message, = self.sqs("receive-message", "--queue-url", url,
                            "--max-number-of-messages", "10")["Messages"]
        handle = message["ReceiptHandle"]
        answer = self.sqs("change-message-visibility-batch", "--queue-url", url, "--entries",
                          f"Id=one,ReceiptHandle={handle},VisibilityTimeout=0",
                          "Id=two,ReceiptHandle=nonsense,VisibilityTimeout=0")
        self.assertEqual([entry["Id"] for entry in answer["Successful"]], ["one"])
        self.assertEqual([(entry["Id"], entry["Code"]) for entry in answer["Failed"]],
                         [("two", "ReceiptHandleIsInvalid")])
        again, = self.sqs("receive-message", "--queue-url", url, "--wait-time-seconds",
                          "5")["Messages"]
        self.assertEqual(again["MessageId"], message["MessageId"])
        self.sqs("purge-queue", "--queue-url", url)
        count = self.sqs("get-queue-attributes", "--queue-url", url, "--attribute-names",
                         "ApproximateNumberOfMessagesNotVisible")["Attributes"]
        self.assertEqual(count, {"ApproximateNumberOfMessagesNotVisible": "0"})

    def test_a_fifo_queue_keeps_order_and_drops_duplicates(self):
        url = self.queue("line.fifo", "--attributes",
                         "FifoQueue=true,ContentBasedDeduplication=true")
        first = self.sqs("send-message", "--queue-url", url, "--message-body", "one",
                         "--message-group-id", "g")
        twice = self.sqs("send-message", "--queue-url", url, "--message-body", "one",
                         "--message-group-id", "g")
        second = self.sqs("send-message", "--queue-url", url, "--message-body", "two",
                          "--message-group-id", "g")
        self.assertEqual(first["SequenceNumber"], twice["SequenceNumber"])
        self.assertLess(int(first["SequenceNumber"]), int(second["SequenceNumber"]))
        messages = self.sqs("receive-message", "--queue-url", url,
                            "--max-number-of-messages", "10")["Messages"]
        self.assertEqual([message["Body"] for message in messages], ["one", "two"])


class Events(CliTest):
    def test_an_event_reaches_the_queue_of_a_rule(self):
        url = self.queue("stock")
        self.run_words("events", "put-rule", "--name", "orders", "--event-pattern",
                       '{"source": ["order-service"]}')
        self.run_words("events", "put-targets", "--rule", "orders", "--targets",
                       f"Id=stock,Arn=arn:aws:sqs:us-east-1:{ACCOUNT}:stock")
        answer = self.run_words("events", "put-events", "--entries", json.dumps([
            {"Source": "order-service", "DetailType": "order.created", "Detail": '{"id": 7}'}]))
        self.assertEqual(answer["FailedEntryCount"], 0)
        message, = self.sqs("receive-message", "--queue-url", url, "--wait-time-seconds",
                            "10")["Messages"]
        event = json.loads(message["Body"])
        self.assertEqual((event["id"], event["detail"]),
                         (answer["Entries"][0]["EventId"], {"id": 7}))


if __name__ == "__main__":
    checks.run_tests()
