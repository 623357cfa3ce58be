"""Event buses, rules, targets and their tags: creating, describing, listing, refusing."""

import json
import unittest

from support import SdkTest, queue_arn, unique

ARN = "arn:aws:events:us-east-1:000000000000:"
PATTERN = '{"source":["test"]}'
ABSENT = "ResourceNotFoundException"


class Buses(SdkTest):
    def test_a_bus_is_created_described_listed_and_deleted(self):
        name = unique("bus")
        answer = self.events.create_event_bus(Name=name, Description="for orders")
        self.assertEqual(answer["EventBusArn"], f"{ARN}event-bus/{name}")
        found = self.events.describe_event_bus(Name=name)
        self.assertEqual((found["Name"], found["Arn"], found["Description"]),
                         (name, f"{ARN}event-bus/{name}", "for orders"))
        self.assertEqual(self.events.describe_event_bus(Name=found["Arn"])["Name"], name)
        listed = self.events.list_event_buses(NamePrefix=name)["EventBuses"]
        self.assertEqual([(b["Name"], b["Arn"]) for b in listed], [(name, found["Arn"])])
        self.events.delete_event_bus(Name=name)
        self.refused(ABSENT, self.events.describe_event_bus, Name=name,
                     message=f"Event bus {name} does not exist.")

    def test_the_default_bus_is_there_and_stays(self):
        found = self.events.describe_event_bus()
        self.assertEqual((found["Name"], found["Arn"]), ("default", ARN + "event-bus/default"))
        self.assertIn("default", [b["Name"] for b in self.events.list_event_buses()["EventBuses"]])
        self.refused("ResourceAlreadyExistsException", self.events.create_event_bus,
                     Name="default", message="Event bus default already exists.")
        self.refused("ValidationException", self.events.delete_event_bus, Name="default",
                     message="Cannot delete event bus default.")

    def test_a_second_bus_of_a_name_is_refused(self):
        name = self.bus()
        error = self.refused("ResourceAlreadyExistsException", self.events.create_event_bus,
                             Name=name, message=f"Event bus {name} already exists.")
        self.assertIsInstance(error, self.events.exceptions.ResourceAlreadyExistsException)

    def test_deleting_a_missing_bus_succeeds(self):
        self.events.delete_event_bus(Name=unique("nowhere"))

    def test_a_bus_with_rules_is_not_deleted(self):
        name = self.bus()
        rule = self.rule(name, PATTERN)
        self.refused("ValidationException", self.events.delete_event_bus, Name=name)
        self.events.delete_rule(Name=rule, EventBusName=name)
        self.events.delete_event_bus(Name=name)

    def test_names_are_checked_in_the_services_words(self):
        for name, said in (
                ("a b", r"Member must satisfy regular expression pattern: [/\.\-_A-Za-z0-9]+"),
                ("x" * 257, "Member must have length less than or equal to 256")):
            self.refused("ValidationException", self.events.create_event_bus, Name=name,
                         message=f"1 validation error detected: Value '{name}' at 'name' failed to "
                                 f"satisfy constraint: {said}")
        self.refused("ValidationException", self.events.create_event_bus, Name="")
        self.refused("ValidationException", self.events.create_event_bus, Name="a/b")

    def test_pages_hold_every_bus_once(self):
        prefix = unique("paged")
        wanted = [f"{prefix}-{n}" for n in range(5)]
        for name in wanted:
            self.events.create_event_bus(Name=name)
        found, token = [], None
        while True:
            more = {"NextToken": token} if token else {}
            page = self.events.list_event_buses(NamePrefix=prefix, Limit=2, **more)
            self.assertLessEqual(len(page["EventBuses"]), 2)
            found += [b["Name"] for b in page["EventBuses"]]
            token = page.get("NextToken")
            if not token:
                break
        self.assertEqual(sorted(found), wanted)

    def test_a_bus_is_updated(self):
        name = self.bus()
        self.events.update_event_bus(Name=name, Description="new")
        self.assertEqual(self.events.describe_event_bus(Name=name)["Description"], "new")


class Rules(SdkTest):
    def describe(self, bus, name):
        found = self.events.describe_rule(Name=name, EventBusName=bus)
        del found["ResponseMetadata"]
        return found

    def test_a_rule_is_put_described_and_deleted(self):
        bus, name = self.bus(), unique("rule")
        answer = self.events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN,
                                      Description="d")
        arn = f"{ARN}rule/{bus}/{name}"
        self.assertEqual(answer["RuleArn"], arn)
        found = self.describe(bus, name)
        self.assertEqual(found.pop("CreatedBy", "000000000000"), "000000000000")
        self.assertEqual(found, {"Name": name, "Arn": arn, "EventPattern": PATTERN,
                                 "State": "ENABLED", "Description": "d", "EventBusName": bus})
        self.events.delete_rule(Name=name, EventBusName=bus)
        self.refused(ABSENT, self.describe, bus, name,
                     message=f"Rule {name} does not exist on EventBus {bus}.")

    def test_a_rule_of_the_default_bus_has_a_shorter_arn(self):
        name = unique("rule")
        arn = self.events.put_rule(Name=name, EventPattern=PATTERN)["RuleArn"]
        self.assertEqual(arn, f"{ARN}rule/{name}")
        self.assertEqual(self.describe("default", name)["EventBusName"], "default")
        self.events.delete_rule(Name=name)
        self.refused(ABSENT, self.events.describe_rule, Name=name,
                     message=f"Rule {name} does not exist on EventBus default.")

    def test_putting_again_clears_what_is_left_out(self):
        bus = self.bus()
        name = self.rule(bus, PATTERN)
        self.events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN, Description="d",
                             State="DISABLED")
        self.events.put_rule(Name=name, EventBusName=bus, EventPattern='{"source":["other"]}')
        found = self.describe(bus, name)
        self.assertNotIn("Description", found)
        self.assertEqual((found["State"], found["EventPattern"]),
                         ("ENABLED", '{"source":["other"]}'))

    def test_putting_again_keeps_targets_and_tags(self):
        bus = self.bus()
        name = self.rule(bus, PATTERN, self.queue())
        arn = f"{ARN}rule/{bus}/{name}"
        self.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "a"}])
        self.events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN,
                             Tags=[{"Key": "team", "Value": "b"}])
        self.assertEqual(len(self.targets(bus, name)), 1)
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=arn)["Tags"],
                         [{"Key": "team", "Value": "a"}])

    def targets(self, bus, rule):
        return self.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]

    def test_a_rule_on_a_missing_bus_is_refused(self):
        bus = unique("nowhere")
        self.refused(ABSENT, self.events.put_rule, Name="r", EventBusName=bus,
                     EventPattern=PATTERN, message=f"Event bus {bus} does not exist.")

    def test_the_bus_may_be_named_by_its_arn(self):
        bus = self.bus()
        arn = f"{ARN}event-bus/{bus}"
        self.events.put_rule(Name="by-arn", EventBusName=arn, EventPattern=PATTERN)
        self.assertEqual(self.describe(bus, "by-arn")["EventBusName"], bus)

    def test_a_rule_needs_a_pattern_or_a_schedule(self):
        self.refused("ValidationException", self.events.put_rule, Name=unique("rule"))

    def test_schedules_belong_to_the_default_bus(self):
        self.refused("ValidationException", self.events.put_rule, Name="r",
                     EventBusName=self.bus(), ScheduleExpression="rate(5 minutes)",
                     message="ScheduleExpression is supported only on the default event bus.")
        for expression in ("rate(1 minutes)", "rate(2 minute)", "rate(0 minutes)", "rate(-1 hours)",
                           "cron(0 1 * * * *)", "cron(71 * * * ? *)", "NOT", "every day"):
            with self.subTest(expression=expression):
                self.refused("ValidationException", self.events.put_rule, Name=unique("rule"),
                             ScheduleExpression=expression,
                             message="Parameter ScheduleExpression is not valid.")

    def test_members_are_checked_in_the_services_words(self):
        bus = self.bus()
        self.refused(
            "ValidationException", self.events.put_rule, Name="x" * 65, EventBusName=bus,
            EventPattern=PATTERN, message=f"1 validation error detected: Value '{'x' * 65}' at "
            "'name' failed to satisfy constraint: Member must have length less than or equal to 64")
        self.refused(
            "ValidationException", self.events.put_rule, Name="r", EventBusName=bus,
            EventPattern=PATTERN, State="BROKEN",
            message="1 validation error detected: Value 'BROKEN' at 'state' failed to satisfy "
                    "constraint: Member must satisfy enum value set: [ENABLED, DISABLED, "
                    "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]")
        error = self.refused("ValidationException", self.events.put_rule, Name="a b", State="X",
                             EventBusName=bus, EventPattern=PATTERN)
        said = str(error)
        self.assertIn("2 validation errors detected: ", said)
        self.assertIn("; Value '", said)

    def test_deleting_a_missing_rule_succeeds_and_one_with_targets_does_not(self):
        bus = self.bus()
        self.events.delete_rule(Name=unique("nowhere"), EventBusName=bus)
        name = self.rule(bus, PATTERN, self.queue())
        self.refused("ValidationException", self.events.delete_rule, Name=name, EventBusName=bus,
                     message="Rule can't be deleted since it has targets.")
        self.events.remove_targets(Rule=name, EventBusName=bus, Ids=["target-0"])
        self.events.delete_rule(Name=name, EventBusName=bus)

    def test_disabled_rules_route_nothing_until_enabled(self):
        bus, url = self.bus(), self.queue()
        name = self.rule(bus, PATTERN, url)
        self.events.disable_rule(Name=name, EventBusName=bus)
        self.assertEqual(self.describe(bus, name)["State"], "DISABLED")
        self.put_event(bus)
        self.events.enable_rule(Name=name, EventBusName=bus)
        enabled = self.put_event(bus)
        self.assertEqual([json.loads(m["Body"])["id"] for m in self.receive(url)], [enabled])
        self.refused(ABSENT, self.events.disable_rule, Name="nowhere", EventBusName=bus)

    def test_listing_by_prefix_and_page(self):
        bus = self.bus()
        for n in range(5):
            self.rule(bus, PATTERN, name=f"a-{n}")
        self.rule(bus, PATTERN, name="b-0")
        found, token = [], None
        while True:
            more = {"NextToken": token} if token else {}
            page = self.events.list_rules(EventBusName=bus, NamePrefix="a-", Limit=2, **more)
            found += [r["Name"] for r in page["Rules"]]
            token = page.get("NextToken")
            if not token:
                break
        self.assertEqual(found, [f"a-{n}" for n in range(5)])
        everything = self.events.list_rules(EventBusName=bus)["Rules"]
        self.assertEqual(len(everything), 6)
        self.assertEqual(everything[0]["EventPattern"], PATTERN)
        self.refused(ABSENT, self.events.list_rules, EventBusName=unique("nowhere"))
        self.refused("ValidationException", self.events.list_rules, EventBusName=bus, Limit=0)
        self.refused("ValidationException", self.events.list_rules, EventBusName=bus, Limit=101)


class Targets(SdkTest):
    def setUp(self):
        self.on = {"EventBusName": self.bus(), "Rule": "rule"}
        self.rule(self.on["EventBusName"], PATTERN, name="rule")

    def put(self, *targets):
        return self.events.put_targets(Targets=list(targets), **self.on)

    def target(self, number, **members):
        return {"Id": f"t{number}", "Arn": queue_arn(unique("q")), **members}

    def listed(self):
        return self.events.list_targets_by_rule(**self.on)["Targets"]

    def test_targets_are_put_listed_overwritten_and_removed(self):
        first, second = self.target(1), self.target(2, Input='{"fixed":1}')
        answer = self.put(first, second)
        self.assertEqual((answer["FailedEntryCount"], answer["FailedEntries"]), (0, []))
        self.assertEqual(sorted(self.listed(), key=lambda t: t["Id"]), [first, second])
        replaced = self.target(1, InputPath="$.detail")
        self.put(replaced)
        self.assertEqual(sorted(self.listed(), key=lambda t: t["Id"]), [replaced, second])
        answer = self.events.remove_targets(Ids=["t1", "never"], **self.on)
        self.assertEqual([t["Id"] for t in self.listed()], ["t2"])

    def test_what_services_of_aws_would_be_told_is_kept(self):
        targets = [
            self.target(1, EcsParameters={
                "TaskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/t:1",
                "TaskCount": 2, "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {
                    "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"],
                    "AssignPublicIp": "DISABLED"}},
                "CapacityProviderStrategy": [{"capacityProvider": "p", "weight": 1, "base": 0}],
                "EnableECSManagedTags": True, "EnableExecuteCommand": False,
                "PlacementConstraints": [{"type": "memberOf", "expression": "e"}],
                "PlacementStrategy": [{"type": "spread", "field": "zone"}],
                "Tags": [{"Key": "k", "Value": "v"}]}),
            self.target(2, BatchParameters={
                "JobDefinition": "d", "JobName": "n", "ArrayProperties": {"Size": 2},
                "RetryStrategy": {"Attempts": 3}}),
            self.target(3, RunCommandParameters={
                "RunCommandTargets": [{"Key": "tag:role", "Values": ["web"]}]}),
            self.target(4, RedshiftDataParameters={
                "Database": "db", "Sqls": ["select 1", "select 2"], "WithEvent": True}),
            self.target(5, SageMakerPipelineParameters={
                "PipelineParameterList": [{"Name": "a-b", "Value": ""}]}),
        ]
        self.assertEqual(self.put(*targets)["FailedEntries"], [])
        self.assertEqual(sorted(self.listed(), key=lambda t: t["Id"]), targets)
        graphql = self.target(5, AppSyncParameters={"GraphQLOperation": "mutation { a }"})
        self.put(graphql)
        self.assertEqual(sorted(self.listed(), key=lambda t: t["Id"])[4], graphql)

    def test_what_services_of_aws_would_be_told_is_checked(self):
        self.refused(
            "ValidationException", self.put,
            self.target(1, EcsParameters={"TaskDefinitionArn": "t", "LaunchType": "MOON"}),
            message="1 validation error detected: Value 'MOON' at "
                    "'targets.1.member.ecsParameters.launchType' failed to satisfy constraint: "
                    "Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL]")
        self.refused(
            "ValidationException", self.put,
            self.target(1, RedshiftDataParameters={"Database": "d", "SecretManagerArn": "$.a[b]"}))

    def test_at_most_five_targets(self):
        self.put(*[self.target(n) for n in range(5)])
        error = self.refused("LimitExceededException", self.put, self.target(6),
                             message="The requested resource exceeds the maximum number allowed.")
        self.assertIsInstance(error, self.events.exceptions.LimitExceededException)
        self.assertEqual(len(self.listed()), 5)
        self.put(self.target(1))

    def test_only_one_kind_of_input(self):
        transformer = {"InputTemplate": '"x"'}
        for members in ({"Input": "{}", "InputPath": "$.a"},
                        {"Input": "{}", "InputTransformer": transformer},
                        {"InputPath": "$.a", "InputTransformer": transformer}):
            self.refused("ValidationException", self.put, self.target(1, **members),
                         message="Only one of Input, InputPath, or InputTransformer must be "
                                 "provided for target t1.")
        self.assertEqual(self.listed(), [])

    def test_a_template_with_an_undefined_placeholder_is_refused(self):
        transformer = {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '"<a> <b>"'}
        self.refused("ValidationException", self.put, self.target(1, InputTransformer=transformer),
                     message="InputTemplate for target t1 contains invalid placeholder b.")

    def test_members_are_checked_in_the_services_words(self):
        self.refused(
            "ValidationException", self.put, {"Id": "a b", "Arn": queue_arn("q")},
            message="1 validation error detected: Value 'a b' at 'targets.1.member.id' failed to "
                    r"satisfy constraint: Member must satisfy regular expression pattern: "
                    r"[\.\-_A-Za-z0-9]+")
        self.refused("ValidationException", self.put)
        self.refused("ValidationException", self.put, {"Id": "a"})

    def test_input_must_be_json(self):
        self.refused("ValidationException", self.put, self.target(1, Input="not json"))

    def test_missing_rules_and_buses(self):
        missing = {**self.on, "Rule": "nowhere"}
        bus = self.on["EventBusName"]
        self.refused(ABSENT, self.events.put_targets, Targets=[self.target(1)], **missing,
                     message=f"Rule nowhere does not exist on EventBus {bus}.")
        self.refused(ABSENT, self.events.list_targets_by_rule, **missing)
        self.refused(ABSENT, self.events.remove_targets, Ids=["t1"], **missing)
        bus = unique("nowhere")
        self.refused(ABSENT, self.events.put_targets, Rule="rule", EventBusName=bus,
                     Targets=[self.target(1)], message=f"Event bus {bus} does not exist.")

    def test_pages_of_targets(self):
        self.put(*[self.target(n) for n in range(5)])
        first = self.events.list_targets_by_rule(Limit=3, **self.on)
        rest = self.events.list_targets_by_rule(NextToken=first["NextToken"], **self.on)
        self.assertEqual(sorted(t["Id"] for t in first["Targets"] + rest["Targets"]),
                         [f"t{n}" for n in range(5)])
        self.assertNotIn("NextToken", rest)

    def test_rules_are_found_by_their_target(self):
        target = self.target(1)
        self.put(target)
        bus = self.on["EventBusName"]
        self.rule(bus, PATTERN, {**target, "Id": "x"}, name="second")
        self.rule(bus, PATTERN, self.queue(), name="third")
        answer = self.events.list_rule_names_by_target(TargetArn=target["Arn"], EventBusName=bus)
        self.assertEqual(sorted(answer["RuleNames"]), ["rule", "second"])


class Tags(SdkTest):
    def check(self, arn):
        def listed():
            tags = self.events.list_tags_for_resource(ResourceARN=arn)["Tags"]
            return {tag["Key"]: tag["Value"] for tag in tags}

        self.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"},
                                                        {"Key": "b", "Value": ""}])
        self.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "2"}])
        self.assertEqual(listed(), {"a": "2", "b": ""})
        self.events.untag_resource(ResourceARN=arn, TagKeys=["b", "never"])
        self.assertEqual(listed(), {"a": "2"})

    def test_buses_and_rules_are_tagged(self):
        bus = self.bus()
        self.check(f"{ARN}event-bus/{bus}")
        rule = self.rule(bus, PATTERN)
        self.check(f"{ARN}rule/{bus}/{rule}")

    def test_tags_given_at_creation(self):
        name = unique("bus")
        tags = [{"Key": "k", "Value": "v"}]
        arn = self.events.create_event_bus(Name=name, Tags=tags)["EventBusArn"]
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=arn)["Tags"], tags)

    def test_a_missing_resource(self):
        self.refused(ABSENT, self.events.list_tags_for_resource,
                     ResourceARN=f"{ARN}rule/{unique('nowhere')}")


if __name__ == "__main__":
    unittest.main()
