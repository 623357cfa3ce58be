"""Archives and replays: taken, kept, replayed, cancelled; over kill -9 each event once."""

import datetime
import json
import re

from broker_process import Broker
from support import ACCOUNT, REGION, ClockTest, SdkTest, client, unique, wait_until

UTC = datetime.timezone.utc
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"


def bus_arn(name):
    return f"{ARN}event-bus/{name}"


def archive_arn(name):
    return f"{ARN}archive/{name}"


def now():
    return datetime.datetime.now(UTC)


class ArchiveTest(SdkTest):
    def archive(self, bus, name=None, **members):
        name = name or unique("archive")
        self.events.create_archive(ArchiveName=name, EventSourceArn=bus_arn(bus), **members)
        return name

    def count(self, archive):
        return self.events.describe_archive(ArchiveName=archive)["EventCount"]

    def start(self, archive, bus, name=None, filter_arns=None, **members):
        name = name or unique("replay")
        destination = {"Arn": bus_arn(bus)}
        if filter_arns is not None:
            destination["FilterArns"] = filter_arns
        request = {"ReplayName": name, "EventSourceArn": archive_arn(archive),
                   "EventStartTime": now() - datetime.timedelta(hours=1),
                   "EventEndTime": now() + datetime.timedelta(hours=1),
                   "Destination": destination}
        request.update(members)
        return self.events.start_replay(**request)

    def state(self, replay, events=None):
        return (events or self.events).describe_replay(ReplayName=replay)["State"]

    def wait_for(self, replay, state="COMPLETED", events=None):
        wait_until(lambda: self.state(replay, events) == state, 60, f"the replay to be {state}")

    def bodies(self, url, sqs=None):
        """Receives and deletes everything."""
        sqs, found = sqs or self.sqs, []
        while True:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages")
            if not messages:
                return found
            found += [json.loads(message["Body"]) for message in messages]
            sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                for i, message in enumerate(messages)])


class Archives(ArchiveTest):
    def test_an_archive_is_described_as_it_was_made(self):
        bus, name = self.bus(), unique("archive")
        pattern = json.dumps({"source": ["shop"]})
        made = self.events.create_archive(
            ArchiveName=name, EventSourceArn=bus_arn(bus), Description="all of it",
            EventPattern=pattern, RetentionDays=7)
        self.assertEqual((made["ArchiveArn"], made["State"]), (archive_arn(name), "ENABLED"))
        self.assertNotIn("StateReason", made)
        found = self.events.describe_archive(ArchiveName=name)
        found.pop("ResponseMetadata")
        self.assertEqual(found, {
            "ArchiveArn": archive_arn(name), "ArchiveName": name, "EventSourceArn": bus_arn(bus),
            "Description": "all of it", "EventPattern": pattern, "State": "ENABLED",
            "RetentionDays": 7, "SizeBytes": 0, "EventCount": 0,
            "CreationTime": made["CreationTime"]})
        self.put_event(bus, source="shop")
        self.put_event(bus, source="elsewhere")
        found = self.events.describe_archive(ArchiveName=name)
        self.assertEqual(found["EventCount"], 1)
        self.assertGreater(found["SizeBytes"], 100)

    def test_an_update_changes_what_it_names(self):
        bus = self.bus()
        name = self.archive(bus, Description="one", RetentionDays=1)
        answer = self.events.update_archive(ArchiveName=name, RetentionDays=0)
        self.assertEqual((answer["ArchiveArn"], answer["State"]), (archive_arn(name), "ENABLED"))
        found = self.events.describe_archive(ArchiveName=name)
        self.assertEqual((found["RetentionDays"], found["Description"]), (0, "one"))
        self.events.update_archive(ArchiveName=name, EventPattern='{"source":["shop"]}')
        self.put_event(bus, source="elsewhere")
        self.assertEqual(self.count(name), 0)

    def test_archives_are_listed_by_bus_prefix_and_page(self):
        bus, prefix = self.bus(), unique("list")
        names = [self.archive(bus, f"{prefix}-{i}") for i in range(3)]
        other = self.archive(self.bus())
        listed = self.events.list_archives(EventSourceArn=bus_arn(bus))["Archives"]
        self.assertEqual([archive["ArchiveName"] for archive in listed], names)
        self.assertEqual(set(listed[0]), {
            "ArchiveName", "EventSourceArn", "State", "RetentionDays", "SizeBytes", "EventCount",
            "CreationTime"})
        page = self.events.list_archives(NamePrefix=prefix, Limit=2)
        self.assertEqual([archive["ArchiveName"] for archive in page["Archives"]], names[:2])
        page = self.events.list_archives(NamePrefix=prefix, NextToken=page["NextToken"])
        self.assertEqual([archive["ArchiveName"] for archive in page["Archives"]], names[2:])
        self.assertNotIn("NextToken", page)
        self.assertEqual(self.events.list_archives(State="DISABLED")["Archives"], [])
        self.events.delete_archive(ArchiveName=other)
        self.refused("ResourceNotFoundException", self.events.describe_archive, ArchiveName=other,
                     message=f"Archive {other} does not exist.")

    def test_bad_input(self):
        bus, name = self.bus(), unique("archive")
        create, update = self.events.create_archive, self.events.update_archive
        self.archive(bus, name)
        self.refused("ResourceAlreadyExistsException", create, ArchiveName=name,
                     EventSourceArn=bus_arn(bus), message=f"Archive {name} already exists.")
        self.refused("ResourceNotFoundException", create, ArchiveName="x",
                     EventSourceArn=bus_arn("nowhere"), message="Event bus nowhere does not exist.")
        self.refused("InvalidEventPatternException", create, ArchiveName="x",
                     EventSourceArn=bus_arn(bus), EventPattern='{"source":"x"}',
                     message=re.compile("^Event pattern is not valid. Reason: "))
        self.refused("ValidationException", update, ArchiveName=name,
                     message="At least one of EventPattern, RetentionDays or Description must be "
                             "provided.")
        self.refused("ResourceNotFoundException", update, ArchiveName="nothing", RetentionDays=1,
                     message="Archive nothing does not exist.")
        self.refused("ResourceNotFoundException", self.events.delete_archive,
                     ArchiveName="nothing", message="Archive nothing does not exist.")
        self.refused("ValidationException", create, ArchiveName="x" * 49,
                     EventSourceArn=bus_arn(bus), RetentionDays=-1,
                     message=re.compile(
                         "^2 validation errors detected: .*'archiveName' failed to satisfy "
                         "constraint: Member must have length less than or equal to 48; .*"
                         "'retentionDays' failed to satisfy constraint: Member must have value "
                         "greater than or equal to 0$"))
        self.refused("ValidationException", create, ArchiveName="a/b", EventSourceArn="nonsense",
                     message=re.compile(
                         r"'archiveName' failed to satisfy constraint: Member must satisfy regular "
                         r"expression pattern: \[.*'eventSourceArn' failed to satisfy constraint"))
        self.refused("ValidationException", self.events.list_archives, State="BROKEN",
                     message="1 validation error detected: Value 'BROKEN' at 'state' failed to "
                             "satisfy constraint: Member must satisfy enum value set: [ENABLED, "
                             "DISABLED, CREATING, UPDATING, CREATE_FAILED, UPDATE_FAILED]")
        self.refused("ValidationException", self.events.list_archives, State="ENABLED",
                     NamePrefix="x",
                     message="At most one filter is allowed for ListArchives. Use either : State, "
                             "EventSourceArn, or NamePrefix.")
        self.refused("ValidationException", self.events.delete_event_bus, Name=bus,
                     message="EventBus can't be deleted since it has rules.")


class Replays(ArchiveTest):
    def test_events_come_again_with_the_replays_name(self):
        bus = self.bus()
        archive = self.archive(bus)
        event_id = self.put_event(bus, {"n": 1.50})
        url = self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        name = unique("replay")
        started = self.start(archive, bus, name, Description="again")
        self.assertEqual((started["ReplayArn"], started["State"]),
                         (f"{ARN}replay/{name}", "STARTING"))
        self.wait_for(name)
        body, = (message["Body"] for message in self.receive(url))
        self.assertRegex(body, rf'^{{"version":"0","id":"{event_id}",.*"region":"{REGION}",'
                               rf'"replay-name":"{name}","resources":\[\],"detail":{{"n":1.5}}}}$')
        found = self.events.describe_replay(ReplayName=name)
        self.assertEqual(
            (found["ReplayArn"], found["Description"], found["EventSourceArn"],
             found["Destination"]),
            (f"{ARN}replay/{name}", "again", archive_arn(archive), {"Arn": bus_arn(bus)}))
        event_time = json.loads(body)["time"].replace("Z", "+00:00")
        self.assertEqual(found["EventLastReplayedTime"],
                         datetime.datetime.fromisoformat(event_time))
        self.assertGreaterEqual(found["ReplayEndTime"], found["ReplayStartTime"])
        self.assertEqual(self.count(archive), 1, "a replayed event was archived")
        listed, = self.events.list_replays(NamePrefix=name)["Replays"]
        self.assertEqual((listed["ReplayName"], listed["State"]), (name, "COMPLETED"))
        by_archive = self.events.list_replays(EventSourceArn=archive_arn(archive))["Replays"]
        self.assertEqual(by_archive, [listed])

    def test_only_the_rules_of_filter_arns_get_them(self):
        bus = self.bus()
        archive = self.archive(bus)
        self.put_event(bus)
        wanted, other = self.queue(), self.queue()
        rule = self.rule(bus, {"source": ["test"]}, wanted)
        self.rule(bus, {"source": ["test"]}, other)
        name = unique("replay")
        self.start(archive, bus, name, [f"{ARN}rule/{bus}/{rule}"])
        self.wait_for(name)
        self.assertEqual((len(self.receive(wanted)), len(self.receive(other))), (1, 0))
        destination = self.events.describe_replay(ReplayName=name)["Destination"]
        self.assertEqual(destination["FilterArns"], [f"{ARN}rule/{bus}/{rule}"])

    def test_events_are_chosen_by_their_own_time(self):
        bus = self.bus()
        archive = self.archive(bus)
        noon = datetime.datetime(2020, 1, 1, 12, tzinfo=UTC)
        for minutes in (0, 1, 2):
            self.put_event(bus, {"n": minutes}, Time=noon + datetime.timedelta(minutes=minutes))
        url = self.queue()
        self.rule(bus, {"source": ["test"]}, url)
        name = unique("replay")
        self.start(archive, bus, name, EventStartTime=noon + datetime.timedelta(minutes=1),
                   EventEndTime=noon + datetime.timedelta(minutes=2))
        self.wait_for(name)
        self.assertEqual([event["detail"]["n"] for event in self.bodies(url)], [1])

    def test_a_replay_can_be_cancelled_until_it_has_ended(self):
        bus = self.bus()
        archive = self.archive(bus)
        entries = [{"Source": "test", "DetailType": "Test", "EventBusName": bus, "Detail": "{}"}]
        for _ in range(200):
            self.events.put_events(Entries=entries * 10)
        name = unique("replay")
        self.start(archive, bus, name)
        answer = self.events.cancel_replay(ReplayName=name)
        self.assertEqual((answer["State"], answer["ReplayArn"]),
                         ("CANCELLING", f"{ARN}replay/{name}"))
        self.wait_for(name, "CANCELLED")
        self.assertIn("ReplayEndTime", self.events.describe_replay(ReplayName=name))
        self.refused("IllegalStatusException", self.events.cancel_replay, ReplayName=name,
                     message=f"Replay {name} is not in a valid state for this operation.")

    def test_bad_input(self):
        bus, other = self.bus(), self.bus()
        archive, name = self.archive(bus), unique("replay")
        self.start(archive, bus, name)
        self.refused("ResourceAlreadyExistsException", self.start, archive, bus, name,
                     message=f"Replay {name} already exists.")
        self.refused("ValidationException", self.start, "nothing", bus,
                     message="Parameter EventSourceArn is not valid. Reason: Archive nothing does "
                             "not exist.")
        self.refused("ValidationException", self.start, archive, other,
                     message="Parameter Destination.Arn is not valid. Reason: Cross event bus "
                             "replay is not permitted.")
        self.refused("ResourceNotFoundException", self.start, archive, "nowhere",
                     message="Event bus nowhere does not exist.")
        start = now()
        for end in (start, start - datetime.timedelta(seconds=1)):
            self.refused("ValidationException", self.start, archive, bus, EventStartTime=start,
                         EventEndTime=end,
                         message="Parameter EventEndTime is not valid. Reason: EventStartTime must "
                                 "be before EventEndTime.")
        self.refused("ValidationException", self.start, archive, bus, None, [f"{ARN}rule/{bus}/x"],
                     message="Parameter Destination.FilterArns is not valid. Reason: Rule x does "
                             f"not exist on EventBus {bus}.")
        self.refused("ValidationException", self.events.start_replay,
                     message=re.compile("^5 validation errors detected: "))
        for function in (self.events.describe_replay, self.events.cancel_replay):
            self.refused("ResourceNotFoundException", function, ReplayName="nothing",
                         message="Replay nothing does not exist.")
        self.refused("ValidationException", self.events.list_replays, State="STARTING",
                     EventSourceArn=archive_arn(archive),
                     message="At most one filter is allowed for ListReplays. Use either : State, "
                             "EventSourceArn, or NamePrefix.")


class Retention(ClockTest, ArchiveTest):
    def test_events_leave_after_their_days_and_ended_replays_after_ninety(self):
        bus = self.bus()
        short, forever = self.archive(bus, RetentionDays=1), self.archive(bus)
        self.put_event(bus)
        name = unique("replay")
        self.start(forever, bus, name)
        self.wait_for(name)
        self.advance(25 * 3600)
        wait_until(lambda: self.count(short) == 0, what="the archive to be empty")
        self.assertEqual(self.count(forever), 1)
        self.advance(90 * 24 * 3600)
        wait_until(lambda: not self.events.list_replays(NamePrefix=name)["Replays"],
                   what="the replay to be forgotten")
        self.assertEqual(self.count(forever), 1)


class Kills(ArchiveTest):
    def test_a_replay_brings_each_event_once_however_often_the_broker_is_killed(self):
        events_count, kills = 6000, 4
        with Broker() as broker:
            events, sqs = client("events", broker), client("sqs", broker)
            events.create_archive(ArchiveName="a", EventSourceArn=bus_arn("default"))
            for first in range(0, events_count, 10):
                answer = events.put_events(Entries=[
                    {"Source": "test", "DetailType": "Test", "Detail": json.dumps({"n": n})}
                    for n in range(first, first + 10)])
                self.assertEqual(answer["FailedEntryCount"], 0)
            url = sqs.create_queue(QueueName="replayed")["QueueUrl"]
            events.put_rule(Name="r", EventPattern='{"source":["test"]}')
            events.put_targets(Rule="r", Targets=[
                {"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:replayed"}])
            events.start_replay(
                ReplayName="again", EventSourceArn=archive_arn("a"),
                EventStartTime=now() - datetime.timedelta(hours=1),
                EventEndTime=now() + datetime.timedelta(hours=1),
                Destination={"Arn": bus_arn("default")})
            running = 0
            for _ in range(kills):
                self.wait_for_more(sqs, url)
                running += self.state("again", events) == "RUNNING"
                broker.kill()
                broker.start()
                events, sqs = client("events", broker), client("sqs", broker)
            self.assertGreater(running, 0, "no kill fell into the replay")
            self.wait_for("again", events=events)
            found = self.bodies(url, sqs)
            self.assertEqual(sorted(event["detail"]["n"] for event in found),
                             list(range(events_count)))
            self.assertEqual({event["replay-name"] for event in found}, {"again"})

    def wait_for_more(self, sqs, url):
        """Until something more has been replayed than when it was called."""
        def count():
            return int(sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"][
                    "ApproximateNumberOfMessages"])
        before = count()
        wait_until(lambda: count() > before or before >= 6000, what="the replay to go on")
