"""A shop's configuration as Terraform makes it, call by call: each resource is created, read back
with its tags, updated, and deleted in the order of what depends on what. The calls and their order
are those of the AWS provider's resources for buses, registries, schemas, rules, targets and queues.
"""

import json
import unittest

import support
from broker_process import Broker

ACCOUNT = support.ACCOUNT
REGION = support.REGION
NAME = "ecommerce-events"
CONTENT = json.dumps({
    "$schema": "http://json-schema.org/draft-04/schema#", "title": "OrderCreated",
    "type": "object",
    "properties": {"customerId": {"type": "string"}, "orderId": {"type": "string"},
                   "total": {"type": "number"}},
    "required": ["orderId", "customerId", "total"]}, separators=(",", ":"))
PATTERN = json.dumps({"detail-type": ["order.created", "order.cancelled"],
                      "source": ["order-service"]}, separators=(",", ":"))
TARGET = "inventory-handler"


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class TerraformCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def setUp(self):
        self.events = support.client("events", self.broker)
        self.schemas = support.client("schemas", self.broker)
        self.sqs = support.client("sqs", self.broker)

    def test_the_shop_is_applied_read_changed_and_destroyed(self):
        self.apply_bus()
        self.apply_registry()
        self.apply_schema()
        self.apply_queues()
        self.apply_rule()
        self.apply_target()
        self.use()
        self.change()
        self.destroy()

    # ---- apply ----

    def apply_bus(self):
        made = self.events.create_event_bus(Name=NAME, Tags=[])
        self.assertEqual(made["EventBusArn"], arn("events", f"event-bus/{NAME}"))
        read = self.events.describe_event_bus(Name=NAME)
        self.assertEqual((read["Name"], read["Arn"]), (NAME, made["EventBusArn"]))
        self.assertEqual(self.events.list_tags_for_resource(
            ResourceARN=made["EventBusArn"])["Tags"], [])

    def apply_registry(self):
        made = self.schemas.create_registry(RegistryName=NAME, Tags={})
        self.assertEqual(made["RegistryArn"], arn("schemas", f"registry/{NAME}"))
        read = self.schemas.describe_registry(RegistryName=NAME)
        self.assertEqual((read["RegistryName"], read["RegistryArn"]), (NAME, made["RegistryArn"]))
        self.assertNotIn("Description", read)
        self.assertEqual(self.schemas.list_tags_for_resource(
            ResourceArn=made["RegistryArn"])["Tags"], {})

    def apply_schema(self):
        made = self.schemas.create_schema(
            RegistryName=NAME, SchemaName="order.created", Type="JSONSchemaDraft4",
            Content=CONTENT, Tags={})
        self.assertEqual(made["SchemaArn"], arn("schemas", f"schema/{NAME}/order.created"))
        read = self.schemas.describe_schema(RegistryName=NAME, SchemaName="order.created")
        self.assertEqual((read["Content"], read["SchemaVersion"], read["Type"]),
                         (CONTENT, "1", "JSONSchemaDraft4"))
        self.assertEqual(read["LastModified"], read["VersionCreatedDate"])
        self.assertEqual(self.schemas.list_tags_for_resource(
            ResourceArn=read["SchemaArn"])["Tags"], {})

    def apply_queues(self):
        self.urls = {}
        for name in ("dlq", "inventory"):
            url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
            self.urls[name] = url
            read = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            self.assertEqual(read["Attributes"]["QueueArn"], support.queue_arn(name))
            self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url).get("Tags", {}), {})

    def apply_rule(self):
        made = self.events.put_rule(Name="order-to-inventory", EventBusName=NAME,
                                    EventPattern=PATTERN, State="ENABLED", Tags=[])
        self.assertEqual(made["RuleArn"], arn("events", f"rule/{NAME}/order-to-inventory"))
        read = self.events.describe_rule(Name="order-to-inventory", EventBusName=NAME)
        self.assertEqual((read["EventPattern"], read["State"], read["EventBusName"]),
                         (PATTERN, "ENABLED", NAME))
        self.assertEqual(self.events.list_tags_for_resource(
            ResourceARN=made["RuleArn"])["Tags"], [])

    def apply_target(self):
        target = {"Id": TARGET, "Arn": support.queue_arn("inventory"),
                  "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3},
                  "DeadLetterConfig": {"Arn": support.queue_arn("dlq")}}
        put = self.events.put_targets(Rule="order-to-inventory", EventBusName=NAME,
                                      Targets=[target])
        self.assertEqual(put["FailedEntryCount"], 0)
        read = self.events.list_targets_by_rule(Rule="order-to-inventory", EventBusName=NAME)
        self.assertEqual(read["Targets"], [target])

    def use(self):
        """The configuration does what it says."""
        put = self.events.put_events(Entries=[{
            "EventBusName": NAME, "Source": "order-service", "DetailType": "order.created",
            "Detail": '{"orderId":"o","customerId":"c","total":1}'}])
        self.assertEqual(put["FailedEntryCount"], 0)
        received = self.sqs.receive_message(QueueUrl=self.urls["inventory"])["Messages"]
        self.assertEqual(json.loads(received[0]["Body"])["detail"]["orderId"], "o")

    # ---- change ----

    def change(self):
        changed = CONTENT.replace('"number"', '"integer"')
        updated = self.schemas.update_schema(
            RegistryName=NAME, SchemaName="order.created", Content=changed,
            Type="JSONSchemaDraft4", ClientTokenId="c9f7b0ca-0000-4000-8000-000000000000")
        self.assertEqual(updated["SchemaVersion"], "2")
        read = self.schemas.describe_schema(RegistryName=NAME, SchemaName="order.created")
        self.assertEqual((read["Content"], read["SchemaVersion"]), (changed, "2"))
        self.schemas.update_registry(RegistryName=NAME, Description="of the shop")
        self.assertEqual(self.schemas.describe_registry(RegistryName=NAME)["Description"],
                         "of the shop")
        for resource in (f"registry/{NAME}", f"schema/{NAME}/order.created"):
            self.schemas.tag_resource(ResourceArn=arn("schemas", resource),
                                      Tags={"team": "shop", "stage": "test"})
            self.schemas.untag_resource(ResourceArn=arn("schemas", resource), TagKeys=["stage"])
            self.assertEqual(self.schemas.list_tags_for_resource(
                ResourceArn=arn("schemas", resource))["Tags"], {"team": "shop"})
        bus_arn = arn("events", f"event-bus/{NAME}")
        self.events.tag_resource(ResourceARN=bus_arn, Tags=[{"Key": "team", "Value": "shop"}])
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=bus_arn)["Tags"],
                         [{"Key": "team", "Value": "shop"}])
        self.events.put_rule(Name="order-to-inventory", EventBusName=NAME, State="DISABLED",
                             EventPattern=PATTERN, Description="orders")
        read = self.events.describe_rule(Name="order-to-inventory", EventBusName=NAME)
        self.assertEqual((read["State"], read["Description"]), ("DISABLED", "orders"))
        target = self.events.list_targets_by_rule(
            Rule="order-to-inventory", EventBusName=NAME)["Targets"][0]
        target["RetryPolicy"]["MaximumRetryAttempts"] = 5
        self.events.put_targets(Rule="order-to-inventory", EventBusName=NAME, Targets=[target])
        self.assertEqual(self.events.list_targets_by_rule(
            Rule="order-to-inventory", EventBusName=NAME)["Targets"], [target])

    # ---- destroy ----

    def destroy(self):
        removed = self.events.remove_targets(Rule="order-to-inventory", EventBusName=NAME,
                                             Ids=[TARGET], Force=True)
        self.assertEqual(removed["FailedEntryCount"], 0)
        self.events.delete_rule(Name="order-to-inventory", EventBusName=NAME, Force=True)
        self.gone(self.events.describe_rule, "ResourceNotFoundException",
                  Name="order-to-inventory", EventBusName=NAME)
        for name, url in self.urls.items():
            self.sqs.delete_queue(QueueUrl=url)
            self.gone(self.sqs.get_queue_url, "AWS.SimpleQueueService.NonExistentQueue",
                      QueueName=name)
        self.schemas.delete_schema(RegistryName=NAME, SchemaName="order.created")
        self.gone(self.schemas.describe_schema, "NotFoundException", RegistryName=NAME,
                  SchemaName="order.created")
        self.schemas.delete_registry(RegistryName=NAME)
        self.gone(self.schemas.describe_registry, "NotFoundException", RegistryName=NAME)
        self.events.delete_event_bus(Name=NAME)
        self.gone(self.events.describe_event_bus, "ResourceNotFoundException", Name=NAME)

    def gone(self, function, code, **arguments):
        """A read after the end finds nothing, in the words that tell Terraform so."""
        with self.assertRaises(Exception) as caught:
            function(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)


if __name__ == "__main__":
    unittest.main()
