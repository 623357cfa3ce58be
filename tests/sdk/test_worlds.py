"""Account and region come from the credential scope; each pair is a world of its own."""

import json
import unittest

import support
from support import SdkTest, queue_arn, unique

OTHER = "111122223333"


class Worlds(SdkTest):
    def test_regions_do_not_see_each_others_queues(self):
        name = unique("regional")
        urls = {}
        for region in ("us-east-1", "eu-west-1", "ap-southeast-2"):
            sqs = support.client("sqs", self.broker, region)
            urls[region] = sqs.create_queue(QueueName=name)["QueueUrl"]
            sqs.send_message(QueueUrl=urls[region], MessageBody=region)
        for region, url in urls.items():
            sqs = support.client("sqs", self.broker, region)
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            self.assertEqual([m["Body"] for m in messages], [region])
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            self.assertEqual(arn["Attributes"]["QueueArn"], queue_arn(name, region))

    def test_a_twelve_digit_access_key_is_an_account(self):
        name = unique("account")
        theirs = support.client("sqs", self.broker, access_key=OTHER)
        url = theirs.create_queue(QueueName=name)["QueueUrl"]
        self.assertEqual(url, f"{self.broker.endpoint}/{OTHER}/{name}")
        arn = theirs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.assertEqual(arn["Attributes"]["QueueArn"], queue_arn(name, account=OTHER))
        self.refused("AWS.SimpleQueueService.NonExistentQueue", self.sqs.get_queue_url,
                     QueueName=name)

    def test_a_queue_url_names_its_account_whoever_asks(self):
        theirs = support.client("sqs", self.broker, access_key=OTHER)
        url = theirs.create_queue(QueueName=unique("shared"))["QueueUrl"]
        self.send(url, "from the other account")
        self.assertEqual(self.receive_one(url)["Body"], "from the other account")
        found = self.sqs.get_queue_url(QueueName=self.name_of(url),
                                       QueueOwnerAWSAccountId=OTHER)["QueueUrl"]
        self.assertEqual(found, url)

    def test_requests_without_a_signature_are_of_the_default_world(self):
        name = unique("unsigned")
        self.sqs.create_queue(QueueName=name)
        answer = self.post_json("AmazonSQS.GetQueueUrl", {"QueueName": name})
        self.assertEqual(answer.json["QueueUrl"], f"{self.broker.endpoint}/000000000000/{name}")

    def test_buses_and_rules_of_worlds_are_apart_and_each_has_a_default_bus(self):
        far = support.client("events", self.broker, "eu-west-1")
        name = unique("bus")
        arn = far.create_event_bus(Name=name)["EventBusArn"]
        self.assertEqual(arn, f"arn:aws:events:eu-west-1:000000000000:event-bus/{name}")
        self.refused("ResourceNotFoundException", self.events.describe_event_bus, Name=name)
        self.assertEqual(far.describe_event_bus()["Arn"],
                         "arn:aws:events:eu-west-1:000000000000:event-bus/default")
        theirs = support.client("events", self.broker, access_key=OTHER)
        self.assertEqual(theirs.describe_event_bus()["Arn"],
                         f"arn:aws:events:us-east-1:{OTHER}:event-bus/default")

    def test_a_bus_takes_events_of_another_account_when_its_policy_says_so(self):
        bus, queue = self.bus(), self.queue()
        self.rule(bus, {"source": ["partner"]}, queue)
        arn = self.events.describe_event_bus(Name=bus)["Arn"]
        partner = support.client("events", self.broker, access_key=OTHER)
        entry = {"Source": "partner", "DetailType": "t", "Detail": "{}", "EventBusName": arn}
        refused = partner.put_events(Entries=[entry])
        self.assertEqual(refused["FailedEntryCount"], 1)
        self.assertEqual(refused["Entries"][0]["ErrorCode"], "AccessDeniedException")
        self.events.put_permission(EventBusName=bus, Action="events:PutEvents", Principal=OTHER,
                                   StatementId="partner")
        self.assertIn("partner", self.events.describe_event_bus(Name=bus)["Policy"])
        self.assertEqual(partner.put_events(Entries=[entry])["FailedEntryCount"], 0)
        self.receive_one(queue, WaitTimeSeconds=5)
        self.events.remove_permission(EventBusName=bus, StatementId="partner")
        self.assertEqual(partner.put_events(Entries=[entry])["FailedEntryCount"], 1)
        self.refused("ResourceNotFoundException", self.events.remove_permission,
                     EventBusName=bus, StatementId="partner",
                     message="Statement with the provided id does not exist.")

    def test_a_rule_forwards_events_to_a_bus_of_another_account_and_region_once(self):
        far_events = support.client("events", self.broker, "eu-west-1", OTHER)
        far_sqs = support.client("sqs", self.broker, "eu-west-1", OTHER)
        name = unique("far")
        there = far_sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = far_events.create_event_bus(Name=name)["EventBusArn"]
        far_events.put_rule(Name="all", EventBusName=name, EventPattern='{"source":["test"]}')
        bus, dead = self.bus(), self.queue()
        far_events.put_targets(Rule="all", EventBusName=name, Targets=[
            {"Id": "q", "Arn": queue_arn(name, "eu-west-1", OTHER)},
            {"Id": "back", "Arn": self.events.describe_event_bus(Name=bus)["Arn"],
             "DeadLetterConfig": {"Arn": queue_arn(name, "eu-west-1", OTHER)}}])
        self.events.put_rule(Name="out", EventBusName=bus, EventPattern='{"source":["test"]}')
        self.events.put_targets(Rule="out", EventBusName=bus, Targets=[
            {"Id": "b", "Arn": arn,
             "DeadLetterConfig": {"Arn": queue_arn(self.name_of(dead))}}])
        denied = self.put_event(bus)
        letter = self.receive_one(dead, MessageAttributeNames=["All"])
        self.assertEqual(json.loads(letter["Body"])["id"], denied)
        self.assertEqual(letter["MessageAttributes"]["ERROR_CODE"]["StringValue"],
                         "NO_PERMISSIONS")
        far_events.put_permission(EventBusName=name, Action="events:PutEvents",
                                  Principal="000000000000", StatementId="near")
        event_id = self.put_event(bus)
        # One by the rule there, and one as a dead letter: it is not forwarded back.
        arrived = far_sqs.receive_message(QueueUrl=there, MaxNumberOfMessages=10,
                                          MessageAttributeNames=["All"])["Messages"]
        self.assertEqual([json.loads(m["Body"])["id"] for m in arrived], [event_id, event_id])
        self.assertEqual({json.loads(m["Body"])["account"] for m in arrived}, {"000000000000"})
        codes = [m["MessageAttributes"]["ERROR_CODE"]["StringValue"] for m in arrived
                 if "MessageAttributes" in m]
        self.assertEqual(codes, ["THIRD_ACCOUNT_HOP_DETECTED"])

    def test_an_events_account_and_region_are_those_of_the_request(self):
        events = support.client("events", self.broker, "eu-west-1", OTHER)
        sqs = support.client("sqs", self.broker, "eu-west-1", OTHER)
        name = unique("world")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        events.create_event_bus(Name=name)
        events.put_rule(Name="all", EventBusName=name, EventPattern='{"source":["test"]}')
        events.put_targets(Rule="all", EventBusName=name, Targets=[
            {"Id": "q", "Arn": queue_arn(name, "eu-west-1", OTHER)}])
        events.put_events(Entries=[{"Source": "test", "DetailType": "T", "Detail": "{}",
                                    "EventBusName": name}])
        event = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
        self.assertEqual((event["account"], event["region"]), (OTHER, "eu-west-1"))


if __name__ == "__main__":
    unittest.main()
