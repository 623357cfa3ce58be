"""Log groups as targets, and the step records that a bus's LogConfig asks for: lines in files."""

import json
import pathlib
import unittest

import support
from broker_process import Broker
from support import SdkTest, unique, wait_until

GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:"


class LogFiles(SdkTest):
    def lines(self, name):
        """The log events of a group of the default world, parsed."""
        folder = pathlib.Path(self.broker.data_dir, "log-groups", "000000000000", "us-east-1")
        path = folder / (name.replace("/", "%2F") + ".jsonl")
        if not path.exists():
            return []
        # A line that is being written ends without its newline.
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]]

    def wait_for_lines(self, name, count):
        wait_until(lambda: len(self.lines(name)) >= count, 30, f"{count} lines of {name}")
        return self.lines(name)

    def steps(self, bus, last):
        """The records of the bus once there is one of that message type."""
        group = f"/aws/vendedlogs/events/event-bus/{bus}"

        def types():
            return [json.loads(line["message"])["message_type"] for line in self.lines(group)]

        wait_until(lambda: last in types(), 30, last)
        return [json.loads(line["message"]) for line in self.lines(group)]


class LogGroups(LogFiles):
    def test_events_for_a_log_group_are_lines_of_a_file(self):
        bus, group = self.bus(), unique("/shop/orders")
        self.rule(bus, {"source": ["test"]}, {"Id": "log", "Arn": GROUP_ARN + group + ":*"})
        ids = [self.put_event(bus, {"number": number}) for number in range(20)]
        lines = self.wait_for_lines(group, 20)
        self.assertEqual({json.loads(line["message"])["id"] for line in lines}, set(ids))
        self.assertTrue(all(isinstance(line["timestamp"], int) for line in lines))

    def test_a_template_makes_the_message_and_the_time(self):
        bus, group = self.bus(), unique("templated")
        self.rule(bus, {"source": ["test"]}, {
            "Id": "log", "Arn": GROUP_ARN + group,
            "InputTransformer": {
                "InputPathsMap": {"at": "$.detail.at", "id": "$.detail.id"},
                "InputTemplate": '{"timestamp": <at>, "message": "order <id> came"}'}})
        self.put_event(bus, {"at": 1767323045678, "id": "o-1"})
        self.assertEqual(self.wait_for_lines(group, 1),
                         [{"timestamp": 1767323045678, "message": "order o-1 came"}])

    def test_a_group_with_a_hostile_name_stays_in_its_directory(self):
        bus, name = self.bus(), unique("x")
        self.rule(bus, {"source": ["test"]}, {
            "Id": "log", "Arn": f"arn:aws:logs:..:../..:log-group:../../../{name}"})
        self.put_event(bus)
        root = pathlib.Path(self.broker.data_dir).parent
        wait_until(lambda: list(root.rglob(f"*{name}*")), 30, "the file")
        (found,) = root.rglob(f"*{name}*")
        self.assertEqual(found.parents[2], pathlib.Path(self.broker.data_dir, "log-groups"))

    def test_steps_are_told_at_the_level_asked_for_and_changed_at_once(self):
        bus, queue = unique("logged"), self.queue()
        self.events.create_event_bus(
            Name=bus, LogConfig={"Level": "TRACE", "IncludeDetail": "FULL"})
        self.rule(bus, {"source": ["test"]}, queue)
        event_id = self.put_event(bus, {"orderId": "o-1"})
        records = self.steps(bus, "INVOCATION_SUCCESS")
        self.assertEqual([record["message_type"] for record in records], [
            "EVENT_RECEIPT", "EVENT_INGEST_SUCCESS", "RULE_MATCH_START", "RULE_MATCH",
            "INVOCATION_START", "INVOCATION_ATTEMPT_START", "INVOCATION_ATTEMPT_SUCCESS",
            "INVOCATION_SUCCESS"])
        self.assertEqual({record["event_id"] for record in records}, {event_id})
        self.assertEqual(len({record["request_id"] for record in records}), 1)
        self.assertEqual(json.loads(records[0]["details"]["event_detail"]), {"orderId": "o-1"})
        self.assertIn('"event step"', pathlib.Path(self.broker.log_path).read_text())
        self.events.update_event_bus(Name=bus, LogConfig={"Level": "ERROR"})
        self.put_event(bus)
        refused = self.events.put_events(Entries=[
            {"Source": "test", "DetailType": "T", "Detail": "[]", "EventBusName": bus}])
        self.assertEqual(refused["FailedEntryCount"], 1)
        last = self.steps(bus, "EVENT_INGEST_FAILURE")[len(records):]
        self.assertEqual([record["error"]["error_message"] for record in last],
                         ["Detail is malformed."])


class Killed(LogFiles):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker().start()
        cls.addClassCleanup(cls.broker.close)
        cls.sqs = support.client("sqs", cls.broker)
        cls.events = support.client("events", cls.broker)

    def test_lines_wait_for_a_broker_that_was_killed(self):
        bus, group = self.bus(), unique("killed")
        self.rule(bus, {"source": ["test"]}, {"Id": "log", "Arn": GROUP_ARN + group})
        ids = {self.put_event(bus, {"number": number}) for number in range(50)}
        self.broker.restart()
        wait_until(lambda: {json.loads(line["message"])["id"] for line in self.lines(group)} == ids,
                   60, "a line for every event")


if __name__ == "__main__":
    unittest.main()
