"""The Schemas service: registries, schemas, validation of events, discovery, code bindings."""

import importlib
import io
import json
import pathlib
import random
import sys
import tempfile
import unittest
import zipfile

import support
from broker_process import Broker
from support import SdkTest, client, queue_arn, unique

ORDER_CREATED = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "OrderCreated",
    "type": "object",
    "properties": {"orderId": {"type": "string"}, "customerId": {"type": "string"},
                   "total": {"type": "number"}},
    "required": ["orderId", "customerId", "total"],
}
OPEN_API = {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}}
VALIDATION = "signalbox:validation"
REGISTRY_TAG = "signalbox:validation-registry"


class SchemasTest(SdkTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schemas = client("schemas", cls.broker)

    def registry(self, name=None):
        name = name or unique("registry")
        self.schemas.create_registry(RegistryName=name)
        return name

    def schema(self, registry, content, name="order.created", kind="JSONSchemaDraft4"):
        return self.schemas.create_schema(RegistryName=registry, SchemaName=name, Type=kind,
                                          Content=json.dumps(content))

    def checked_bus(self, mode, *schemas, **tags):
        """A bus with a registry of its name, and these schemas in it."""
        bus = unique("bus")
        every = {VALIDATION: mode, **tags}
        self.events.create_event_bus(
            Name=bus, Tags=[{"Key": key, "Value": value} for key, value in every.items()])
        self.registry(bus)
        for content in schemas:
            self.schema(bus, content)
        return bus

    def put(self, bus, *details, source="order-service", detail_type="order.created"):
        return self.events.put_events(Entries=[
            {"Source": source, "DetailType": detail_type, "EventBusName": bus,
             "Detail": json.dumps(detail)} for detail in details])

    def delivered(self, url):
        found = []
        while messages := self.receive(url):
            for message in messages:
                found.append(json.loads(message["Body"])["detail"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


class Registries(SchemasTest):
    def test_a_registry_is_created_shown_tagged_updated_listed_and_deleted(self):
        name = unique("registry")
        arn = f"arn:aws:schemas:us-east-1:000000000000:registry/{name}"
        made = self.schemas.create_registry(RegistryName=name, Description="d", Tags={"a": "1"})
        self.assertEqual((made["RegistryArn"], made["RegistryName"], made["Description"],
                          made["Tags"], made["ResponseMetadata"]["HTTPStatusCode"]),
                         (arn, name, "d", {"a": "1"}, 201))
        self.schemas.tag_resource(ResourceArn=arn, Tags={"b": "2"})
        self.schemas.untag_resource(ResourceArn=arn, TagKeys=["a"])
        self.assertEqual(self.schemas.list_tags_for_resource(ResourceArn=arn)["Tags"], {"b": "2"})
        self.schemas.update_registry(RegistryName=name, Description="other")
        shown = self.schemas.describe_registry(RegistryName=name)
        self.assertEqual((shown["Description"], shown["Tags"]), ("other", {"b": "2"}))
        listed = self.schemas.list_registries(RegistryNamePrefix=name)["Registries"]
        self.assertEqual([each["RegistryArn"] for each in listed], [arn])
        self.assertEqual(self.schemas.list_registries(Scope="AWS")["Registries"], [])
        deleted = self.schemas.delete_registry(RegistryName=name)
        self.assertEqual(deleted["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.refused("NotFoundException", self.schemas.describe_registry, RegistryName=name,
                     status=404)

    def test_refusals_have_code_and_message(self):
        name = self.registry()
        error = self.refused("ConflictException", self.schemas.create_registry, RegistryName=name,
                             status=409)
        self.assertEqual(type(error).__name__, "ConflictException")
        self.assertEqual(error.response["Code"], "ConflictException")
        self.assertIn(name, error.response["Message"])
        self.refused("BadRequestException", self.schemas.create_registry, RegistryName="a b")
        self.refused("BadRequestException", self.schemas.create_registry, RegistryName="aws.mine")
        self.refused("BadRequestException", self.schemas.create_registry, RegistryName="x" * 65)
        self.refused("BadRequestException", self.schemas.list_registries, Limit=0)
        self.refused("BadRequestException", self.schemas.list_registries, NextToken="no token")
        self.schema(name, ORDER_CREATED)
        self.refused("BadRequestException", self.schemas.delete_registry, RegistryName=name)

    def test_a_policy_changes_only_with_its_latest_revision(self):
        name = self.registry()
        self.refused("NotFoundException", self.schemas.get_resource_policy, RegistryName=name,
                     status=404)
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        first = self.schemas.put_resource_policy(RegistryName=name, Policy=policy)
        self.assertEqual(json.loads(first["Policy"]) if isinstance(first["Policy"], str)
                         else first["Policy"], json.loads(policy))
        self.refused("PreconditionFailedException", self.schemas.put_resource_policy,
                     RegistryName=name, Policy=policy, RevisionId="no", status=412)
        second = self.schemas.put_resource_policy(RegistryName=name, Policy=policy,
                                                  RevisionId=first["RevisionId"])
        self.assertNotEqual(first["RevisionId"], second["RevisionId"])
        self.schemas.delete_resource_policy(RegistryName=name)
        self.refused("NotFoundException", self.schemas.get_resource_policy, RegistryName=name,
                     status=404)

    def test_pages_of_schemas_hold_each_once(self):
        registry = self.registry()
        for number in range(7):
            self.schema(registry, ORDER_CREATED, name=f"s{number}")
        names = []
        for page in self.schemas.get_paginator("list_schemas").paginate(
                RegistryName=registry, PaginationConfig={"PageSize": 3}):
            names += [each["SchemaName"] for each in page["Schemas"]]
        self.assertEqual(names, [f"s{number}" for number in range(7)])
        found = self.schemas.search_schemas(RegistryName=registry, Keywords="S3")["Schemas"]
        self.assertEqual([each["SchemaName"] for each in found], ["s3"])


class Versions(SchemasTest):
    def test_a_version_comes_with_other_content_alone(self):
        registry = self.registry()
        made = self.schema(registry, ORDER_CREATED)
        arn = f"arn:aws:schemas:us-east-1:000000000000:schema/{registry}/order.created"
        self.assertEqual((made["SchemaArn"], made["SchemaVersion"]), (arn, "1"))
        where = {"RegistryName": registry, "SchemaName": "order.created"}
        same = self.schemas.update_schema(**where, Content=json.dumps(ORDER_CREATED),
                                          Description="said")
        self.assertEqual((same["SchemaVersion"], same["Description"]), ("1", "said"))
        other = {**ORDER_CREATED, "title": "Other"}
        self.assertEqual(self.schemas.update_schema(
            **where, Content=json.dumps(other), Type="JSONSchemaDraft4")["SchemaVersion"], "2")
        first = self.schemas.describe_schema(**where, SchemaVersion="1")
        self.assertEqual(json.loads(first["Content"]), ORDER_CREATED)
        self.assertEqual(json.loads(self.schemas.describe_schema(**where)["Content"]), other)
        listed = self.schemas.list_schema_versions(**where)["SchemaVersions"]
        self.assertEqual([each["SchemaVersion"] for each in listed], ["1", "2"])
        self.schemas.delete_schema_version(**where, SchemaVersion="2")
        self.assertEqual(self.schemas.describe_schema(**where)["SchemaVersion"], "1")
        self.refused("NotFoundException", self.schemas.describe_schema, **where, SchemaVersion="2",
                     status=404)
        self.refused("GoneException", self.schemas.put_code_binding, **where, SchemaVersion="2",
                     Language="Python36", status=410)
        # The number is not given again.
        self.assertEqual(self.schemas.update_schema(
            **where, Content=json.dumps(other))["SchemaVersion"], "3")
        self.schemas.delete_schema(**where)
        self.refused("NotFoundException", self.schemas.describe_schema, **where, status=404)

    def test_content_that_is_no_schema_is_refused_with_the_place(self):
        registry = self.registry()

        def refused(kind, content, place):
            text = content if isinstance(content, str) else json.dumps(content)
            error = self.refused("BadRequestException", self.schemas.create_schema,
                                 RegistryName=registry, SchemaName="s", Type=kind, Content=text)
            self.assertIn(place, error.response["Message"])

        draft_4 = "JSONSchemaDraft4"
        refused(draft_4, "{", "not JSON")
        refused(draft_4, "[]", "not a JSON object")
        refused(draft_4, {"properties": {"a": {"type": "text"}}}, "/properties/a/type: ")
        refused(draft_4, {"required": []}, "/required: ")
        refused(draft_4, {"required": ["a", "a"]}, "/required: ")
        refused(draft_4, {"properties": {"a/b": {"minLength": -1}}}, "/properties/a~1b/minLength: ")
        refused(draft_4, {"exclusiveMinimum": True}, "/exclusiveMinimum: ")
        refused(draft_4, {"items": [{"pattern": "("}]}, "/items/0/pattern: ")
        refused(draft_4, {"pattern": "(?=a)"}, "/pattern: ")
        refused(draft_4, {"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema: ")
        refused(draft_4, {"properties": {"a": True}}, "/properties/a: ")
        refused(draft_4, {"properties": {"a": {"$ref": "http://example.com/s.json#"}}},
                "/properties/a/$ref: ")
        refused(draft_4, {"properties": {"a": {"$ref": "other.json"}}}, "/properties/a/$ref: ")
        refused(draft_4, {"properties": {"a": {"$ref": "#/definitions/no"}}},
                "/properties/a/$ref: ")
        refused(draft_4, {"$ref": "#"}, "refers to itself")
        refused(draft_4, {"definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}]},
                                          "b": {"anyOf": [{"$ref": "#/definitions/a"}]}}},
                "refers to itself")
        open_api = "OpenApi3"
        refused(open_api, ORDER_CREATED, "/openapi: ")
        refused(open_api, {"openapi": "2.0"}, "/openapi: ")
        refused(open_api, {"openapi": "3.0.0", "info": {}}, "/info/title: ")
        refused(open_api, {**OPEN_API, "components": {"schemas": {"A": {"type": 1}}}},
                "/components/schemas/A/type: ")
        deep = {}
        for _ in range(200):
            deep = {"items": deep}
        refused(draft_4, deep, "nested")

    def test_schemas_may_refer_to_themselves_inside_of_the_value(self):
        registry = self.registry()
        self.schema(registry, {"properties": {"next": {"$ref": "#"}}})


class Life(unittest.TestCase):
    def test_everything_outlives_a_kill(self):
        broker = Broker()
        self.addCleanup(broker.close)
        broker.start()
        schemas = client("schemas", broker)
        events = client("events", broker)
        events.create_event_bus(Name="shop", Tags=[{"Key": VALIDATION, "Value": "reject"}])
        schemas.create_registry(RegistryName="shop")
        where = {"RegistryName": "shop", "SchemaName": "order.created"}
        schemas.create_schema(**where, Type="JSONSchemaDraft4", Content=json.dumps(ORDER_CREATED))
        schemas.put_code_binding(**where, Language="Go1")
        bus_arn = "arn:aws:events:us-east-1:000000000000:event-bus/default"
        found = schemas.create_discoverer(SourceArn=bus_arn)["DiscovererId"]
        entry = {"Source": "s", "DetailType": "t", "Detail": '{"a":1}'}
        events.put_events(Entries=[entry])
        broker.restart()
        schemas = client("schemas", broker)
        events = client("events", broker)
        self.assertEqual(json.loads(schemas.describe_schema(**where)["Content"]), ORDER_CREATED)
        self.assertEqual(schemas.describe_code_binding(**where, Language="Go1")["Status"],
                         "CREATE_COMPLETE")
        self.assertEqual(schemas.describe_discoverer(DiscovererId=found)["State"], "STARTED")
        refused = events.put_events(Entries=[
            {"Source": "x", "DetailType": "order.created", "Detail": "{}",
             "EventBusName": "shop"}])["Entries"][0]
        self.assertEqual(refused["ErrorCode"], "SchemaValidationFailed")
        # It learns on from what it knew.
        events.put_events(Entries=[{**entry, "Detail": '{"a":"x","b":null}'}])
        learned = schemas.describe_schema(RegistryName="discovered-schemas", SchemaName="s@t")
        self.assertEqual(learned["SchemaVersion"], "2")
        detail = json.loads(learned["Content"])["components"]["schemas"]["T"]
        self.assertEqual(detail["required"], ["a"])
        self.assertEqual({each["type"] for each in detail["properties"]["a"]["anyOf"]},
                         {"string", "integer"})


class Validation(SchemasTest):
    def test_of_ten_entries_the_one_without_total_fails_alone_and_nine_are_delivered(self):
        bus = self.checked_bus("reject", ORDER_CREATED)
        url = self.queue()
        self.rule(bus, {"source": ["order-service"]}, url)
        orders = [{"orderId": f"o{number}", "customerId": "c", "total": number + 0.5}
                  for number in range(10)]
        del orders[4]["total"]
        answer = self.put(bus, *orders)
        self.assertEqual(answer["FailedEntryCount"], 1)
        failed = answer["Entries"][4]
        self.assertEqual(failed["ErrorCode"], "SchemaValidationFailed")
        self.assertEqual(failed["ErrorMessage"],
                         "$.detail.total is required but missing (schema order.created, version 1, "
                         f"of registry {bus}).")
        self.assertEqual([entry for entry in answer["Entries"] if "EventId" not in entry], [failed])
        self.assertEqual(sorted(each["orderId"] for each in self.delivered(url)),
                         sorted(each["orderId"] for each in orders if "total" in each))

    def test_what_is_refused_says_the_failing_path(self):
        bus = self.checked_bus("reject", {
            "type": "object", "additionalProperties": False,
            "properties": {
                "items": {"type": "array", "maxItems": 2, "items": {
                    "type": "object", "required": ["price"],
                    "properties": {"price": {"type": "number", "minimum": 0,
                                             "exclusiveMinimum": True}}}},
                "status": {"enum": ["new", "paid"]},
                "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "when": {"type": "string", "format": "date-time"}}})
        for detail, wanted in (
                ({"items": [{"price": 1}, {"price": 0}]},
                 "$.detail.items[1].price must be greater"),
                ({"items": [{}]}, "$.detail.items[0].price is required"),
                ({"items": [{"price": "1"}]}, "$.detail.items[0].price must be a number"),
                ({"items": [{"price": 1}] * 3}, "$.detail.items must have at most 2 elements"),
                ({"status": "gone"}, '$.detail.status must be one of "new", "paid"'),
                ({"code": "abcd"}, "$.detail.code must match the pattern"),
                ({"when": "yesterday"}, "$.detail.when must be a date-time"),
                ({"else": 1}, "$.detail.else is not allowed")):
            entry = self.put(bus, detail)["Entries"][0]
            self.assertTrue(entry["ErrorMessage"].startswith(wanted), entry)
        self.assertEqual(self.put(bus, {"items": [{"price": 0.1}], "status": "new", "code": "ABC",
                                        "when": "2026-01-01T00:00:00Z"})["FailedEntryCount"], 0)

    def test_a_bus_that_warns_delivers_and_says_so(self):
        bus = self.checked_bus("warn", ORDER_CREATED)
        url = self.queue()
        self.rule(bus, {"source": ["order-service"]}, url)
        before = self.metric("schema_warned")
        self.assertEqual(self.put(bus, {"orderId": "o"})["FailedEntryCount"], 0)
        self.assertEqual(self.delivered(url), [{"orderId": "o"}])
        self.assertEqual(self.metric("schema_warned"), before + 1)

    def metric(self, outcome):
        for line in self.raw("GET", "/_signalbox/metrics").text.splitlines():
            if f'outcome="{outcome}"' in line:
                return int(line.rpartition(" ")[2])
        raise AssertionError(outcome)

    def test_validation_follows_the_tags_and_the_schemas(self):
        bus = unique("bus")
        arn = self.events.create_event_bus(Name=bus)["EventBusArn"]
        registry = self.registry()
        bad = {"orderId": "o"}

        def outcome():
            return self.put(bus, bad)["Entries"][0].get("ErrorCode")

        def tag(key, value):
            self.events.tag_resource(ResourceARN=arn, Tags=[{"Key": key, "Value": value}])

        self.schema(registry, ORDER_CREATED)
        self.assertIsNone(outcome())
        tag(VALIDATION, "reject")
        self.assertIsNone(outcome(), "its registry is the one of its own name")
        tag(REGISTRY_TAG, registry)
        self.assertEqual(outcome(), "SchemaValidationFailed")
        tag(VALIDATION, "off")
        self.assertIsNone(outcome())
        tag(VALIDATION, "reject")
        self.schemas.update_schema(RegistryName=registry, SchemaName="order.created",
                                   Content=json.dumps({"required": ["orderId"]}))
        self.assertIsNone(outcome())
        self.schemas.delete_schema_version(RegistryName=registry, SchemaName="order.created",
                                           SchemaVersion="2")
        self.assertEqual(outcome(), "SchemaValidationFailed")
        self.schemas.delete_schema(RegistryName=registry, SchemaName="order.created")
        self.assertIsNone(outcome())
        self.schema(registry, ORDER_CREATED, name="order-service@order.created")
        self.assertEqual(outcome(), "SchemaValidationFailed")
        self.events.untag_resource(ResourceARN=arn, TagKeys=[VALIDATION])
        self.assertIsNone(outcome())

    def test_tags_without_a_meaning_are_refused(self):
        bus = unique("bus")
        for tags in ({VALIDATION: "strict"}, {"signalbox:validaton": "reject"},
                     {REGISTRY_TAG: "a b"}):
            self.refused("ValidationException", self.events.create_event_bus, Name=bus, Tags=[
                {"Key": key, "Value": value} for key, value in tags.items()])

    def test_a_schema_that_could_take_for_ever_is_broken_off(self):
        # Each level tries both of the next: 2 to the 40 ways.
        definitions = {f"d{n}": {"anyOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2}
                       for n in range(40)}
        definitions["d40"] = {"required": ["never"]}
        bus = self.checked_bus("reject", {"anyOf": [{"$ref": "#/definitions/d0"}],
                                          "definitions": definitions})
        self.assertEqual(self.put(bus, {})["Entries"][0]["ErrorCode"], "SchemaValidationFailed")


class Discovery(SchemasTest):
    def random_value(self, chance, depth=0):
        kinds = [lambda: chance.randrange(-5, 1 << 40), lambda: chance.random() * 100,
                 lambda: chance.choice(["x", "2026-01-01T00:00:00Z", ""]), lambda: None,
                 lambda: chance.random() < 0.5]
        if depth < 4:
            kinds += [lambda: [self.random_value(chance, depth + 1)
                               for _ in range(chance.randrange(3))],
                      lambda: self.random_object(chance, depth + 1)] * 2
        return chance.choice(kinds)()

    def random_object(self, chance, depth=0):
        return {f"k{chance.randrange(6)}": self.random_value(chance, depth)
                for _ in range(chance.randrange(5))}

    def test_the_schemas_of_mixed_traffic_accept_every_event(self):
        chance = random.Random(7)
        bus = unique("bus")
        arn = self.events.create_event_bus(Name=bus)["EventBusArn"]
        made = self.schemas.create_discoverer(SourceArn=arn, Tags={"a": "b"})
        self.assertEqual((made["State"], made["CrossAccount"], made["SourceArn"]),
                         ("STARTED", True, arn))
        self.refused("ConflictException", self.schemas.create_discoverer, SourceArn=arn, status=409)
        self.schemas.tag_resource(ResourceArn=made["DiscovererArn"], Tags={"c": "d"})
        self.assertEqual(self.schemas.list_tags_for_resource(
            ResourceArn=made["DiscovererArn"])["Tags"], {"a": "b", "c": "d"})
        kinds = [("shop", "Order Created"), ("shop", "order.paid"), ("stock", "low"),
                 ("shop", "Order-Created")]
        events = []
        for _ in range(40):
            entries = []
            for _ in range(10):
                source, detail_type = chance.choice(kinds)
                entries.append({"Source": source, "DetailType": detail_type, "EventBusName": bus,
                                "Detail": json.dumps(self.random_object(chance))})
            self.assertEqual(self.events.put_events(Entries=entries)["FailedEntryCount"], 0)
            events += entries
        # A second bus checks the same events against what was learned.
        checked = unique("bus")
        self.events.create_event_bus(Name=checked, Tags=[
            {"Key": VALIDATION, "Value": "reject"},
            {"Key": REGISTRY_TAG, "Value": "discovered-schemas"}])
        for at in range(0, len(events), 10):
            answer = self.events.put_events(Entries=[
                {**entry, "EventBusName": checked} for entry in events[at:at + 10]])
            self.assertEqual(answer["FailedEntryCount"], 0, answer["Entries"])
        # And refuses what none of them was like.
        answer = self.events.put_events(Entries=[
            {"Source": "stock", "DetailType": "low", "EventBusName": checked,
             "Detail": json.dumps({"k0": {"k0": {"k0": {"k0": {"k0": {"k0": 1}}}}}})}])
        document = json.loads(self.schemas.describe_schema(
            RegistryName="discovered-schemas", SchemaName="shop@OrderCreated")["Content"])
        envelope = document["components"]["schemas"]["AWSEvent"]
        self.assertEqual((envelope["x-amazon-events-source"],
                          envelope["x-amazon-events-detail-type"]), ("shop", "Order Created"))
        self.schemas.stop_discoverer(DiscovererId=made["DiscovererId"])
        before = self.version("stock@low")
        self.put(bus, {"quite": {"new": 1}}, source="stock", detail_type="low")
        self.assertEqual(self.version("stock@low"), before)
        self.schemas.start_discoverer(DiscovererId=made["DiscovererId"])
        self.put(bus, {"quite": {"new": 1}}, source="stock", detail_type="low")
        self.assertEqual(self.version("stock@low"), before + 1)
        listed = self.schemas.list_discoverers(SourceArnPrefix=arn)["Discoverers"]
        self.assertEqual([each["DiscovererId"] for each in listed], [made["DiscovererId"]])
        self.schemas.delete_discoverer(DiscovererId=made["DiscovererId"])
        self.refused("NotFoundException", self.schemas.describe_discoverer,
                     DiscovererId=made["DiscovererId"], status=404)

    def test_what_is_nested_deep_is_learned_and_learned_on_from(self):
        bus = unique("bus")
        arn = self.events.create_event_bus(Name=bus)["EventBusArn"]
        self.schemas.create_discoverer(SourceArn=arn)
        source = unique("deep")
        for levels in (14, 25, 60):
            detail = 1
            for _ in range(levels):
                detail = {"q": detail}
            self.put(bus, {"n": detail}, source=source, detail_type="t")
        before = self.version(f"{source}@t")
        self.put(bus, {"m": 1}, source=source, detail_type="t")
        self.assertEqual(self.version(f"{source}@t"), before + 1)

    def version(self, name):
        return int(self.schemas.describe_schema(
            RegistryName="discovered-schemas", SchemaName=name)["SchemaVersion"])

    def test_samples_make_a_schema_and_its_draft_4(self):
        event = {"version": "0", "id": "1", "detail-type": "Order Created", "source": "shop",
                 "account": "000000000000", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
                 "resources": [], "detail": {"total": 1.5, "note": None, "items": [{"n": 1}]}}
        sample = [json.dumps(event)]
        content = json.loads(self.schemas.get_discovered_schema(
            Type="OpenApi3", Events=sample)["Content"])
        self.assertEqual(content["info"]["title"], "OrderCreated")
        detail = content["components"]["schemas"]["OrderCreated"]
        self.assertEqual(detail["properties"]["items"]["items"]["properties"]["n"],
                         {"type": "integer", "format": "int64"})
        draft_4 = self.schemas.get_discovered_schema(Type="JSONSchemaDraft4", Events=sample)
        self.assertIn("#/definitions/OrderCreated", draft_4["Content"])
        registry = self.registry()
        for kind, text in (("OpenApi3", json.dumps(content)),
                           ("JSONSchemaDraft4", draft_4["Content"])):
            self.schemas.create_schema(RegistryName=registry, SchemaName=kind, Type=kind,
                                       Content=text)
        exported = self.schemas.export_schema(RegistryName=registry, SchemaName="OpenApi3",
                                              Type="JSONSchemaDraft4")
        self.assertEqual(json.loads(exported["Content"]), json.loads(draft_4["Content"]))
        self.refused("BadRequestException", self.schemas.export_schema, RegistryName=registry,
                     SchemaName="JSONSchemaDraft4", Type="OpenApi3")
        self.refused("BadRequestException", self.schemas.get_discovered_schema, Type="OpenApi3",
                     Events=["[]"])
        self.refused("BadRequestException", self.schemas.get_discovered_schema, Type="OpenApi3",
                     Events=[])

    def test_discoverers_are_of_buses_that_there_are(self):
        self.refused("NotFoundException", self.schemas.create_discoverer, status=404,
                     SourceArn="arn:aws:events:us-east-1:000000000000:event-bus/no-such-bus")
        self.refused("BadRequestException", self.schemas.create_discoverer,
                     SourceArn=queue_arn("somewhere"))


RICH = {
    "title": "OrderCreated", "type": "object", "required": ["orderId", "items", "class"],
    "properties": {
        "orderId": {"type": "string"}, "class": {"type": "integer"},
        "items": {"type": "array", "items": {
            "type": "object", "required": ["product-id"],
            "properties": {"product-id": {"type": "string"}, "price": {"type": "number"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "parent": {"$ref": "#"}, "note": {"type": ["string", "null"]}, "extra": {}}}


class CodeBindings(SchemasTest):
    def binding(self, language, content=None):
        registry = self.registry()
        self.schema(registry, content or RICH)
        where = {"RegistryName": registry, "SchemaName": "order.created", "Language": language}
        self.refused("NotFoundException", self.schemas.get_code_binding_source, **where, status=404)
        put = self.schemas.put_code_binding(**where)
        self.assertEqual(put["ResponseMetadata"]["HTTPStatusCode"], 202)
        self.schemas.get_waiter("code_binding_exists").wait(**where)
        source = self.schemas.get_code_binding_source(**where)
        self.assertEqual(source["ResponseMetadata"]["HTTPHeaders"]["content-type"],
                         "application/zip")
        return zipfile.ZipFile(io.BytesIO(source["Body"].read()))

    def test_python_types_are_imported_and_used(self):
        with tempfile.TemporaryDirectory() as folder:
            self.binding("Python36").extractall(folder)
            sys.path.insert(0, folder)
            self.addCleanup(sys.path.remove, folder)
            self.addCleanup(lambda: [sys.modules.pop(name) for name in list(sys.modules)
                                     if name.split(".")[0] == "schema"])
            module = importlib.import_module("schema")
        value = {"orderId": "o", "class": 1, "items": [{"product-id": "p", "price": 1.5}],
                 "labels": {"a": "b"}, "note": None,
                 "parent": {"orderId": "q", "class": 2, "items": []}}
        order = module.OrderCreated.from_dict(value)
        self.assertEqual((order.order_id, order.class_, order.items[0].product_id,
                          order.parent.class_, order.labels["a"]), ("o", 1, "p", 2, "b"))
        del value["note"]
        self.assertEqual(order.to_dict(), value)
        order = module.OrderCreated(order_id="n", items=[], class_=3)
        self.assertEqual(order.to_dict(), {"orderId": "n", "items": [], "class": 3})
        with self.assertRaises(KeyError):
            module.OrderCreated.from_dict({"orderId": "o"})

    def test_a_schema_named_by_a_keyword_has_a_python_module(self):
        archive = self.binding("Python36", {"title": "class", "properties": {"a": {}}})
        for path in archive.namelist():
            compile(archive.read(path).decode(), path, "exec")
        self.assertIn("schema/class_.py", archive.namelist())

    def test_every_language_has_its_files(self):
        for language, path, text in (
                ("TypeScript3", "schema/OrderCreated.ts", '"product-id": string;'),
                ("Java8", "schema/OrderCreatedItemsItem.java", '@JsonProperty("product-id")'),
                ("Go1", "schema/order_created.go", "`json:\"note,omitempty\"`"),
                ("Cpp20", "schema/order_created.h", "std::vector<OrderCreatedItemsItem> items{};")):
            archive = self.binding(language)
            self.assertIsNone(archive.testzip())
            self.assertIn(text, archive.read(path).decode())

    def test_what_stands_beside_a_reference_does_not_count(self):
        archive = self.binding("TypeScript3", {
            "title": "T", "properties": {"x": {"$ref": "#/definitions/a"}}, "definitions": {
                "a": {"$ref": "#/definitions/b", "properties": 5, "allOf": 1, "required": "no"},
                "b": {"type": "string"}}})
        self.assertIn("x?: string;", archive.read("schema/T.ts").decode())

    def test_a_list_of_itself_has_a_type(self):
        archive = self.binding("TypeScript3", {
            "title": "T", "properties": {"tree": {"$ref": "#/definitions/tree"}}, "definitions": {
                "tree": {"type": "array", "items": {"$ref": "#/definitions/tree"}}}})
        self.assertIn("tree?: Array<unknown>;", archive.read("schema/T.ts").decode())

    def test_a_language_that_is_none_is_refused(self):
        registry = self.registry()
        self.schema(registry, RICH)
        self.refused("BadRequestException", self.schemas.put_code_binding, RegistryName=registry,
                     SchemaName="order.created", Language="Cobol")


if __name__ == "__main__":
    unittest.main()
