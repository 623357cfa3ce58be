"""/_signalbox/sqs: queues and messages as an operator sees and changes them, boto3 beside it."""

import json
import unittest
import urllib.parse

import support
from broker_process import Broker
from support import ClockTest, SdkTest, queue_arn, unique

ROOT = "/_signalbox/sqs"


class Operator:
    """The paths under /_signalbox/sqs, for a test case with a broker."""

    def own(self, method, path="", parameters=None, body=None, headers=None):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        data = b"" if body is None else json.dumps(body).encode()
        return self.raw(method, ROOT + path + query, data, headers)

    def page(self, url, state="visible", **parameters):
        answer = self.own("GET", f"/{self.name_of(url)}/messages",
                          {"state": state, **parameters})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def peek(self, url, state="visible", limit=1000):
        messages, parameters = [], {"limit": limit}
        while True:
            page = self.page(url, state, **parameters)
            self.assertLessEqual(len(page["messages"]), limit)
            messages += page["messages"]
            if "next" not in page:
                return messages
            parameters["next"] = page["next"]

    def bodies(self, url, state="visible", limit=1000):
        return [message["body"] for message in self.peek(url, state, limit)]

    def message_path(self, url, message):
        return f"/{self.name_of(url)}/messages/{message['position']}"

    def change(self, url, message, **members):
        return self.own("POST", self.message_path(url, message), body=members)

    def discard(self, url, message, **parameters):
        return self.own("DELETE", self.message_path(url, message), parameters)

    def counts(self, url):
        found = self.attributes(url)
        return tuple(int(found[f"ApproximateNumberOfMessages{state}"])
                     for state in ("", "NotVisible", "Delayed"))

    def send_many(self, url, count):
        bodies = [f"message {number}" for number in range(count)]
        for first in range(0, count, 10):
            self.sqs.send_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "MessageBody": body}
                for n, body in enumerate(bodies[first:first + 10])])
        return bodies

    def refused_with(self, answer, status, part):
        self.assertEqual(answer.status, status, answer.text)
        self.assertIn(part, answer.json["message"])


class Looking(Operator, SdkTest):
    def test_looking_counts_nothing_and_hides_nothing(self):
        url = self.queue()
        sent = self.send(url, "hello")
        for _ in range(3):
            message = self.peek(url)[0]
            self.assertEqual((message["message_id"], message["body"], message["receive_count"]),
                             (sent["MessageId"], "hello", 0))
            self.assertNotIn("first_received_ms", message)
        self.assertEqual(self.counts(url), (1, 0, 0))
        received = self.receive(url, AttributeNames=["All"])[0]
        self.assertEqual(received["Attributes"]["ApproximateReceiveCount"], "1")

    def test_a_message_in_flight_is_shown_as_its_consumer_has_it(self):
        url = self.queue()
        self.send(url, "taken")
        self.send(url, "waiting")
        received = self.receive(url, 1, VisibilityTimeout=30, AttributeNames=["All"])[0]
        flying = self.peek(url, "in_flight")
        self.assertEqual([message["body"] for message in flying], [received["Body"]])
        times = received["Attributes"]
        self.assertEqual(str(flying[0]["first_received_ms"]),
                         times["ApproximateFirstReceiveTimestamp"])
        self.assertEqual(str(flying[0]["sent_ms"]), times["SentTimestamp"])
        self.assertAlmostEqual(flying[0]["visible_at_ms"], flying[0]["first_received_ms"] + 30_000,
                               delta=1000)
        self.assertEqual(self.bodies(url), ["waiting"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        self.assertEqual(self.peek(url, "in_flight"), [])

    def test_attributes_come_as_they_were_sent_binary_ones_too(self):
        url = self.queue()
        self.send(url, "x", MessageAttributes={
            "blob": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
            "n": {"DataType": "Number.int", "StringValue": "5"}})
        attributes = self.peek(url)[0]["message_attributes"]
        self.assertEqual(attributes["n"], {"DataType": "Number.int", "StringValue": "5"})
        self.assertTrue(attributes["blob"]["BinaryValue"].startswith("AAECAwQF"))
        # As SendMessage takes them: what was shown can be sent again.
        copy = self.queue()
        answer = self.post_json("AmazonSQS.SendMessage", {
            "QueueUrl": copy, "MessageBody": "x", "MessageAttributes": attributes})
        self.assertEqual(answer.status, 200, answer.text)
        received = self.receive(copy, MessageAttributeNames=["All"])[0]
        self.assertEqual(received["MessageAttributes"]["blob"]["BinaryValue"], bytes(range(256)))

    def test_five_thousand_messages_come_in_order_page_by_page(self):
        url = self.queue()
        bodies = self.send_many(url, 5000)
        self.assertEqual(self.bodies(url, limit=1000), bodies)
        self.assertEqual(self.bodies(url, limit=777), bodies)
        self.assertEqual(self.counts(url), (5000, 0, 0))
        taken = [message["Body"] for message in self.receive(url, 10)]
        self.assertEqual(self.bodies(url, "in_flight", limit=3), taken)
        self.assertEqual(self.bodies(url), bodies[10:])

    def test_pages_go_on_where_they_were_while_messages_are_deleted(self):
        url = self.queue()
        bodies = self.send_many(url, 50)
        first = self.page(url, limit=20)
        for _ in range(4):
            for message in self.receive(url, 10):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        second = self.page(url, limit=20, next=first["next"])
        left = set(self.bodies(url))
        self.assertEqual([message["body"] for message in second["messages"]],
                         [body for body in bodies[20:] if body in left][:20])

    def test_a_purge_ends_the_listing(self):
        url = self.queue()
        self.send_many(url, 30)
        first = self.page(url, limit=10)
        self.sqs.purge_queue(QueueUrl=url)
        second = self.page(url, limit=10, next=first["next"])
        self.assertEqual((second["messages"], second.get("next")), ([], None))
        self.refused_with(self.discard(url, first["messages"][0]), 404, "any more")

    def test_a_queue_made_anew_takes_no_token_of_the_old_one(self):
        name = unique("anew")
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.send_many(url, 3)
        token = self.page(url, limit=1)["next"]
        self.sqs.delete_queue(QueueUrl=url)
        self.sqs.create_queue(QueueName=name)
        answer = self.own("GET", f"/{name}/messages", {"next": token})
        self.refused_with(answer, 400, "next is not of a listing")

    def test_a_fifo_queue_shows_groups_and_sequence_numbers(self):
        url = self.sqs.create_queue(QueueName=unique("orders") + ".fifo",
                                    Attributes={"FifoQueue": "true"})["QueueUrl"]
        sent = [self.send(url, body, MessageGroupId=group, MessageDeduplicationId=body)
                for group, body in (("a", "1"), ("b", "2"), ("a", "3"))]
        messages = self.peek(url)
        self.assertEqual([(m["group_id"], m["body"], m["deduplication_id"]) for m in messages],
                         [("a", "1", "1"), ("b", "2", "2"), ("a", "3", "3")])
        self.assertEqual([message["sequence_number"] for message in messages],
                         [each["SequenceNumber"] for each in sent])
        self.receive(url, 1)
        self.assertEqual(self.bodies(url), ["2", "3"])
        self.assertEqual(self.bodies(url, "in_flight"), ["1"])

    def test_an_event_says_which_rule_sent_it(self):
        bus = self.bus()
        url = self.queue()
        rule = self.rule(bus, {"source": ["shop"]})
        self.events.put_targets(Rule=rule, EventBusName=bus, Targets=[
            {"Id": "q", "Arn": queue_arn(self.name_of(url))}])
        entry = self.events.put_events(Entries=[{
            "EventBusName": bus, "Source": "shop", "DetailType": "t", "Detail": "{}"}])
        message = self.peek(url)[0]
        self.assertEqual(message["event_id"], entry["Entries"][0]["EventId"])
        self.assertTrue(message["rule_arn"].endswith(f"/{rule}"))

    def test_the_overview_lists_the_queues_of_a_world(self):
        there = support.client("sqs", self.broker, region="eu-north-1")
        dead = there.create_queue(QueueName="dead")["QueueUrl"]
        arn = queue_arn("dead", region="eu-north-1")
        there.create_queue(QueueName="live", Attributes={"RedrivePolicy": json.dumps(
            {"deadLetterTargetArn": arn, "maxReceiveCount": 3})})
        there.send_message(QueueUrl=dead, MessageBody="x")
        queues = self.own("GET", "", {"region": "eu-north-1"}).json["queues"]
        self.assertEqual([queue["name"] for queue in queues], ["dead", "live"])
        self.assertEqual((queues[0]["visible"], queues[0]["url"], queues[0]["fifo"]),
                         (1, dead, False))
        self.assertIn("oldest_sent_ms", queues[0])
        self.assertEqual((queues[1]["dead_letter_target_arn"], queues[1]["max_receive_count"]),
                         (arn, 3))
        first = self.own("GET", "", {"region": "eu-north-1", "limit": 1}).json
        rest = self.own("GET", "", {"region": "eu-north-1", "next": first["next"]}).json
        self.assertEqual([queue["name"] for queue in rest["queues"]], ["live"])
        self.assertEqual(self.own("GET", "", {"region": "eu-north-2"}).json["queues"], [])
        one = self.own("GET", "/live", {"region": "eu-north-1"}).json["queues"]
        self.assertEqual(one, queues[1:])

    def test_queues_can_be_named_by_url_and_arn(self):
        url = self.queue()
        self.send(url, "x")
        for name in (url, queue_arn(self.name_of(url))):
            quoted = urllib.parse.quote(name, safe="")
            answer = self.own("GET", f"/{quoted}/messages")
            self.assertEqual(len(answer.json["messages"]), 1, answer.text)

    def test_what_is_wrong_with_a_question_is_said(self):
        url = self.queue()
        path = f"/{self.name_of(url)}/messages"
        for parameters, part in (({"state": "gone"}, "visible, in_flight or delayed"),
                                 ({"limit": "0"}, "from 1 to 1000"),
                                 ({"limit": "1001"}, "from 1 to 1000"),
                                 ({"limit": "x"}, "limit is a number"),
                                 ({"next": "x"}, "next is not of a listing"),
                                 ({"next": ""}, "next is not of a listing")):
            with self.subTest(parameters=parameters):
                self.refused_with(self.own("GET", path, parameters), 400, part)
        self.refused_with(self.own("GET", "/no-such-queue/messages"), 404, "no-such-queue")
        self.refused_with(self.own("GET", path, {"region": "eu-west-9"}), 404, "eu-west-9")
        self.assertEqual(self.raw("GET", ROOT + path + "?state=%zz").status, 400)
        for method, target, allowed in (("POST", path, "GET"), ("DELETE", "", "GET"),
                                        ("GET", path + "/0-0-1-0", "DELETE, POST")):
            answer = self.own(method, target)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, allowed))
        for target in ("//messages", f"/{self.name_of(url)}/other", path + "/", path + "/a/b"):
            self.refused_with(self.own("GET", target), 404, "No such path")


class Changing(Operator, SdkTest):
    def test_a_message_is_looked_at_mended_and_sent_back(self):
        orders, dead = self.queue("orders"), self.queue("dead")
        self.sqs.set_queue_attributes(QueueUrl=orders, Attributes={"RedrivePolicy": json.dumps(
            {"deadLetterTargetArn": queue_arn(self.name_of(dead)), "maxReceiveCount": 1})})
        self.send(orders, '{"total": "12,50"}',
                  MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
        self.receive(orders, VisibilityTimeout=0)
        self.assertEqual(self.receive(orders), [])
        message = self.peek(dead)[0]
        self.assertEqual(message["dead_letter_source_arn"], queue_arn(self.name_of(orders)))
        answer = self.change(dead, message, body='{"total": 12.5}', send_to=self.name_of(orders))
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.counts(dead), (0, 0, 0))
        received = self.receive(orders, MessageAttributeNames=["All"], AttributeNames=["All"])
        self.assertEqual([m["Body"] for m in received], ['{"total": 12.5}'])
        self.assertEqual(received[0]["MessageId"], answer.json["new_message_id"])
        self.assertEqual(received[0]["MessageAttributes"]["k"]["StringValue"], "v")
        self.assertEqual(received[0]["Attributes"]["ApproximateReceiveCount"], "1")
        self.assertNotIn("DeadLetterQueueSourceArn", received[0]["Attributes"])

    def test_a_body_is_mended_in_its_place(self):
        url = self.queue()
        sent = [self.send(url, body) for body in ("a", "b", "c")]
        answer = self.change(url, self.peek(url)[1], body="B ü")
        self.assertEqual(answer.json["message_id"], sent[1]["MessageId"])
        received = self.receive(url)  # boto3 compares each body with its MD5
        self.assertEqual([(m["MessageId"], m["Body"]) for m in received],
                         [(sent[0]["MessageId"], "a"), (sent[1]["MessageId"], "B ü"),
                          (sent[2]["MessageId"], "c")])

    def test_a_discarded_message_is_gone_and_the_log_says_which(self):
        url = self.queue()
        self.send(url, "secret contents")
        message = self.peek(url)[0]
        answer = self.discard(url, message)
        self.assertEqual(answer.json, {
            "queue": self.name_of(url), "message_id": message["message_id"],
            "md5_of_body": message["md5_of_body"], "size_bytes": len("secret contents")})
        self.assertEqual(self.counts(url), (0, 0, 0))
        with open(self.broker.log_path, encoding="utf-8") as log:
            lines = [line for line in log if message["message_id"] in line]
        self.assertEqual(len(lines), 1, lines)
        for part in ("DiscardMessage", message["md5_of_body"], self.name_of(url), "level=info"):
            self.assertIn(part, lines[0])
        self.assertNotIn("secret contents", lines[0])
        self.refused_with(self.discard(url, message), 404, "any more")

    def test_what_a_consumer_has_in_flight_is_left_alone_unless_forced(self):
        url = self.queue()
        self.send(url, "x")
        received = self.receive(url)[0]
        message = self.peek(url, "in_flight")[0]
        self.refused_with(self.discard(url, message), 400, "in flight")
        self.refused_with(self.change(url, message, body="y"), 400, "in flight")
        self.assertEqual(self.counts(url), (0, 1, 0))
        self.assertEqual(self.discard(url, message, force="true").status, 200)
        self.assertEqual(self.counts(url), (0, 0, 0))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])

    def test_bad_changes_are_refused_and_change_nothing(self):
        url = self.queue("small", {"MaximumMessageSize": "1024"})
        self.send(url, "x")
        message = self.peek(url)[0]
        for members, status, part in (({}, 400, "body, send_to or both"),
                                      ({"body": ""}, 400, "empty"),
                                      ({"body": "x" * 1025}, 400, "1024"),
                                      ({"body": "\u0001"}, 400, "Invalid binary character"),
                                      ({"body": 5}, 400, ""),
                                      ({"send_to": "no-such-queue"}, 404, "no-such-queue")):
            with self.subTest(members=members):
                self.refused_with(self.change(url, message, **members), status, part)
        bad = {"position": "nowhere"}
        self.refused_with(self.change(url, bad, body="y"), 400, "no position")
        answer = self.raw("POST", ROOT + self.message_path(url, message), b"{")
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.bodies(url), ["x"])

    def test_web_pages_of_other_sites_can_change_nothing(self):
        url = self.queue()
        self.send(url, "x")
        path = self.message_path(url, self.peek(url)[0])
        for headers in ({"Origin": "https://evil.example", "Content-Type": "text/plain"},
                        {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Host": "evil.example"}):
            for method, body in (("POST", {"body": "y"}), ("DELETE", None)):
                with self.subTest(method=method, headers=headers):
                    answer = self.own(method, path, body=body, headers=headers)
                    self.assertEqual(answer.status, 403, answer.text)
        self.assertEqual(self.bodies(url), ["x"])


class PassingTime(Operator, ClockTest):
    def test_delayed_messages_come_by_when_they_are_due(self):
        url = self.queue()
        self.send(url, "later", DelaySeconds=600)
        self.send(url, "soon", DelaySeconds=60)
        delayed = self.peek(url, "delayed", limit=1)
        self.assertEqual([message["body"] for message in delayed], ["soon", "later"])
        self.assertAlmostEqual(delayed[0]["visible_at_ms"] - delayed[0]["sent_ms"], 60_000,
                               delta=1000)
        self.refused_with(self.discard(url, delayed[0]), 400, "delayed")
        self.advance(60)
        self.assertEqual((self.bodies(url), self.bodies(url, "delayed")), (["soon"], ["later"]))
        self.assertEqual(self.discard(url, self.peek(url)[0]).status, 200)
        self.assertEqual(self.counts(url), (0, 0, 1))

    def test_what_comes_back_from_flight_is_visible_again_with_its_count(self):
        url = self.queue()
        self.send(url, "x")
        self.receive(url, VisibilityTimeout=30)
        self.advance(30)
        self.assertEqual(self.peek(url, "in_flight"), [])
        self.assertEqual(self.peek(url)[0]["receive_count"], 1)


class AfterAKill(Operator, SdkTest):
    def test_positions_and_pages_go_on_where_they_were(self):
        with Broker(["--queue-window-messages", "64"]) as broker:
            self.broker, self.sqs = broker, support.client("sqs", broker)
            url = self.queue()
            bodies = self.send_many(url, 300)
            first = self.page(url, limit=100)
            broker.restart()
            second = self.page(url, next=first["next"], limit=1000)
            self.assertEqual([message["body"] for message in second["messages"]], bodies[100:])
            self.assertEqual(self.discard(url, first["messages"][50]).status, 200)
            self.assertEqual(self.bodies(url), bodies[:50] + bodies[51:])


if __name__ == "__main__":
    unittest.main()
