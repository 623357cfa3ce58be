"""Memory and answers do not depend on what is stored: small windows, large backlogs."""

import threading
import unittest

import support
from broker_process import Broker
from wire import Connection

DELAYED_COUNT = 1000000 if support.LONG else 50000
RSS_GROWTH_MAX_BYTES = 20 * 1000 * 1000
SENDERS = 8


class SmallWindow(support.SdkTest):
    """A queue that holds 16 messages in memory and 1,000 on disk."""

    options = ("--queue-window-messages", "16")

    def fill(self, url, count, offset=0):
        for start in range(offset, offset + count, 10):
            self.sqs.send_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])

    def drain(self, url, batch, delete=True):
        """Bodies received until the first empty answer."""
        found = []
        while True:
            messages = self.receive(url, batch)
            if not messages:
                return found
            found += [int(m["Body"]) for m in messages]
            if delete:
                self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                    {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]}
                    for n, m in enumerate(messages)])

    def test_no_receive_is_empty_before_the_queue_is(self):
        for batch, delete in ((10, True), (10, False), (1, True), (7, False)):
            with self.subTest(batch=batch, delete=delete):
                url = self.queue()
                self.fill(url, 1000)
                self.assertEqual(sorted(self.drain(url, batch, delete)), list(range(1000)))

    def test_nor_after_a_restart(self):
        broker = Broker(self.options).start()
        self.addCleanup(broker.close)
        sqs = support.client("sqs", broker)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for start in range(0, 500, 10):
            sqs.send_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])
        broker.restart()
        sqs = support.client("sqs", broker)
        found = []
        while True:
            messages = sqs.receive_message(QueueUrl="q", MaxNumberOfMessages=10).get("Messages")
            if not messages:
                break
            found += [int(m["Body"]) for m in messages]
        self.assertEqual(sorted(found), list(range(500)))

    def test_nor_with_many_consumers_at_once(self):
        url = self.queue()
        self.fill(url, 1000)
        found, lock = [], threading.Lock()

        def consume():
            mine = self.drain(url, 10, delete=False)
            with lock:
                found.extend(mine)
        threads = [threading.Thread(target=consume) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(found), list(range(1000)))

    def test_messages_given_back_in_the_middle_are_found_again(self):
        url = self.queue()
        self.fill(url, 200)
        held = []
        for _ in range(10):
            held += self.receive(url, 10)
        for message in held[::3]:
            self.sqs.change_message_visibility(QueueUrl=url, VisibilityTimeout=0,
                                               ReceiptHandle=message["ReceiptHandle"])
        found = self.drain(url, 10)
        wanted = sorted([int(m["Body"]) for m in held[::3]] + list(range(200)))
        seen = sorted(found + [int(m["Body"]) for m in held])
        self.assertEqual(seen, wanted)

    def test_expired_messages_ahead_do_not_hide_the_living(self):
        broker = Broker([*self.options, "--test-clock"]).start()
        self.addCleanup(broker.close)
        sqs = support.client("sqs", broker)
        url = sqs.create_queue(QueueName="q",
                               Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
        for start in range(0, 300, 10):
            sqs.send_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "MessageBody": "old"} for n in range(10)])
        broker.advance("PT61S")
        sqs.send_message(QueueUrl=url, MessageBody="new")
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        self.assertEqual([m["Body"] for m in messages], ["new"])


class DelayedBacklog(unittest.TestCase):
    def test_delayed_messages_cost_disk_and_not_memory(self):
        broker = Broker().start()
        self.addCleanup(broker.close)
        sqs = support.client("sqs", broker)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        # What the first messages of any kind allocate is no cost of a backlog.
        self.send(broker, url, 2000)
        before = broker.rss_bytes()
        self.send(broker, url, DELAYED_COUNT)
        growth = broker.rss_bytes() - before
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(int(counts["ApproximateNumberOfMessagesDelayed"]), DELAYED_COUNT + 2000)
        print(f"{DELAYED_COUNT} delayed messages: RSS grew by {growth / 1e6:.1f} MB")
        self.assertLess(growth, RSS_GROWTH_MAX_BYTES)

    def send(self, broker, url, count):
        def work():
            connection = Connection(broker.host, broker.port, timeout_s=120)
            for start in range(0, count // SENDERS, 10):
                connection.call("sqs", "SendMessageBatch", {"QueueUrl": url, "Entries": [
                    {"Id": str(n), "MessageBody": f"message {start + n} " + "x" * 80,
                     "DelaySeconds": 900} for n in range(10)]})
            connection.close()
        threads = [threading.Thread(target=work) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    unittest.main()
