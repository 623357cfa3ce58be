"""Partner event sources, from the partner's and the customer's side, and global endpoints."""

import json
import unittest

import support
from support import ClockTest, SdkTest, unique

CUSTOMER = "222233334444"
DAY_S = 86_400


def source_name():
    return f"aws.partner/example.com/{unique('orders')}"


class PartnerSources(ClockTest):
    def setUp(self):
        self.theirs = support.client("events", self.broker, access_key=CUSTOMER)
        self.their_sqs = support.client("sqs", self.broker, access_key=CUSTOMER)
        self.source = source_name()
        self.arn = self.events.create_partner_event_source(
            Name=self.source, Account=CUSTOMER)["EventSourceArn"]

    def take(self):
        """The customer makes the bus, and routes its events to a queue; its URL."""
        self.theirs.create_event_bus(Name=self.source, EventSourceName=self.source)
        name = unique("partner")
        url = self.their_sqs.create_queue(QueueName=name)["QueueUrl"]
        self.theirs.put_rule(Name="all", EventBusName=self.source,
                             EventPattern=json.dumps({"source": [self.source]}))
        self.theirs.put_targets(Rule="all", EventBusName=self.source, Targets=[
            {"Id": "q", "Arn": support.queue_arn(name, account=CUSTOMER)}])
        return url

    def receive_theirs(self, url):
        """The one message in their queue."""
        (message,) = self.their_sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        return message

    def put(self, **members):
        entry = {"Source": self.source, "DetailType": "Order", "Detail": '{"id": 7}', **members}
        return self.events.put_partner_events(Entries=[entry])

    def state(self):
        return self.theirs.describe_event_source(Name=self.source)["State"]

    def test_an_offer_is_pending_until_the_customer_makes_its_bus(self):
        self.assertEqual(self.arn, f"arn:aws:events:us-east-1::event-source/{self.source}")
        shown = self.theirs.describe_event_source(Name=self.source)
        self.assertEqual((shown["State"], shown["CreatedBy"], shown["Name"], shown["Arn"]),
                         ("PENDING", "aws.partner/example.com", self.source, self.arn))
        self.assertEqual((shown["ExpirationTime"] - shown["CreationTime"]).days, 14)
        self.take()
        self.assertEqual(self.state(), "ACTIVE")
        self.assertNotIn("ExpirationTime", self.theirs.describe_event_source(Name=self.source))

    def test_events_reach_the_customers_bus_while_the_source_is_active(self):
        self.assertEqual(self.put()["FailedEntryCount"], 0)
        url = self.take()
        event_id = self.put()["Entries"][0]["EventId"]
        message = self.receive_theirs(url)
        event = json.loads(message["Body"])
        self.assertEqual((event["id"], event["account"], event["source"], event["detail"]),
                         (event_id, CUSTOMER, self.source, {"id": 7}))
        self.theirs.deactivate_event_source(Name=self.source)
        self.assertEqual((self.put()["FailedEntryCount"], self.state()), (0, "PENDING"))
        self.theirs.activate_event_source(Name=self.source)
        again = self.put()["Entries"][0]["EventId"]
        message = self.receive_theirs(url)
        self.assertEqual(json.loads(message["Body"])["id"], again)

    def test_a_bad_entry_fails_alone(self):
        answer = self.events.put_partner_events(Entries=[
            {"Source": self.source, "DetailType": "Order", "Detail": "[]"},
            {"Source": self.source, "Detail": "{}"},
            {"Source": self.source, "DetailType": "Order", "Detail": "{}"}])
        self.assertEqual(answer["FailedEntryCount"], 2)
        self.assertEqual([entry.get("ErrorCode") for entry in answer["Entries"]],
                         ["MalformedDetail", "InvalidArgument", None])

    def test_both_sides_list_their_own(self):
        listed = self.events.list_partner_event_sources(NamePrefix=self.source)
        self.assertEqual(listed["PartnerEventSources"], [{"Arn": self.arn, "Name": self.source}])
        (account,) = self.events.list_partner_event_source_accounts(
            EventSourceName=self.source)["PartnerEventSourceAccounts"]
        self.assertEqual((account["Account"], account["State"]), (CUSTOMER, "PENDING"))
        (shown,) = self.theirs.list_event_sources(NamePrefix=self.source)["EventSources"]
        self.assertEqual(shown["Name"], self.source)
        self.assertEqual(self.events.list_event_sources(NamePrefix=self.source)["EventSources"], [])
        self.assertEqual(self.events.describe_partner_event_source(Name=self.source)["Arn"],
                         self.arn)

    def test_what_the_partner_deletes_is_deleted_for_those_who_took_it_and_gone_for_others(self):
        self.events.delete_partner_event_source(Name=self.source, Account=CUSTOMER)
        self.refused("ResourceNotFoundException", self.theirs.describe_event_source,
                     Name=self.source, message=f"Event source {self.source} does not exist.")
        self.setUp()
        self.take()
        self.events.delete_partner_event_source(Name=self.source, Account=CUSTOMER)
        self.assertEqual(self.state(), "DELETED")
        self.refused("InvalidStateException", self.theirs.activate_event_source, Name=self.source)

    def test_an_offer_that_nobody_takes_is_gone_after_two_weeks(self):
        self.advance(14 * DAY_S + 1)
        self.refused("ResourceNotFoundException", self.theirs.describe_event_source,
                     Name=self.source)

    def test_refusals(self):
        self.refused("ResourceAlreadyExistsException", self.events.create_partner_event_source,
                     Name=self.source, Account=CUSTOMER)
        self.refused("ResourceNotFoundException", self.theirs.create_event_bus,
                     Name=source_name(), EventSourceName=source_name())
        self.refused("ResourceNotFoundException", self.events.describe_partner_event_source,
                     Name=source_name())
        self.refused("ValidationException", self.events.create_partner_event_source,
                     Name="not.partner", Account=CUSTOMER)

    def test_a_deleted_bus_makes_the_source_pending_again(self):
        self.theirs.create_event_bus(Name=self.source, EventSourceName=self.source)
        self.theirs.delete_event_bus(Name=self.source)
        self.assertEqual(self.state(), "PENDING")


class Endpoints(SdkTest):
    def create(self, name, **members):
        buses = [{"EventBusArn": f"arn:aws:events:{region}:000000000000:event-bus/shop"}
                 for region in ("us-east-1", "eu-west-1")]
        arguments = {
            "EventBuses": buses,
            "RoutingConfig": {"FailoverConfig": {
                "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/abc-1"},
                "Secondary": {"Route": "eu-west-1"}}},
            **members}
        return self.events.create_endpoint(Name=name, **arguments)

    def test_an_endpoint_is_stored_shown_changed_and_deleted(self):
        name = unique("endpoint")
        created = self.create(name, Description="both", ReplicationConfig={"State": "DISABLED"})
        self.assertEqual((created["State"], created["Arn"]),
                         ("CREATING", f"arn:aws:events:us-east-1:000000000000:endpoint/{name}"))
        shown = self.events.describe_endpoint(Name=name)
        self.assertEqual((shown["State"], shown["Description"]), ("ACTIVE", "both"))
        self.assertEqual(shown["EndpointUrl"],
                         f"https://{shown['EndpointId']}.endpoint.events.amazonaws.com")
        self.assertEqual(len(shown["EventBuses"]), 2)
        updated = self.events.update_endpoint(Name=name, ReplicationConfig={"State": "ENABLED"})
        self.assertEqual((updated["State"], updated["EndpointId"]),
                         ("UPDATING", shown["EndpointId"]))
        shown = self.events.describe_endpoint(Name=name)
        self.assertEqual((shown["ReplicationConfig"], shown["Description"]),
                         ({"State": "ENABLED"}, "both"))
        listed = self.events.list_endpoints(NamePrefix=name)["Endpoints"]
        self.assertEqual([each["Name"] for each in listed], [name])
        self.events.delete_endpoint(Name=name)
        self.refused("ResourceNotFoundException", self.events.describe_endpoint, Name=name,
                     message=f"Endpoint {name} does not exist.")

    def test_refusals(self):
        name = unique("endpoint")
        self.create(name)
        self.refused("ResourceAlreadyExistsException", self.create, name)
        self.refused("ValidationException", self.create, unique("endpoint"),
                     EventBuses=[{"EventBusArn": "shop"}, {"EventBusArn": "shop"}])
        for call in (self.events.update_endpoint, self.events.delete_endpoint):
            self.refused("ResourceNotFoundException", call, Name=unique("none"))


if __name__ == "__main__":
    unittest.main()
