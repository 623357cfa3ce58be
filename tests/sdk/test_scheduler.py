"""The Scheduler service over its own wire: schedules, groups, invocations, refusals."""

import datetime
import json
import unittest
import zoneinfo

import support
from broker_process import Broker
from support import ClockTest, SdkTest, client, queue_arn, unique, wait_until

ROLE = "arn:aws:iam::000000000000:role/scheduler"
OFF = {"Mode": "OFF"}
MANY = 100_000 if support.LONG else 2_000


def target_of(arn, text="hello", **members):
    return {"Arn": arn, "RoleArn": ROLE, "Input": text, **members}


class SchedulerTest(ClockTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scheduler = client("scheduler", cls.broker)

    def now(self, broker=None):
        """The broker's own time, which tests move."""
        moved = self.raw("POST", "/_signalbox/clock", b'{"advance":"PT0S"}', broker=broker).json
        return datetime.datetime.fromtimestamp(moved["now_ms"] / 1000, datetime.timezone.utc)

    def at(self, **later):
        time = self.now() + datetime.timedelta(**later)
        return f"at({time:%Y-%m-%dT%H:%M:%S})"

    def create(self, expression, target, name=None, **members):
        name = name or unique("schedule")
        arguments = {"FlexibleTimeWindow": OFF, **members}
        answer = self.scheduler.create_schedule(
            Name=name, ScheduleExpression=expression, Target=target, **arguments)
        self.assertRegex(answer["ScheduleArn"],
                         rf"^arn:aws:scheduler:us-east-1:000000000000:schedule/.+/{name}$")
        return name

    def bodies(self, url):
        """Of all messages of the queue, which are deleted."""
        found = []
        while messages := self.receive(url):
            for message in messages:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found)


class Operations(SchedulerTest):
    def test_a_schedule_is_created_shown_updated_and_deleted(self):
        arn = queue_arn("somewhere")
        start = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)
        name = self.create("cron(0 9 ? * MON-FRI *)", target_of(arn, RetryPolicy={
            "MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600}), Description="work",
            ScheduleExpressionTimezone="Europe/Berlin", StartDate=start, State="DISABLED",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
        shown = self.scheduler.get_schedule(Name=name)
        self.assertEqual(shown["Arn"],
                         f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}")
        self.assertEqual(shown["Target"]["RetryPolicy"],
                         {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600})
        self.assertEqual(shown["StartDate"], start)
        self.assertEqual(shown["FlexibleTimeWindow"]["MaximumWindowInMinutes"], 15)
        self.assertEqual((shown["State"], shown["ScheduleExpressionTimezone"]),
                         ("DISABLED", "Europe/Berlin"))
        self.scheduler.update_schedule(Name=name, ScheduleExpression="rate(1 day)",
                                       FlexibleTimeWindow=OFF, Target=target_of(arn),
                                       State="DISABLED")
        shown = self.scheduler.get_schedule(Name=name)
        self.assertNotIn("Description", shown)
        self.assertNotIn("StartDate", shown)
        self.assertEqual(shown["ScheduleExpressionTimezone"], "UTC")
        self.scheduler.delete_schedule(Name=name)
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name=name,
                     message=f"Schedule {name} does not exist.", status=404)

    def test_groups_have_tags_and_take_their_schedules_along(self):
        group = unique("group")
        arn = self.scheduler.create_schedule_group(
            Name=group, Tags=[{"Key": "team", "Value": "a/b"}])["ScheduleGroupArn"]
        shown = self.scheduler.get_schedule_group(Name=group)
        self.assertEqual((shown["Arn"], shown["State"]), (arn, "ACTIVE"))
        self.assertLess(abs(shown["CreationDate"] - self.now()), datetime.timedelta(hours=1))
        self.scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "x y", "Value": "1"}])
        self.scheduler.untag_resource(ResourceArn=arn, TagKeys=["team", "other"])
        self.assertEqual(self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"],
                         [{"Key": "x y", "Value": "1"}])
        name = self.create("rate(1 day)", target_of(queue_arn("x")), GroupName=group,
                           State="DISABLED")
        self.assertEqual(
            self.scheduler.get_schedule(Name=name, GroupName=group)["GroupName"], group)
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name=name,
                     status=404)
        self.scheduler.delete_schedule_group(Name=group)
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name=name,
                     GroupName=group, message=f"Schedule group {group} does not exist.", status=404)
        self.refused("ResourceNotFoundException", self.scheduler.list_tags_for_resource,
                     ResourceArn=arn, status=404)

    def test_listings_are_paged(self):
        group = unique("group")
        self.scheduler.create_schedule_group(Name=group)
        names = [self.create("rate(1 day)", target_of(queue_arn("x")), name=f"n{i:02}",
                             GroupName=group, State="DISABLED") for i in range(25)]
        pages = list(self.scheduler.get_paginator("list_schedules").paginate(
            GroupName=group, PaginationConfig={"PageSize": 7}))
        self.assertEqual([each["Name"] for page in pages for each in page["Schedules"]], names)
        self.assertEqual(len(pages), 4)
        self.assertEqual(pages[0]["Schedules"][0]["Target"], {"Arn": queue_arn("x")})
        found = self.scheduler.list_schedules(GroupName=group, NamePrefix="n1", State="DISABLED")
        self.assertEqual(len(found["Schedules"]), 10)
        self.assertEqual(self.scheduler.list_schedules(GroupName=group, State="ENABLED")[
            "Schedules"], [])
        groups = self.scheduler.get_paginator("list_schedule_groups").paginate(
            PaginationConfig={"PageSize": 1})
        self.assertIn("default", [each["Name"] for page in groups
                                  for each in page["ScheduleGroups"]])

    def test_a_request_sent_again_is_the_same_and_another_is_a_conflict(self):
        name, token = unique("schedule"), "token-1"
        target = target_of(queue_arn("x"))
        for _ in range(2):
            self.create("rate(1 day)", target, name=name, ClientToken=token, State="DISABLED")
        self.refused("ConflictException", self.scheduler.create_schedule, Name=name,
                     ScheduleExpression="rate(2 days)", Target=target, FlexibleTimeWindow=OFF,
                     ClientToken=token, message=f"Schedule {name} already exists.", status=409)
        group = unique("group")
        self.scheduler.create_schedule_group(Name=group)
        self.refused("ConflictException", self.scheduler.create_schedule_group, Name=group,
                     message=f"Schedule group {group} already exists.", status=409)


class Refusals(SchedulerTest):
    def refuse(self, message, **members):
        arguments = {"Name": "refused", "ScheduleExpression": "rate(1 day)",
                     "FlexibleTimeWindow": OFF, "Target": target_of(queue_arn("x")), **members}
        self.refused("ValidationException", self.scheduler.create_schedule, message=message,
                     **arguments)

    def test_what_makes_no_sense_is_refused_with_the_reason(self):
        for expression in ("rate(1 weeks)", "cron(0 1 * * * *)", "cron(71 12 * * ? *)", "NOT",
                           "at(2030-02-30T00:00:00)"):
            self.refuse(f"Invalid Schedule Expression {expression}.",
                        ScheduleExpression=expression)
        for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe"):
            self.refuse(f"Invalid Schedule Expression Timezone {zone}.",
                        ScheduleExpressionTimezone=zone)
        self.refuse("The StartDate you specify cannot be earlier than 5 minutes ago.",
                    StartDate=datetime.datetime(2020, 1, 1))
        self.refuse("Provided Arn is not in correct format.", Target=target_of("queue"))

    def test_the_model_is_checked_outside_the_body_too(self):
        self.refuse("1 validation error detected: Value 'a b/c' at 'name' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    "[0-9a-zA-Z-_.]+", Name="a b/c")
        self.refuse("1 validation error detected: Value 'SOMETIMES' at 'flexibleTimeWindow.mode' "
                    "failed to satisfy constraint: Member must satisfy enum value set: "
                    "[OFF, FLEXIBLE]", FlexibleTimeWindow={"Mode": "SOMETIMES"})
        self.refuse("1 validation error detected: Value '186' at "
                    "'target.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: "
                    "Member must have value less than or equal to 185",
                    Target=target_of(queue_arn("x"), RetryPolicy={"MaximumRetryAttempts": 186}))
        self.refused("ValidationException", self.scheduler.list_schedules, MaxResults=101,
                     message="1 validation error detected: Value '101' at 'maxResults' failed to "
                             "satisfy constraint: Member must have value less than or equal to 100")
        self.refused("ValidationException", self.scheduler.tag_resource, ResourceArn="arn:aws:x",
                     Tags=[])

    def test_raw_requests(self):
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/"
                                   "scheduler/aws4_request, SignedHeaders=host, Signature=0"}
        body = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF,
                "Target": target_of(queue_arn("x")), "State": "DISABLED", "Unknown": 1}
        # Unsigned, the path says which service is meant.
        for headers in (signed, {}):
            name = unique("raw")
            answer = self.raw("POST", f"/schedules/{name}", json.dumps(body).encode(), headers)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertTrue(answer.headers["x-amzn-RequestId"])
            self.assertEqual(self.raw("DELETE", f"/schedules/{name}/", b"", headers).text, "{}")
        answer = self.raw("GET", "/schedules/missing", b"", signed)
        self.assertEqual((answer.status, answer.headers["x-amzn-ErrorType"], answer.json),
                         (404, "ResourceNotFoundException",
                          {"Message": "Schedule missing does not exist."}))
        for method, path, sent, code in (
                ("GET", "/schedules/a/b", b"", "UnknownOperationException"),
                ("PATCH", "/schedules/a", b"", "UnknownOperationException"),
                ("POST", "/schedules/a", b"{", "SerializationException"),
                ("POST", "/schedules/a", b"[]", "SerializationException"),
                ("GET", "/schedules/%zz", b"", "SerializationException"),
                ("GET", "/schedules?MaxResults=x", b"", "SerializationException"),
                ("POST", "/schedules/a", b"{}", "ValidationException")):
            answer = self.raw(method, path, sent, signed)
            self.assertEqual(answer.headers["x-amzn-ErrorType"], code, (method, path))


class Invocations(SchedulerTest):
    def test_schedules_of_each_kind_send_their_input(self):
        url = self.queue()
        arn = queue_arn(self.name_of(url))
        self.create(self.at(minutes=5), target_of(arn, "once <aws.scheduler.attempt-number>"))
        rate = self.create("rate(2 minutes)", target_of(arn, "rate"))
        self.advance(0)  # what is due is done when it answers
        self.assertEqual(self.bodies(url), ["rate"])
        self.advance(301)
        self.assertEqual(self.bodies(url), ["once 1", "rate", "rate"])
        self.scheduler.delete_schedule(Name=rate)
        self.advance(3600)
        self.assertEqual(self.bodies(url), [])

    def test_an_hour_of_the_test_clock_has_sixty_minutes(self):
        url = self.queue()
        name = self.create("rate(1 minute)", target_of(queue_arn(self.name_of(url)),
                                                       "<aws.scheduler.scheduled-time>"))
        self.advance(3600)
        self.scheduler.delete_schedule(Name=name)
        times = self.bodies(url)
        self.assertEqual((len(times), len(set(times))), (61, 61))

    def test_nine_oclock_stays_nine_oclock_when_clocks_change(self):
        new_york = zoneinfo.ZoneInfo("America/New_York")

        def nine(date):
            return datetime.datetime(date.year, date.month, date.day, 9, tzinfo=new_york)

        day = datetime.timedelta(days=1)
        change = self.now().date() + 3 * day
        while nine(change).utcoffset() == nine(change - day).utcoffset():
            change += day
        url = self.queue(attributes={"MessageRetentionPeriod": "1209600"})
        name = self.create(
            "cron(0 9 * * ? *)", target_of(queue_arn(self.name_of(url)),
                                           "<aws.scheduler.scheduled-time>"),
            ScheduleExpressionTimezone="America/New_York", StartDate=nine(change - day),
            EndDate=nine(change + 2 * day), ActionAfterCompletion="DELETE")
        self.broker.advance(f"P{(change + 4 * day - self.now().date()).days}D")
        self.assertEqual(self.bodies(url), [
            f"{nine(change + n * day).astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
            for n in (-1, 0, 1)])
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name=name,
                     status=404)

    def test_buses_and_universal_targets(self):
        bus, url = self.bus(), self.queue()
        self.rule(bus, {"source": ["clock"]}, url)
        bus_arn = f"arn:aws:events:us-east-1:000000000000:event-bus/{bus}"
        self.create(self.at(minutes=1), target_of(bus_arn, '{"n":1}', EventBridgeParameters={
            "Source": "clock", "DetailType": "Tick"}))
        entries = {"Entries": [{"EventBusName": bus, "Source": "clock", "DetailType": "Tick",
                                "Detail": '{"n":2}'}]}
        self.create(self.at(minutes=1), target_of(
            "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents", json.dumps(entries)))
        direct = self.queue()
        self.create(self.at(minutes=1), target_of(
            "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
            json.dumps({"QueueUrl": direct, "MessageBody": "<aws.scheduler.schedule-arn>"})))
        self.advance(61)
        details = [json.loads(body)["detail"] for body in self.bodies(url)]
        self.assertCountEqual(details, [{"n": 1}, {"n": 2}])
        self.assertRegex(self.bodies(direct)[0], "^arn:aws:scheduler:.*:schedule/default/")

    def test_what_fails_is_a_dead_letter(self):
        dead = self.queue()
        name = self.create(self.at(minutes=1), target_of(
            queue_arn("missing"), "x", DeadLetterConfig={"Arn": queue_arn(self.name_of(dead))}))
        self.advance(61)
        letter = self.receive_one(dead, MessageAttributeNames=["All"])
        said = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
        self.assertEqual(letter["Body"], "x")
        self.assertEqual(said["ERROR_CODE"], "AWS.SimpleQueueService.NonExistentQueue")
        self.assertTrue(said["SCHEDULE_ARN"].endswith(f"/{name}"))
        self.assertEqual(set(said), {"ERROR_CODE", "ERROR_MESSAGE", "EXECUTION_ID",
                                     "IS_PAYLOAD_TRUNCATED", "RETRY_ATTEMPTS", "SCHEDULED_TIME",
                                     "SCHEDULE_ARN", "TARGET_ARN"})


class Restarts(SdkTest):
    """With a broker of its own, which is killed."""

    def start(self):
        broker = Broker(("--test-clock",)).start()
        self.addCleanup(broker.close)
        return broker, client("scheduler", broker), client("sqs", broker)

    def soon(self, broker, seconds):
        moved = self.raw("POST", "/_signalbox/clock", b'{"advance":"PT0S"}', broker=broker).json
        time = datetime.datetime.fromtimestamp(moved["now_ms"] / 1000 + seconds,
                                               datetime.timezone.utc)
        return f"at({time:%Y-%m-%dT%H:%M:%S})"

    def test_an_invocation_acknowledged_before_a_kill_is_made_once(self):
        broker, scheduler, sqs = self.start()
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for number in range(50):
            scheduler.create_schedule(
                Name=f"s{number}", ScheduleExpression=self.soon(broker, 60 + number % 3),
                Target=target_of(queue_arn("q"), str(number)), FlexibleTimeWindow=OFF)
        broker.kill()
        broker.start()
        sqs = client("sqs", broker)
        broker.advance("PT2M")
        broker.kill()
        broker.start()
        sqs = client("sqs", broker)
        broker.advance("PT2M")
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in messages]
        self.assertEqual(sorted(found, key=int), [str(number) for number in range(50)])

    def test_many_schedules_fire(self):
        broker, scheduler, sqs = self.start()
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        at = self.soon(broker, 7200)
        for number in range(MANY):
            scheduler.create_schedule(
                Name=f"s{number}", ScheduleExpression=at, ActionAfterCompletion="DELETE",
                Target=target_of(queue_arn("q"), str(number)), FlexibleTimeWindow=OFF)
        broker.kill()
        broker.start()
        scheduler, sqs = client("scheduler", broker), client("sqs", broker)
        broker.advance("PT3H")

        def count():
            return int(sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
                    "Attributes"]["ApproximateNumberOfMessages"])

        wait_until(lambda: count() >= MANY, 60, "all messages")
        self.assertEqual(count(), MANY)
        self.assertEqual(scheduler.list_schedules()["Schedules"], [])


if __name__ == "__main__":
    unittest.main()
