"""Rules with schedules: they fire, with the test clock and over restarts."""

import json
import unittest

from broker_process import Broker
from support import ClockTest, SdkTest, client, queue_arn, unique


class ScheduledRules(ClockTest):
    def scheduled(self, expression, state="ENABLED", **target):
        """The name of a new rule and the URL of the queue it fires into."""
        name, url = unique("rule"), self.queue()
        arn = self.events.put_rule(Name=name, ScheduleExpression=expression, State=state)["RuleArn"]
        self.assertEqual(arn, f"arn:aws:events:us-east-1:000000000000:rule/{name}")
        self.events.put_targets(Rule=name, Targets=[
            {"Id": "q", "Arn": queue_arn(self.name_of(url)), **target}])
        self.addCleanup(self.events.disable_rule, Name=name)
        return name, url

    def test_a_rate_fires_each_period(self):
        name, url = self.scheduled("rate(1 minute)")
        self.assertEqual(self.receive(url), [])
        self.advance(300)
        events = [json.loads(message["Body"]) for message in self.receive(url)]
        self.assertEqual(len(events), 5)
        self.assertEqual(len({event["time"] for event in events}), 5)
        for event in events:
            self.assertEqual(list(event), ["version", "id", "detail-type", "source", "account",
                                           "time", "region", "resources", "detail"])
            self.assertEqual((event["source"], event["detail-type"], event["detail"]),
                             ("aws.events", "Scheduled Event", {}))
            self.assertEqual(event["resources"],
                             [f"arn:aws:events:us-east-1:000000000000:rule/{name}"])

    def test_cron_fires_at_its_minutes_in_utc(self):
        _, url = self.scheduled("cron(0/20 * * * ? *)")
        self.advance(3600)
        minutes = sorted(json.loads(message["Body"])["time"][14:] for message in self.receive(url))
        self.assertEqual(minutes, ["00:00Z", "20:00Z", "40:00Z"])

    def test_input_is_sent_instead_of_the_event(self):
        _, url = self.scheduled("rate(1 minute)", Input='{"job":1}')
        self.advance(60)
        self.assertEqual(self.receive_one(url)["Body"], '{"job":1}')

    def test_a_disabled_rule_does_not_fire(self):
        name, url = self.scheduled("rate(1 minute)", state="DISABLED")
        self.advance(300)
        self.assertEqual(self.receive(url), [])
        self.events.enable_rule(Name=name)
        self.advance(60)
        self.assertEqual(len(self.receive(url)), 1)

    def test_schedules_of_another_form_are_refused(self):
        for expression in ("rate(1 minutes)", "cron(0 1 * * * *)", "cron(71 12 * * ? *)", "NOT",
                           "at(2030-01-01T00:00:00)"):
            self.refused("ValidationException", self.events.put_rule, Name="x",
                         ScheduleExpression=expression,
                         message="Parameter ScheduleExpression is not valid.")
        self.refused("ValidationException", self.events.put_rule, Name="x",
                     EventBusName=self.bus(), ScheduleExpression="rate(1 minute)",
                     message="ScheduleExpression is supported only on the default event bus.")


class Restarts(SdkTest):
    """With a broker of its own, which is killed."""

    def test_a_rule_fires_once_for_each_period_over_kills(self):
        broker = Broker(("--test-clock",)).start()
        self.addCleanup(broker.close)
        url = client("sqs", broker).create_queue(QueueName="q")["QueueUrl"]
        events = client("events", broker)
        events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
        events.put_targets(Rule="tick", Targets=[{"Id": "q", "Arn": queue_arn("q")}])
        # The test clock begins anew with each process: an hour more each time is the next period.
        for hours in (1, 2, 3):
            broker.advance(f"PT{hours}H1M")
            broker.kill()
            broker.start()
        messages = client("sqs", broker).receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        times = [json.loads(message["Body"])["time"] for message in messages["Messages"]]
        self.assertEqual((len(times), len(set(times))), (3, 3))


if __name__ == "__main__":
    unittest.main()
