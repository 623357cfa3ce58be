"""The main job from end to end: an SDK puts events, a rule routes them, a queue delivers them, and
kill -9 loses nothing acknowledged and revives nothing deleted."""

import json
import re
import unittest

import support
from broker_process import Broker

PATTERN = {"source": ["order-service"], "detail-type": ["order.created", "order.cancelled"]}
# Numbers must come out as they went in: no double is reprinted, no digit added or lost.
DETAIL = '{"orderId":"ord_67890","total":59.980,"items":[{"quantity":2,"price":1e2}],"paid":false}'


class SeedFlow(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        self.broker.start()
        self.connect()

    def connect(self):
        self.sqs = support.client("sqs", self.broker)
        self.events = support.client("events", self.broker)

    def crash(self):
        """kill -9 and restart; the port is another one then."""
        self.broker.restart()
        self.connect()
        return self.sqs.get_queue_url(QueueName="inventory")["QueueUrl"]

    def set_up(self):
        bus = self.events.create_event_bus(Name="ecommerce-events")
        self.assertEqual(bus["EventBusArn"],
                         "arn:aws:events:us-east-1:000000000000:event-bus/ecommerce-events")
        rule = self.events.put_rule(Name="order-to-inventory", EventBusName="ecommerce-events",
                                    EventPattern=json.dumps(PATTERN))
        self.assertEqual(rule["RuleArn"], "arn:aws:events:us-east-1:000000000000:rule/"
                                          "ecommerce-events/order-to-inventory")
        url = self.sqs.create_queue(QueueName="inventory",
                                    Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
        target = {"Id": "inventory", "Arn": support.queue_arn("inventory")}
        answer = self.events.put_targets(Rule="order-to-inventory", Targets=[target],
                                         EventBusName="ecommerce-events")
        self.assertEqual((answer["FailedEntryCount"], answer["FailedEntries"]), (0, []))
        return url

    def put(self, *detail_types):
        entries = [{"Source": "order-service", "DetailType": detail_type, "Detail": DETAIL,
                    "Resources": ["arn:one"], "EventBusName": "ecommerce-events",
                    "Time": "2026-01-02T03:04:05Z"} for detail_type in detail_types]
        answer = self.events.put_events(Entries=entries)
        self.assertEqual(answer["FailedEntryCount"], 0)
        return [entry["EventId"] for entry in answer["Entries"]]

    def test_events_are_routed_delivered_deleted_and_outlive_a_kill(self):
        url = self.set_up()
        created, ignored, cancelled = self.put("order.created", "order.paid", "order.cancelled")
        self.assertEqual(len({created, ignored, cancelled}), 3)

        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        bodies = sorted(message["Body"] for message in messages)
        expected = [('{"version":"0","id":"%s","detail-type":"%s","source":"order-service",'
                     '"account":"000000000000","time":"2026-01-02T03:04:05Z","region":"us-east-1",'
                     '"resources":["arn:one"],"detail":%s}') % (event_id, detail_type, DETAIL)
                    for event_id, detail_type in ((created, "order.created"),
                                                  (cancelled, "order.cancelled"))]
        self.assertEqual(bodies, sorted(expected))
        for event_id in (created, cancelled):
            self.assertRegex(event_id, re.compile(
                r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"))

        deleted = next(m for m in messages if created in m["Body"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=deleted["ReceiptHandle"])

        url = self.crash()
        found = support.wait_until(
            lambda: self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages"),
            what="the message that was not deleted")
        self.assertEqual([cancelled in message["Body"] for message in found], [True])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])

        url = self.crash()
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2))
        described = self.events.describe_rule(Name="order-to-inventory",
                                              EventBusName="ecommerce-events")
        self.assertEqual(json.loads(described["EventPattern"]), PATTERN)
        (after_restart,) = self.put("order.created")
        body = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"][0]["Body"]
        self.assertEqual(json.loads(body)["id"], after_restart)

    def test_a_receipt_handle_from_before_a_kill_still_deletes(self):
        url = self.set_up()
        self.put("order.created")
        message = self.sqs.receive_message(QueueUrl=url)["Messages"][0]
        url = self.crash()
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2))


if __name__ == "__main__":
    unittest.main()
