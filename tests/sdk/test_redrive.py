"""Dead-letter queues: when a message moves, and what it takes along."""

import json
import unittest

from support import ClockTest, queue_arn
from test_send import TRACE, text


class Redrive(ClockTest):
    def pair(self, count, **attributes):
        dead = self.queue("dead")
        policy = json.dumps({"deadLetterTargetArn": queue_arn(self.name_of(dead)),
                             "maxReceiveCount": count})
        return self.queue("source", {"RedrivePolicy": policy, **attributes}), dead

    def give_back(self, url, message):
        self.sqs.change_message_visibility(QueueUrl=url, VisibilityTimeout=0,
                                           ReceiptHandle=message["ReceiptHandle"])

    def test_max_receive_count_deliveries_and_not_one_more(self):
        for count in (1, 3):
            url, dead = self.pair(count)
            self.send(url, "poison")
            for number in range(1, count + 1):
                message = self.receive_one(url, AttributeNames=["ApproximateReceiveCount"])
                self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], str(number))
                self.give_back(url, message)
            self.assertEqual(self.receive(dead), [], "moved before the next attempt")
            self.assertEqual(self.receive(url), [])
            self.assertEqual(self.receive_one(dead)["Body"], "poison")
            self.assertEqual(self.attributes(url)["ApproximateNumberOfMessages"], "0")

    def test_a_timeout_alone_does_not_move(self):
        url, dead = self.pair(1)
        self.send(url)
        self.receive_one(url)
        self.advance(3600)
        self.assertEqual(self.attributes(dead)["ApproximateNumberOfMessages"], "0")
        self.assertEqual(self.receive(url), [])
        self.assertEqual(self.attributes(dead)["ApproximateNumberOfMessages"], "1")

    def test_a_moved_message_keeps_what_it_was_and_says_where_from(self):
        url, dead = self.pair(1)
        sent = self.send(url, "poison", MessageAttributes={"Foo": text("Bar")},
                         MessageSystemAttributes={"AWSTraceHeader": text(TRACE)})
        first = self.receive_one(url, AttributeNames=["All"])
        self.assertNotIn("DeadLetterQueueSourceArn", first["Attributes"])
        self.give_back(url, first)
        self.receive(url)
        moved = self.receive_one(dead, AttributeNames=["All"], MessageAttributeNames=["All"])
        self.assertEqual((moved["MessageId"], moved["Body"]), (sent["MessageId"], "poison"))
        self.assertEqual(moved["MessageAttributes"], {"Foo": text("Bar")})
        attributes = moved["Attributes"]
        self.assertEqual(attributes["DeadLetterQueueSourceArn"], queue_arn(self.name_of(url)))
        self.assertEqual(attributes["AWSTraceHeader"], TRACE)
        self.assertEqual(attributes["SentTimestamp"], first["Attributes"]["SentTimestamp"])
        self.assertEqual(attributes["ApproximateReceiveCount"], "2")

    def test_a_receive_hands_out_what_is_left_after_the_moves(self):
        url, dead = self.pair(1)
        for _ in range(5):
            self.send(url, "poison")
        for message in self.receive(url):
            self.give_back(url, message)
        self.send(url, "good")
        found = []
        for _ in range(3):
            found += [m["Body"] for m in self.receive(url)]
        self.assertEqual(found, ["good"])
        self.assertEqual(self.attributes(dead)["ApproximateNumberOfMessages"], "5")

    def test_retention_counts_from_the_first_send(self):
        url, dead = self.pair(1)
        self.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "600"})
        self.send(url)
        self.give_back(url, self.receive_one(url))
        self.advance(400)
        self.receive(url)
        self.assertEqual(self.attributes(dead)["ApproximateNumberOfMessages"], "1")
        self.advance(201)
        self.assertEqual(self.receive(dead), [])

    def test_without_the_dead_letter_queue_messages_stay(self):
        url, dead = self.pair(1)
        self.send(url)
        self.give_back(url, self.receive_one(url))
        self.sqs.delete_queue(QueueUrl=dead)
        self.receive(url)
        attributes = self.attributes(url)
        total = sum(int(attributes["ApproximateNumberOfMessages" + part])
                    for part in ("", "NotVisible"))
        self.assertEqual(total, 1, "a message vanished")

    def test_an_event_that_moves_to_a_dead_letter_queue_stays_intact(self):
        url, dead = self.pair(1)
        bus = self.bus()
        self.rule(bus, {"source": ["test"]}, url)
        event_id = self.put_event(bus, {"a": 1})
        self.give_back(url, self.receive_one(url))
        self.receive(url)
        self.assertEqual(json.loads(self.receive_one(dead)["Body"])["id"], event_id)


if __name__ == "__main__":
    unittest.main()
