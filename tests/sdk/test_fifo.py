"""FIFO queues as the SDK sees them."""

import concurrent.futures
import hashlib
import json
import threading
import time

from support import ClockTest, SdkTest, queue_arn, unique

FIFO = {"FifoQueue": "true"}
BY_CONTENT = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}


class FifoTest:
    """Short forms for the test classes below."""

    def fifo(self, attributes=None, prefix="fifo"):
        return self.sqs.create_queue(
            QueueName=unique(prefix) + ".fifo",
            Attributes={**BY_CONTENT, **(attributes or {})})["QueueUrl"]

    def send_to(self, url, group, *bodies):
        return [self.send(url, body, MessageGroupId=group) for body in bodies]

    def bodies(self, url, count=10, **arguments):
        return [message["Body"] for message in self.receive(url, count, **arguments)]

    def delete(self, url, message):
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


class Sending(FifoTest, SdkTest):
    def test_a_fifo_queue_shows_its_attributes(self):
        found = self.attributes(self.fifo())
        self.assertEqual({name: found.get(name) for name in (
            "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope",
            "FifoThroughputLimit")},
            {"FifoQueue": "true", "ContentBasedDeduplication": "true",
             "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"})

    def test_high_throughput_needs_the_scope_of_a_group(self):
        url = self.fifo()
        self.refused("InvalidAttributeValue", self.sqs.set_queue_attributes, QueueUrl=url,
                     Attributes={"FifoThroughputLimit": "perMessageGroupId"})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={
            "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"})
        self.assertEqual(self.attributes(url, "FifoThroughputLimit"),
                         {"FifoThroughputLimit": "perMessageGroupId"})

    def test_the_type_of_a_queue_stays(self):
        url = self.fifo()
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "true"})
        self.refused("InvalidAttributeValue", self.sqs.set_queue_attributes, QueueUrl=url,
                     Attributes={"FifoQueue": "false"},
                     message="Invalid value for the parameter FifoQueue. Reason: Modifying queue "
                             "type is not supported.")

    def test_group_and_deduplication_id_are_asked_for(self):
        url = self.fifo({"ContentBasedDeduplication": "false"})
        entry = {"Id": "a", "MessageBody": "x"}
        without_group = "The request must contain the parameter MessageGroupId."
        without_id = ("The queue should either have ContentBasedDeduplication enabled or "
                      "MessageDeduplicationId provided explicitly")
        self.refused("MissingParameter", self.send, url, message=without_group)
        self.refused("InvalidParameterValue", self.send, url, MessageGroupId="g",
                     message=without_id)
        self.refused("InvalidParameterValue", self.sqs.send_message_batch, QueueUrl=url,
                     Entries=[entry], message=without_group)
        self.refused("InvalidParameterValue", self.sqs.send_message_batch, QueueUrl=url,
                     Entries=[{**entry, "MessageGroupId": "g"}], message=without_id)
        for name in ("MessageGroupId", "MessageDeduplicationId"):
            for bad in ("with space", "x" * 129, "\u00e9"):
                ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d", name: bad}
                self.refused(
                    "InvalidParameterValue", self.send, url, **ids,
                    message=f"Value {bad} for parameter {name} is invalid. Reason: {name} can only "
                            "include alphanumeric and punctuation characters. 1 to 128 in length.")

    def test_a_delay_of_its_own_is_refused_zero_is_not(self):
        url = self.fifo()
        self.refused("InvalidParameterValue", self.send, url, MessageGroupId="g", DelaySeconds=2,
                     message="Value 2 for parameter DelaySeconds is invalid. Reason: The request "
                             "include parameter that is not valid for this queue type.")
        self.send(url, MessageGroupId="g", DelaySeconds=0)

    def test_a_duplicate_is_the_message_of_before(self):
        url = self.fifo()
        first = self.send(url, "x", MessageGroupId="g", MessageDeduplicationId="d")
        again = self.send(url, "y", MessageGroupId="other", MessageDeduplicationId="d")
        self.assertEqual(again["MessageId"], first["MessageId"])
        self.assertEqual(again["SequenceNumber"], first["SequenceNumber"])
        self.assertEqual(again["MD5OfMessageBody"], hashlib.md5(b"y").hexdigest())
        self.assertEqual(self.bodies(url), ["x"])

    def test_the_hash_of_the_body_is_an_id_like_any_other(self):
        url = self.fifo()
        self.send(url, "x", MessageGroupId="g")
        self.send(url, "z", MessageGroupId="g",
                  MessageDeduplicationId=hashlib.sha256(b"x").hexdigest())
        message, = self.receive(url, AttributeNames=["All"])
        self.assertEqual(message["Body"], "x")
        self.assertEqual(message["Attributes"]["MessageDeduplicationId"],
                         hashlib.sha256(b"x").hexdigest())
        self.assertEqual(set(message["Attributes"]), {
            "SenderId", "SentTimestamp", "ApproximateReceiveCount",
            "ApproximateFirstReceiveTimestamp", "SequenceNumber", "MessageDeduplicationId",
            "MessageGroupId"})

    def test_a_purge_forgets_ids(self):
        url = self.fifo()
        self.send_to(url, "g", "x")
        self.sqs.purge_queue(QueueUrl=url)
        self.send_to(url, "g", "x")
        self.assertEqual(self.bodies(url), ["x"])

    def test_a_rule_delivers_to_the_group_its_target_names(self):
        url, bus = self.fifo(), self.bus()
        self.rule(bus, {"source": ["test"]}, {
            "Id": "one", "Arn": queue_arn(self.name_of(url)),
            "SqsParameters": {"MessageGroupId": "from-the-bus"}})
        self.put_event(bus, {"n": 1})
        message, = self.receive(url, AttributeNames=["All"], WaitTimeSeconds=5)
        self.assertEqual(json.loads(message["Body"])["detail"], {"n": 1})
        self.assertEqual(message["Attributes"]["MessageGroupId"], "from-the-bus")


class Receiving(FifoTest, ClockTest):
    def test_one_group_first_and_locked_until_all_of_it_is_deleted(self):
        url = self.fifo()
        self.send_to(url, "a", "a1")
        self.send_to(url, "b", "b1")
        self.send_to(url, "a", "a2", "a3")
        first = self.receive(url, 2)
        self.assertEqual([message["Body"] for message in first], ["a1", "a2"])
        self.assertEqual(self.bodies(url), ["b1"])
        self.delete(url, first[0])
        self.assertEqual(self.bodies(url), [])
        self.delete(url, first[1])
        self.assertEqual(self.bodies(url), ["a3"])

    def test_after_the_timeout_the_oldest_comes_first_and_old_handles_are_void(self):
        url = self.fifo()
        self.send_to(url, "a", "1", "2", "3")
        first, second = self.receive(url, 2)
        self.advance(31)
        self.refused("InvalidParameterValue", self.delete, url, first,
                     message=f"Value {first['ReceiptHandle']} for parameter ReceiptHandle is "
                             "invalid. Reason: The receipt handle has expired.")
        self.assertEqual(self.bodies(url), ["1", "2", "3"])
        self.refused("InvalidParameterValue", self.delete, url, second)

    def test_an_extended_message_keeps_its_handle_and_its_group(self):
        url = self.fifo()
        self.send_to(url, "a", "1", "2")
        first, second = self.receive(url, 2)
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"],
                                           VisibilityTimeout=60)
        self.advance(31)
        self.assertEqual(self.bodies(url), [])
        self.delete(url, second)
        self.assertEqual(self.bodies(url), [first["Body"]])

    def test_ids_count_for_five_minutes_from_the_first_send(self):
        url = self.fifo()
        first, = self.send_to(url, "a", "x")
        message, = self.receive(url)
        self.delete(url, message)
        self.advance(290)
        again, = self.send_to(url, "a", "x")
        self.assertEqual(again["MessageId"], first["MessageId"])
        self.advance(11)
        later, = self.send_to(url, "a", "x")
        self.assertNotEqual(later["MessageId"], first["MessageId"])
        self.assertEqual(self.bodies(url), ["x"])

    def test_a_repeated_attempt_gets_the_same_messages_and_handles(self):
        url = self.fifo()
        self.send_to(url, "a", "1", "2")
        first = self.receive(url, ReceiveRequestAttemptId="once")
        self.advance(20)
        again = self.receive(url, ReceiveRequestAttemptId="once")
        self.assertEqual([(m["Body"], m["ReceiptHandle"]) for m in again],
                         [(m["Body"], m["ReceiptHandle"]) for m in first])
        self.advance(20)
        self.assertEqual(self.bodies(url), [])
        self.delete(url, again[0])
        self.assertEqual(self.bodies(url, ReceiveRequestAttemptId="once"), [])
        self.refused("InvalidParameterValue", self.receive, url, ReceiveRequestAttemptId="a b")

    def test_the_delay_of_the_queue_counts_for_messages_that_are_there(self):
        url = self.fifo({"DelaySeconds": "20"})
        self.send(url, "1", MessageGroupId="a", DelaySeconds=0)
        self.assertEqual(self.bodies(url), [])
        self.assertEqual(self.attributes(url, "ApproximateNumberOfMessagesDelayed",
                                         "ApproximateNumberOfMessages"),
                         {"ApproximateNumberOfMessagesDelayed": "1",
                          "ApproximateNumberOfMessages": "0"})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
        self.assertEqual(self.bodies(url), ["1"])


class ManyConsumers(FifoTest, SdkTest):
    """64 consumers of one queue, deleting at once or letting messages lapse."""

    consumers, groups, per_group = 64, 20, 30

    def test_order_holds_and_nothing_comes_twice(self):
        url = self.fifo({"VisibilityTimeout": "60"})
        for number in range(self.per_group):
            for first in range(0, self.groups, 10):
                self.sqs.send_message_batch(QueueUrl=url, Entries=[
                    {"Id": str(group), "MessageBody": f"{group}:{number}",
                     "MessageGroupId": f"group-{group}"}
                    for group in range(first, first + 10)])
        seen, lock, wanted = {}, threading.Lock(), self.groups * self.per_group
        finished = threading.Event()
        deadline = time.monotonic() + 60

        def consume(_):
            while not finished.is_set() and time.monotonic() < deadline:
                for message in self.receive(url, 3, WaitTimeSeconds=1):
                    group, number = message["Body"].split(":")
                    # Noted before the delete: the next of the group cannot have come out yet.
                    with lock:
                        seen.setdefault(group, []).append(int(number))
                        if sum(map(len, seen.values())) >= wanted:
                            finished.set()
                    self.delete(url, message)

        with concurrent.futures.ThreadPoolExecutor(self.consumers) as pool:
            list(pool.map(consume, range(self.consumers)))
        self.assertEqual(seen, {str(group): list(range(self.per_group))
                                for group in range(self.groups)})
