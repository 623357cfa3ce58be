"""PutEvents: per-entry answers, limits, the envelope, routing to queues."""

import datetime
import hashlib
import json
import re
import time
import unittest

import support
from support import SdkTest, unique

LIMIT = 1048576


def entry(bus="default", **members):
    return {"Source": "test", "DetailType": "Test", "Detail": "{}", "EventBusName": bus, **members}


class Answers(SdkTest):
    def put(self, *entries):
        answer = self.events.put_events(Entries=list(entries))
        return answer["FailedEntryCount"], answer["Entries"]

    def test_entries_are_answered_in_order_with_ids(self):
        failed, answers = self.put(*[entry() for _ in range(10)])
        self.assertEqual(failed, 0)
        self.assertEqual(len({a["EventId"] for a in answers}), 10)
        for answer in answers:
            self.assertEqual(set(answer), {"EventId"})

    def test_bad_entries_fail_alone_at_their_index(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        failed, answers = self.put(
            entry(bus), entry(bus, Source=""), entry(bus, DetailType=""), entry(bus, Detail=""),
            entry(bus, Detail="[1]"), entry(bus, Detail='"x"'), entry(bus, Detail="{"),
            entry(bus, Detail="7"), entry(bus, Source="aws.ec2"), entry(bus, Detail='{"ok":1}'))
        self.assertEqual(failed, 8)
        expected = [("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a "
                                        "required argument.")
                    for name in ("Source", "DetailType", "Detail")]
        expected += [("MalformedDetail", "Detail is malformed.")] * 4
        found = [(a.get("ErrorCode"), a.get("ErrorMessage")) for a in answers]
        self.assertEqual(found[1:8], expected)
        self.assertEqual(found[8][0], "NotAuthorizedForSourceException")
        self.assertEqual(len(self.receive(url)), 2)

    def test_members_left_out(self):
        failed, answers = self.put(entry(), {"DetailType": "T", "Detail": "{}"},
                                   {"Source": "s", "Detail": "{}"},
                                   {"Source": "s", "DetailType": "T"})
        self.assertEqual((failed, [a.get("ErrorCode") for a in answers]),
                         (3, [None] + ["InvalidArgument"] * 3))

    def test_no_entry_with_all_three_members_fails_the_request(self):
        answer = self.post_json("AWSEvents.PutEvents", {"Entries": [{"Source": "s"}]})
        self.assertIn(answer.status, (200, 400), answer.text)
        if answer.status == 200:
            self.assertEqual(answer.json["FailedEntryCount"], 1)

    def test_no_entries_or_more_than_ten_are_refused(self):
        self.refused("ValidationException", self.put)
        error = self.refused("ValidationException", self.put, *[entry() for _ in range(11)])
        self.assertIn("at 'entries' failed to satisfy constraint: Member must have length less "
                      "than or equal to 10", str(error))

    def test_the_total_size_has_a_limit(self):
        room = LIMIT - len("test") - len("Test") - len('{"a":""}')
        self.refused("ValidationException", self.put,
                     entry(Detail=json.dumps({"a": "x" * LIMIT})),
                     message="Total size of the entries in the request is over the limit.")
        half = {"Detail": json.dumps({"a": "x" * (LIMIT // 2)})}
        self.refused("ValidationException", self.put, entry(**half), entry(**half))
        failed, _ = self.put(entry(Detail='{"a":"%s"}' % ("x" * (room - 64))))
        self.assertEqual(failed, 0)

    def test_numbers_that_fit_no_double_and_deep_nesting_are_taken_within_bounds(self):
        deep = '{"a":' * 500 + "1" + "}" * 500
        failed, _ = self.put(entry(Detail=deep), entry(Detail='{"n":9223372036854775807}'))
        self.assertEqual(failed, 0)
        answer = self.post_json("AWSEvents.PutEvents", {"Entries": [
            entry(Detail='{"a":' * 100000 + "1" + "}" * 100000)]})
        self.assertTrue(answer.status == 400 or answer.json["FailedEntryCount"] == 1, answer.text)

    def test_a_missing_bus_swallows_the_event_as_the_service_does(self):
        failed, answers = self.put(entry(unique("nowhere")))
        self.assertEqual((failed, set(answers[0])), (0, {"EventId"}))


class Envelopes(SdkTest):
    def delivered(self, **members):
        """The body a matching queue gets for this entry."""
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": [members.get("Source", "test")]}, url)
        event_id = self.put_event(bus, **{"detail": "{}", **members})
        return event_id, self.receive_one(url)["Body"]

    def test_the_order_of_keys_and_compactness(self):
        event_id, body = self.delivered(
            Detail='{ "b" : 1,\n "a" : [ 1.0, 2e3, -0 ], "text": "x y" }', Resources=["r1", "r2"],
            Time=datetime.datetime(2026, 5, 6, 7, 8, 9, 999000, datetime.timezone.utc))
        self.assertEqual(
            body, '{"version":"0","id":"%s","detail-type":"Test","source":"test",'
                  '"account":"000000000000","time":"2026-05-06T07:08:09Z","region":"us-east-1",'
                  '"resources":["r1","r2"],"detail":{"b":1,"a":[1.0,2e3,-0],"text":"x y"}}'
                  % event_id)

    def test_without_time_or_resources(self):
        _, body = self.delivered()
        event = json.loads(body)
        self.assertEqual(event["resources"], [])
        self.assertEqual(list(event), ["version", "id", "detail-type", "source", "account", "time",
                                       "region", "resources", "detail"])
        self.assertRegex(event["time"], re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"))
        taken = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
        self.assertLess(abs(taken - time.time()), 5)

    def test_times_as_text_and_as_numbers_are_the_same(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        for when in (1767323045.678, 1767323045, "2026-01-02T03:04:05.678Z",
                     "2026-01-02T05:04:05+02:00"):
            answer = self.post_json("AWSEvents.PutEvents", {"Entries": [entry(bus, Time=when)]})
            self.assertEqual(answer.json["FailedEntryCount"], 0, answer.text)
            self.assertEqual(json.loads(self.receive_one(url)["Body"])["time"],
                             "2026-01-02T03:04:05Z")

    def test_every_character_survives(self):
        text = 'ä 信 \U0001F682 " \\ / \b \f \n \r \t </script>'
        _, body = self.delivered(detail={"text": text}, Source="quo\"te ä", detail_type="t\\ype")
        event = json.loads(body)
        self.assertEqual((event["detail"]["text"], event["source"], event["detail-type"]),
                         (text, 'quo"te ä', "t\\ype"))

    def test_a_trace_header_reaches_the_message(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
        self.put_event(bus, TraceHeader=trace)
        message = self.receive_one(url, AttributeNames=["AWSTraceHeader"])
        self.assertEqual(message["Attributes"], {"AWSTraceHeader": trace})


class Routing(SdkTest):
    def test_one_event_to_many_rules_targets_and_queues(self):
        bus = self.bus()
        urls = [self.queue() for _ in range(4)]
        self.rule(bus, {"source": ["test"]}, urls[0], urls[1])
        self.rule(bus, {"detail": {"kind": ["a"]}}, urls[1], urls[2])
        self.rule(bus, {"detail": {"kind": ["b"]}}, urls[3])
        event_id = self.put_event(bus, {"kind": "a"})
        ids = [[json.loads(m["Body"])["id"] for m in self.receive(url)] for url in urls]
        self.assertEqual(ids, [[event_id], [event_id, event_id], [event_id], []])

    def test_buses_are_apart(self):
        one, other, url = self.bus(), self.bus(), self.queue()
        self.rule(one, {"source": ["test"]}, url)
        self.put_event(other)
        self.assertEqual(self.receive(url), [])

    def test_the_default_bus_and_a_bus_by_arn(self):
        url, source = self.queue(), unique("source")
        name = self.rule("default", {"source": [source]}, url)
        arn = "arn:aws:events:us-east-1:000000000000:event-bus/default"
        for bus in ({}, {"EventBusName": "default"}, {"EventBusName": arn}):
            answer = self.events.put_events(Entries=[
                {"Source": source, "DetailType": "T", "Detail": "{}", **bus}])
            self.assertEqual(answer["FailedEntryCount"], 0)
        self.assertEqual(len(self.receive(url)), 3)
        self.events.remove_targets(Rule=name, Ids=["target-0"])
        self.events.delete_rule(Name=name)

    def test_a_message_is_there_when_put_events_has_answered(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        for _ in range(50):
            event_id = self.put_event(bus)
            message = self.receive_one(url)
            self.assertEqual(json.loads(message["Body"])["id"], event_id)
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def test_a_target_queue_that_does_not_exist_stops_nobody_else(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]},
                  {"Id": "gone", "Arn": support.queue_arn(unique("nowhere"))},
                  {"Id": "there", "Arn": support.queue_arn(self.name_of(url))})
        self.put_event(bus)
        self.assertEqual(len(self.receive(url)), 1)

    def test_the_queues_delay_holds_for_events(self):
        bus, url = self.bus(), self.queue(attributes={"DelaySeconds": "900"})
        self.rule(bus, {"source": ["test"]}, url)
        self.put_event(bus)
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesDelayed"], "1")

    def test_an_event_carries_its_md5(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        self.put_event(bus, {"a": 1})
        message = self.receive_one(url)
        self.assertEqual(message["MD5OfBody"], hashlib.md5(message["Body"].encode()).hexdigest())


if __name__ == "__main__":
    unittest.main()
