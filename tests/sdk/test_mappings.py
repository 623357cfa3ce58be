"""Queues' messages to functions: handlers as the seed has them, under the runtime client,
unmodified, with partial failures, dead letters, and kills in between."""

import json
import pathlib
import tempfile
import unittest

import support
from broker_process import Broker
from function_support import FunctionsTest, Worker
from support import ACCOUNT, REGION, queue_arn, unique, wait_until


class MappingsTest(FunctionsTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes_path = pathlib.Path(folder.name) / "notes"

    def notes(self, what):
        """What the handlers have noted of one kind, in order."""
        if not self.notes_path.exists():
            return []
        lines = [json.loads(line) for line in self.notes_path.read_text().splitlines()]
        return [line[what] for line in lines if what in line]

    def queue_with_dead_letters(self, visibility_s=2):
        """The URL and name of a queue, and the URL of its dead-letter queue."""
        dead, name = unique("dead"), unique("notifications")
        dead_url = self.sqs.create_queue(QueueName=dead)["QueueUrl"]
        policy = {"deadLetterTargetArn": queue_arn(dead), "maxReceiveCount": 3}
        url = self.sqs.create_queue(QueueName=name, Attributes={
            "VisibilityTimeout": str(visibility_s),
            "RedrivePolicy": json.dumps(policy)})["QueueUrl"]
        return url, name, dead_url

    def map(self, queue_name, function, **arguments):
        mapping = self.functions.create_event_source_mapping(
            EventSourceArn=queue_arn(queue_name), FunctionName=function, **arguments)
        self.addCleanup(self.functions.delete_event_source_mapping, UUID=mapping["UUID"])
        return mapping

    def count(self, url, which="ApproximateNumberOfMessages"):
        return int(self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=[which])["Attributes"][which])

    def bodies(self, url):
        messages = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def send_batch(self, url, messages):
        self.sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": json.dumps(message)}
            for i, message in enumerate(messages)])


class PartialFailures(MappingsTest):
    def check_batch_of_ten_with_three_bad(self, handler):
        url, name, dead_url = self.queue_with_dead_letters()
        function = self.function(Timeout=2)
        messages = [{"id": i, "fails": i in (2, 5, 9)} for i in range(10)]
        self.send_batch(url, messages)
        self.map(name, function, FunctionResponseTypes=["ReportBatchItemFailures"])
        self.worker(function, handler, NOTES=str(self.notes_path))
        good = [message for message in messages if not message["fails"]]
        wait_until(lambda: self.notes("sent") == good, what="seven messages sent")
        # The three are hidden for their timeout, and nothing else is left.
        wait_until(lambda: self.count(url, "ApproximateNumberOfMessagesNotVisible") == 3,
                   what="three messages left")
        wait_until(lambda: self.count(dead_url) == 3, timeout_s=20, what="three dead letters")
        self.assertEqual(sorted(each["id"] for each in self.bodies(dead_url)), [2, 5, 9])
        self.assertEqual(self.notes("sent"), good)
        self.assertEqual(self.count(url), 0)

    def test_of_ten_messages_seven_are_deleted_and_three_are_dead_after_three_receives(self):
        self.check_batch_of_ten_with_three_bad("notifications.send_all")

    def test_the_same_with_powertools(self):
        self.check_batch_of_ten_with_three_bad("powertools.send_all")

    def test_powertools_stops_at_the_first_failure_of_a_fifo_queue(self):
        name = unique("orders") + ".fifo"
        url = self.sqs.create_queue(QueueName=name, Attributes={
            "FifoQueue": "true", "ContentBasedDeduplication": "true",
            "VisibilityTimeout": "2"})["QueueUrl"]
        function = self.function(Timeout=2)
        for i in range(4):
            self.sqs.send_message(QueueUrl=url, MessageGroupId="a",
                                  MessageBody=json.dumps({"id": i, "fails": i == 1}))
        self.map(name, function, FunctionResponseTypes=["ReportBatchItemFailures"])
        self.worker(function, "powertools.send_in_order", NOTES=str(self.notes_path))
        wait_until(lambda: self.count(url, "ApproximateNumberOfMessagesNotVisible") == 3
                   and self.notes("sent"), what="three messages left")
        self.assertEqual([each["id"] for each in self.notes("sent")], [0])

    def test_a_handler_that_fails_gets_its_messages_again_and_then_they_are_dead(self):
        url, name, dead_url = self.queue_with_dead_letters()
        function = self.function(Timeout=2)
        self.send_batch(url, [{"id": 1}, {"id": 2}])
        mapping = self.map(name, function)
        self.worker(function, "notifications.fail", NOTES=str(self.notes_path))
        wait_until(lambda: self.count(dead_url) == 2, timeout_s=20, what="two dead letters")
        shown = self.functions.get_event_source_mapping(UUID=mapping["UUID"])
        self.assertEqual(shown["LastProcessingResult"], "PROBLEM: Function call failed")

    def test_dead_letters_are_a_function_s_too(self):
        url, name, dead_url = self.queue_with_dead_letters()
        function, processor = self.function(Timeout=2), self.function(Timeout=2)
        dead_name = dead_url.rpartition("/")[2]
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "2"})
        self.map(name, function)
        self.map(dead_name, processor)
        self.worker(function, "notifications.fail", NOTES=str(self.notes_path))
        self.worker(processor, "notifications.alert", NOTES=str(self.notes_path))
        self.send_batch(url, [{"id": 1}])
        alert = wait_until(lambda: self.notes("alert"), timeout_s=20, what="an alert")[0]
        record = alert["Records"][0]
        self.assertEqual(record["attributes"]["DeadLetterQueueSourceArn"], queue_arn(name))
        self.assertEqual(json.loads(record["body"]), {"id": 1})


class Lives(MappingsTest):
    def test_a_mapping_is_made_shown_listed_changed_and_deleted(self):
        _, name, _ = self.queue_with_dead_letters(30)
        function = self.function()
        made = self.map(name, function, BatchSize=5, ScalingConfig={"MaximumConcurrency": 2},
                        FilterCriteria={"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]},
                        FunctionResponseTypes=["ReportBatchItemFailures"], Tags={"team": "shop"})
        self.assertEqual(made["ResponseMetadata"]["HTTPStatusCode"], 202)
        self.assertEqual(
            (made["State"], made["BatchSize"], made["EventSourceArn"], made["FunctionArn"],
             made["MaximumBatchingWindowInSeconds"], made["FunctionResponseTypes"]),
            ("Creating", 5, queue_arn(name),
             f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}", 0,
             ["ReportBatchItemFailures"]))
        shown = self.functions.get_event_source_mapping(UUID=made["UUID"])
        self.assertEqual((shown["State"], shown["ScalingConfig"], shown["FilterCriteria"]),
                         ("Enabled", {"MaximumConcurrency": 2},
                          {"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]}))
        arn = made["EventSourceMappingArn"]
        self.functions.tag_resource(Resource=arn, Tags={"stage": "test"})
        self.functions.untag_resource(Resource=arn, TagKeys=["team"])
        self.assertEqual(self.functions.list_tags(Resource=arn)["Tags"], {"stage": "test"})
        for filters in ({"FunctionName": function}, {"EventSourceArn": queue_arn(name)}):
            listed = self.functions.list_event_source_mappings(**filters)["EventSourceMappings"]
            self.assertEqual([each["UUID"] for each in listed], [made["UUID"]])
        changed = self.functions.update_event_source_mapping(
            UUID=made["UUID"], BatchSize=7, Enabled=False, FilterCriteria={"Filters": []})
        self.assertEqual((changed["State"], changed["BatchSize"]), ("Disabling", 7))
        shown = self.functions.get_event_source_mapping(UUID=made["UUID"])
        self.assertEqual(shown["State"], "Disabled")
        self.assertNotIn("FilterCriteria", shown)

    def test_bad_mappings_are_refused(self):
        url, name, _ = self.queue_with_dead_letters(30)
        function = self.function(Timeout=20)
        create = self.functions.create_event_source_mapping
        good = {"EventSourceArn": queue_arn(name), "FunctionName": function}
        for bad in ({"BatchSize": 11}, {"BatchSize": 0}, {"MaximumBatchingWindowInSeconds": 301},
                    {"ScalingConfig": {"MaximumConcurrency": 1}}, {"ParallelizationFactor": 2},
                    {"EventSourceArn": queue_arn("nowhere")}, {"StartingPosition": "LATEST"},
                    {"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
                    {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}},
                    {"FunctionResponseTypes": ["Other"]}):
            with self.subTest(bad=bad):
                code = ("InvalidParameterValueException", "ValidationException")
                with self.assertRaises(support.botocore.exceptions.ClientError) as caught:
                    create(**{**good, **bad})
                self.assertIn(caught.exception.response["Error"]["Code"], code)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10"})
        text = self.refused("InvalidParameterValueException", 400, create, **good)
        self.assertEqual(text, "Queue visibility timeout: 10 seconds is less than "
                               "Function timeout: 20 seconds")
        self.refused("ResourceNotFoundException", 404, create,
                     **{**good, "FunctionName": "nobody"})
        self.refused("ResourceNotFoundException", 404, self.functions.get_event_source_mapping,
                     UUID="00000000-0000-0000-0000-000000000000")


class OtherWays(MappingsTest):
    """A function as the target of rules and schedules, and what is told when it fails."""

    options = ("--test-clock",)

    def test_a_rule_and_a_schedule_invoke_a_function(self):
        function = self.function()
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
        rule = unique("rule")
        self.events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
        self.events.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": arn}])
        self.worker(function, "notifications.alert", NOTES=str(self.notes_path))
        self.events.put_events(Entries=[
            {"Source": rule, "DetailType": "order.created", "Detail": '{"id": 1}'}])
        event = wait_until(lambda: self.notes("alert"), what="the rule's event")[0]
        self.assertEqual((event["detail-type"], event["detail"]), ("order.created", {"id": 1}))
        scheduler = support.client("scheduler", self.broker)
        scheduler.create_schedule(
            Name=unique("schedule"), ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/r",
                    "Input": '{"nightly": true}'})
        self.broker.advance("PT61S")
        wait_until(lambda: {"nightly": True} in self.notes("alert"), what="the schedule's event")

    def test_an_event_that_fails_three_times_is_a_dead_letter(self):
        dead = unique("dead")
        dead_url = self.sqs.create_queue(QueueName=dead)["QueueUrl"]
        function = self.function(DeadLetterConfig={"TargetArn": queue_arn(dead)})
        self.worker(function, "shop.fail")
        errors = self.errors()
        answer = self.functions.invoke(FunctionName=function, InvocationType="Event",
                                       Payload=json.dumps({"order": 7}))
        self.assertEqual((answer["StatusCode"], answer["Payload"].read()), (202, b""))
        for number, wait in enumerate(("PT0S", "PT60S", "PT120S"), 1):
            self.broker.advance(wait)
            wait_until(lambda: self.errors() == errors + number, what=f"error {number}")
        # Counted when it is decided, there to be received once that is durable.
        messages = wait_until(
            lambda: self.sqs.receive_message(
                QueueUrl=dead_url, MessageAttributeNames=["All"]).get("Messages"),
            what="a dead letter")
        self.assertEqual(json.loads(messages[0]["Body"]), {"order": 7})
        attributes = messages[0]["MessageAttributes"]
        self.assertEqual(attributes["ErrorMessage"]["StringValue"], "no such order: 7")

    def errors(self):
        text = self.broker.get("/_signalbox/metrics")[2].decode()
        return int(text.split("\nsignalbox_invocation_errors_total ")[1].split("\n")[0])


class Kills(unittest.TestCase):
    """kill -9 in the middle of a batch: of the worker, then of the broker."""

    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes_path = pathlib.Path(folder.name) / "notes"
        self.connect()
        self.functions.create_function(
            FunctionName="notify", Role="arn:aws:iam::000000000000:role/r", PackageType="Image",
            Code={"ImageUri": "attached"}, Timeout=3)
        self.url = self.sqs.create_queue(
            QueueName="kills", Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
        self.functions.create_event_source_mapping(
            EventSourceArn=queue_arn("kills"), FunctionName="notify", BatchSize=10)

    def connect(self):
        self.sqs = support.client("sqs", self.broker)
        self.functions = support.client("lambda", self.broker)

    def worker(self):
        worker = Worker(self.broker, "notify", "notifications.send_slowly",
                        NOTES=str(self.notes_path), SECONDS="0.5")
        self.addCleanup(worker.stop)
        return worker

    def noted(self, what):
        if not self.notes_path.exists():
            return []
        lines = [json.loads(line) for line in self.notes_path.read_text().splitlines()]
        return [line[what]["id"] for line in lines if what in line]

    def left(self):
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return (int(attributes["ApproximateNumberOfMessages"])
                + int(attributes["ApproximateNumberOfMessagesNotVisible"]))

    def test_nothing_is_lost_and_nothing_is_deleted_that_had_not_succeeded(self):
        for i in range(10):
            self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps({"id": i}))
        worker = self.worker()
        wait_until(lambda: self.noted("begun"), what="a batch under way")
        worker.process.kill()
        self.assertEqual(self.left(), 10)
        worker = self.worker()
        begun = len(self.noted("begun"))
        wait_until(lambda: len(self.noted("begun")) > begun, what="a second batch under way")
        self.broker.kill()
        worker.stop()
        sent = set(self.noted("sent"))
        self.broker.start()
        self.connect()
        # What was done may come again; what was not must still be there.
        self.assertGreaterEqual(self.left(), 10 - len(sent))
        self.worker()
        wait_until(lambda: self.left() == 0, timeout_s=30, what="an empty queue")
        self.assertEqual(set(self.noted("sent")), set(range(10)))


if __name__ == "__main__":
    unittest.main()
