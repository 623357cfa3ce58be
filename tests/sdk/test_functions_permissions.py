"""Functions' resource policies over the wire."""

import json

from support import ACCOUNT, REGION
from function_support import FunctionsTest


class Permissions(FunctionsTest):
    def add(self, name, statement, **arguments):
        return self.functions.add_permission(**{
            "FunctionName": name, "StatementId": statement, "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com", **arguments})

    def test_permissions_are_added_shown_and_removed(self):
        name = self.function()
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders"
        added = self.add(name, "events", SourceArn=rule)
        self.assertEqual(added["ResponseMetadata"]["HTTPStatusCode"], 201)
        statement = {"Sid": "events", "Effect": "Allow",
                     "Principal": {"Service": "events.amazonaws.com"},
                     "Action": "lambda:InvokeFunction", "Resource": arn,
                     "Condition": {"ArnLike": {"AWS:SourceArn": rule}}}
        self.assertEqual(json.loads(added["Statement"]), statement)
        policy = self.functions.get_policy(FunctionName=arn)
        self.assertEqual(json.loads(policy["Policy"]), {
            "Version": "2012-10-17", "Id": "default", "Statement": [statement]})
        gone = self.functions.remove_permission(
            FunctionName=name, StatementId="events", RevisionId=policy["RevisionId"])
        self.assertEqual(gone["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(
            self.refused("ResourceNotFoundException", 404, self.functions.get_policy,
                         FunctionName=name), "The resource you requested does not exist.")

    def test_an_alias_has_permissions_of_its_own(self):
        name = self.function()
        self.functions.publish_version(FunctionName=name)
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.add(name, "events", Qualifier="live")
        self.add(f"{name}:1", "events")
        policy = json.loads(self.functions.get_policy(
            FunctionName=name, Qualifier="live")["Policy"])
        self.assertTrue(policy["Statement"][0]["Resource"].endswith(f":function:{name}:live"))
        self.refused("ResourceNotFoundException", 404, self.functions.get_policy,
                     FunctionName=name)

    def test_permissions_that_cannot_be_are_refused(self):
        name = self.function()
        self.add(name, "events")
        self.refused("ResourceConflictException", 409, self.add, name=name, statement="events")
        self.refused("PreconditionFailedException", 412, self.add, name=name, statement="other",
                     RevisionId="abc")
        self.refused("InvalidParameterValueException", 400, self.add, name=name,
                     statement="other", Principal="nobody")
        self.refused("ResourceNotFoundException", 404, self.add, name="nothing",
                     statement="events")
        for bad in ({"StatementId": "no spaces"}, {"Action": "s3:GetObject"},
                    {"SourceArn": "rule"}, {"SourceAccount": "12"}, {"Principal": "a b"},
                    {"FunctionUrlAuthType": "SOME"}):
            self.refused("ValidationException", 400, self.add, name=name, statement="other",
                         **bad)
        self.refused("ResourceNotFoundException", 404, self.functions.remove_permission,
                     FunctionName=name, StatementId="nothing")
