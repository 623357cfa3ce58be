"""A rule is in force for every PutEvents that starts after its 2xx, on whatever connection."""

import json
import unittest

import support
from wire import Connection

ROUNDS = 10000 if support.LONG else 500


class RuleRace(support.SdkTest):
    def setUp(self):
        self.control = Connection(self.broker.host, self.broker.port)
        self.data = Connection(self.broker.host, self.broker.port)
        self.addCleanup(self.control.close)
        self.addCleanup(self.data.close)
        self.bus_name = self.bus()
        self.old, self.new = self.queue("old"), self.queue("new")

    def rules(self, operation, **members):
        return self.control.call("events", operation, {"EventBusName": self.bus_name, **members})

    def put(self, round_number):
        entry = {"Source": "race", "DetailType": "T", "Detail": json.dumps({"n": round_number}),
                 "EventBusName": self.bus_name}
        answer = self.data.call("events", "PutEvents", {"Entries": [entry]})
        self.assertEqual(answer["FailedEntryCount"], 0, answer)

    def take_all(self, url):
        """The round numbers of everything in the queue, which is empty afterwards."""
        found = []
        while True:
            answer = self.data.call("sqs", "ReceiveMessage", {"QueueUrl": url,
                                                              "MaxNumberOfMessages": 10})
            messages = answer.get("Messages", [])
            if not messages:
                return found
            found += [json.loads(m["Body"])["detail"]["n"] for m in messages]
            self.data.call("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]}
                for n, m in enumerate(messages)]})

    def test_put_rule_changes_the_pattern_for_the_next_event(self):
        target = {"Id": "t", "Arn": support.queue_arn(self.name_of(self.new))}
        wanted = []
        for number in range(ROUNDS):
            matching = number % 2 == 0
            pattern = {"source": ["race" if matching else "other"]}
            self.rules("PutRule", Name="r", EventPattern=json.dumps(pattern))
            if number == 0:
                self.rules("PutTargets", Rule="r", Targets=[target])
            self.put(number)
            if matching:
                wanted.append(number)
        self.assertEqual(sorted(self.take_all(self.new)), wanted)

    def test_delete_rule_ends_it_and_put_rule_begins_it_for_the_next_event(self):
        target = {"Id": "t", "Arn": support.queue_arn(self.name_of(self.new))}
        pattern = json.dumps({"source": ["race"]})
        wanted = []
        for number in range(ROUNDS // 2):
            self.rules("PutRule", Name="r", EventPattern=pattern)
            self.rules("PutTargets", Rule="r", Targets=[target])
            self.put(2 * number)
            wanted.append(2 * number)
            self.rules("RemoveTargets", Rule="r", Ids=["t"])
            self.rules("DeleteRule", Name="r")
            self.put(2 * number + 1)
        self.assertEqual(sorted(self.take_all(self.new)), wanted)

    def test_a_target_is_replaced_for_the_next_event(self):
        self.rules("PutRule", Name="r", EventPattern=json.dumps({"source": ["race"]}))
        for number in range(ROUNDS):
            url = self.new if number % 2 else self.old
            self.rules("PutTargets", Rule="r", Targets=[
                {"Id": "t", "Arn": support.queue_arn(self.name_of(url))}])
            self.put(number)
        self.assertEqual(sorted(self.take_all(self.new)), list(range(1, ROUNDS, 2)))
        self.assertEqual(sorted(self.take_all(self.old)), list(range(0, ROUNDS, 2)))

    def test_disable_and_enable_hold_for_the_next_event(self):
        self.rules("PutRule", Name="r", EventPattern=json.dumps({"source": ["race"]}))
        self.rules("PutTargets", Rule="r", Targets=[
            {"Id": "t", "Arn": support.queue_arn(self.name_of(self.new))}])
        for number in range(ROUNDS):
            self.rules("DisableRule" if number % 2 else "EnableRule", Name="r")
            self.put(number)
        self.assertEqual(sorted(self.take_all(self.new)), list(range(0, ROUNDS, 2)))


if __name__ == "__main__":
    unittest.main()
