"""IAM and STS, as SDK scripts call them: roles, policies, refusals, sessions, and the wire."""

import base64
import datetime
import json
import unittest
import urllib.parse
import xml.etree.ElementTree as xml

import boto3
from support import ACCOUNT, SdkTest, client, unique

IAM_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "scheduler.amazonaws.com"}}]}
SEND = {"Version": "2012-10-17", "Statement": {
    "Sid": "Send", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}}


def role_arn(name, path="/", account=ACCOUNT):
    return f"arn:aws:iam::{account}:role{path}{name}"


def policy_arn(name, path="/", account=ACCOUNT):
    return f"arn:aws:iam::{account}:policy{path}{name}"


def clients(broker, access_key="AKIAIOSFODNN7EXAMPLE"):
    return client("iam", broker, access_key=access_key), client("sts", broker,
                                                                access_key=access_key)


class IdentityTest(SdkTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iam, cls.sts = clients(cls.broker)

    def role(self, prefix="role", **arguments):
        arguments.setdefault("AssumeRolePolicyDocument", json.dumps(TRUST))
        name = unique(prefix)
        self.iam.create_role(RoleName=name, **arguments)
        return name

    def policy(self, prefix="policy", **arguments):
        """The ARN of a new policy."""
        arguments.setdefault("PolicyDocument", json.dumps(SEND))
        return self.iam.create_policy(PolicyName=unique(prefix), **arguments)["Policy"]["Arn"]


class Roles(IdentityTest):
    def test_a_boundary_is_kept_and_holds_its_policy(self):
        arn = self.policy()
        name = self.role(PermissionsBoundary=arn)
        boundary = self.iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]
        self.assertEqual(boundary, {"PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                                    "PermissionsBoundaryArn": arn})
        self.assertEqual(
            self.iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"], 1)
        found = self.iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
        self.assertEqual([r["RoleName"] for r in found], [name])
        found = self.iam.list_entities_for_policy(PolicyArn=arn,
                                                  PolicyUsageFilter="PermissionsPolicy")
        self.assertEqual(found["PolicyRoles"], [])
        self.refused("DeleteConflict", self.iam.delete_policy, PolicyArn=arn, status=409)
        self.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=READ_ONLY)
        self.iam.delete_policy(PolicyArn=arn)
        self.iam.delete_role_permissions_boundary(RoleName=name)
        self.assertNotIn("PermissionsBoundary", self.iam.get_role(RoleName=name)["Role"])
        self.refused("NoSuchEntity", self.iam.put_role_permissions_boundary, RoleName=name,
                     PermissionsBoundary=arn, status=404)

    def test_the_trust_policy_can_be_replaced(self):
        name = self.role()
        other = {**TRUST, "Id": "other"}
        self.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(other))
        shown = self.iam.get_role(RoleName=name)["Role"]
        self.assertEqual(shown["AssumeRolePolicyDocument"], other)

    def test_lists_are_pages_below_a_path(self):
        path = f"/{unique('path')}/"
        names = sorted(self.role(f"page-{i}", Path=path) for i in range(5))
        self.role("other")
        pages = list(self.iam.get_paginator("list_roles").paginate(
            PathPrefix=path, PaginationConfig={"PageSize": 2}))
        found = [role["RoleName"] for page in pages for role in page["Roles"]]
        self.assertEqual(found, names)
        self.assertTrue(pages[0]["IsTruncated"])
        self.assertFalse(pages[-1]["IsTruncated"])
        name = names[0]
        for i in range(3):
            self.iam.put_role_policy(RoleName=name, PolicyName=f"p{i}",
                                     PolicyDocument=json.dumps(SEND))
        first = self.iam.list_role_policies(RoleName=name, MaxItems=2)
        self.assertEqual((first["PolicyNames"], first["IsTruncated"]), (["p0", "p1"], True))
        second = self.iam.list_role_policies(RoleName=name, Marker=first["Marker"])
        self.assertEqual((second["PolicyNames"], second["IsTruncated"]), (["p2"], False))
        self.refused("ValidationError", self.iam.list_roles, Marker="nonsense",
                     message="Invalid Marker.")

    def test_pages_of_tags_with_the_longest_keys(self):
        keys = [f"{i}" + "信" * 127 for i in range(3)]
        name = self.role(Tags=[{"Key": key, "Value": ""} for key in keys])
        found, marker = [], {}
        while True:
            page = self.iam.list_role_tags(RoleName=name, MaxItems=1, **marker)
            found += [tag["Key"] for tag in page["Tags"]]
            if not page["IsTruncated"]:
                break
            marker = {"Marker": page["Marker"]}
        self.assertEqual(found, keys)

    def test_policies_are_listed_by_scope_path_and_use(self):
        path = f"/{unique('path')}/"
        used, unused = self.policy("a", Path=path), self.policy("b", Path=path)
        self.iam.attach_role_policy(RoleName=self.role(), PolicyArn=used)

        def listed(**arguments):
            answer = self.iam.list_policies(PathPrefix=path, **arguments)
            return [policy["Arn"] for policy in answer["Policies"]]
        self.assertEqual(listed(), [used, unused])
        self.assertEqual(listed(Scope="Local"), [used, unused])
        self.assertEqual(listed(Scope="AWS"), [])
        self.assertEqual(listed(OnlyAttached=True), [used])
        self.assertEqual(listed(PolicyUsageFilter="PermissionsBoundary"), [])

    def test_accounts_are_apart_and_regions_are_not(self):
        name = self.role()
        other = clients(self.broker, "222222222222")[0]
        self.refused("NoSuchEntity", other.get_role, RoleName=name, status=404)
        other.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.assertEqual(other.get_role(RoleName=name)["Role"]["Arn"],
                         role_arn(name, account="222222222222"))
        elsewhere = client("iam", self.broker, region="eu-west-1")
        self.assertEqual(elsewhere.get_role(RoleName=name)["Role"]["Arn"], role_arn(name))

    def test_what_is_named_elsewhere_need_not_exist(self):
        url = self.queue()
        bus = self.bus()
        rule = unique("rule")
        self.events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source":["x"]}',
                             RoleArn=role_arn("nowhere"))
        answer = self.events.put_targets(Rule=rule, EventBusName=bus, Targets=[{
            "Id": "1", "RoleArn": role_arn("nowhere"),
            "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name_of(url)}"}])
        self.assertEqual(answer["FailedEntryCount"], 0)


class Refusals(IdentityTest):
    def test_what_is_not_there(self):
        for call, arguments in (
                (self.iam.get_role, {}), (self.iam.delete_role, {}), (self.iam.update_role, {}),
                (self.iam.list_role_tags, {}), (self.iam.list_role_policies, {}),
                (self.iam.list_attached_role_policies, {}),
                (self.iam.list_instance_profiles_for_role, {}),
                (self.iam.attach_role_policy, {"PolicyArn": READ_ONLY})):
            self.refused("NoSuchEntity", call, RoleName="nowhere", **arguments, status=404,
                         message="The role with name nowhere cannot be found.")
        arn = policy_arn("nowhere")
        self.refused("NoSuchEntity", self.iam.get_policy, PolicyArn=arn, status=404,
                     message=f"Policy {arn} was not found.")
        self.refused("InvalidInput", self.iam.get_policy, PolicyArn="arn:aws:iam::no-policy-at-all",
                     message="ARN arn:aws:iam::no-policy-at-all is not valid.")
        name = self.role()
        self.refused("NoSuchEntity", self.iam.attach_role_policy, RoleName=name, PolicyArn=arn,
                     status=404, message=f"Policy {arn} does not exist or is not attachable.")
        self.refused("NoSuchEntity", self.iam.detach_role_policy, RoleName=name,
                     PolicyArn=READ_ONLY, status=404,
                     message=f"Policy {READ_ONLY} was not found.")
        self.refused("NoSuchEntity", self.iam.get_role_policy, RoleName=name, PolicyName="p",
                     status=404, message="The role policy with name p cannot be found.")
        self.refused("NoSuchEntity", self.iam.get_policy_version, PolicyArn=self.policy(),
                     VersionId="v9", status=404)

    def test_what_is_there_already(self):
        name = self.role()
        trust = json.dumps(TRUST)
        error = self.refused("EntityAlreadyExists", self.iam.create_role, RoleName=name.upper(),
                             AssumeRolePolicyDocument=trust, status=409,
                             message=f"Role with name {name.upper()} already exists.")
        self.assertIsInstance(error, self.iam.exceptions.EntityAlreadyExistsException)
        self.assertEqual(error.response["Error"]["Type"], "Sender")
        policy = self.policy().rpartition("/")[2]
        self.refused("EntityAlreadyExists", self.iam.create_policy, PolicyName=policy,
                     PolicyDocument=json.dumps(SEND), status=409)

    def test_what_is_in_use(self):
        name, arn = self.role(), self.policy()
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(SEND))
        self.iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        self.refused("DeleteConflict", self.iam.delete_policy, PolicyArn=arn, status=409,
                     message="Cannot delete a policy attached to entities.")
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=name, status=409,
                     message="Cannot delete entity, must detach all policies first.")
        self.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=name, status=409,
                     message="Cannot delete entity, must delete policies first.")
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SEND))
        self.refused("DeleteConflict", self.iam.delete_policy, PolicyArn=arn, status=409)
        self.refused("DeleteConflict", self.iam.delete_policy_version, PolicyArn=arn,
                     VersionId="v1", status=409,
                     message="Cannot delete the default version of a policy.")

    def test_what_is_too_much(self):
        arn = self.policy()
        for _ in range(4):
            self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SEND))
        self.refused("LimitExceeded", self.iam.create_policy_version, PolicyArn=arn,
                     PolicyDocument=json.dumps(SEND), status=409)
        name = self.role()
        long = {**SEND, "Id": "x" * 6000}
        self.iam.put_role_policy(RoleName=name, PolicyName="a", PolicyDocument=json.dumps(long))
        self.refused("LimitExceeded", self.iam.put_role_policy, RoleName=name, PolicyName="b",
                     PolicyDocument=json.dumps(long), status=409,
                     message=f"Maximum policy size of 10240 bytes exceeded for role {name}")
        for i in range(20):
            self.iam.attach_role_policy(RoleName=name, PolicyArn=f"{READ_ONLY}{i}")
        self.refused("LimitExceeded", self.iam.attach_role_policy, RoleName=name, PolicyArn=arn,
                     status=409, message="Cannot exceed quota for PoliciesPerRole: 20")
        tags = [{"Key": f"k{i}", "Value": ""} for i in range(50)]
        self.iam.tag_role(RoleName=name, Tags=tags)
        self.refused("LimitExceeded", self.iam.tag_role, RoleName=name,
                     Tags=[{"Key": "one more", "Value": ""}], status=409)

    def test_documents_that_are_none(self):
        name = self.role()
        statement = SEND["Statement"]

        def put(document):
            text = document if isinstance(document, str) else json.dumps(document)
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=text)
        for document, message in (
                ("no JSON", "Syntax errors in policy."),
                ("[]", "Syntax errors in policy."),
                ({"Version": "2012-10-17"}, "Syntax errors in policy."),
                ({**SEND, "Statement": []}, "Syntax errors in policy."),
                ({**SEND, "Other": 1}, "Syntax errors in policy."),
                ({**SEND, "Version": "2013-01-01"},
                 "The policy must contain a valid version string"),
                ({"Statement": {**statement, "Effect": "Perhaps"}}, "Syntax errors in policy."),
                ({"Statement": {**statement, "Action": "SendMessage"}}, None),
                ({"Statement": {**statement, "Resource": "queue"}},
                 'Resource queue must be in ARN format or "*".'),
                ({"Statement": {**statement, "Principal": "*"}},
                 "Policy document should not specify a principal."),
                ({"Statement": {"Effect": "Allow", "Resource": "*"}},
                 "Policy statement must contain actions."),
                ({"Statement": {"Effect": "Allow", "Action": "*"}},
                 "Policy statement must contain resources."),
                ({"Statement": [statement, statement]},
                 "Statement IDs (SID) in a single policy must be unique."),
                ("[" * 3000, "Syntax errors in policy.")):
            with self.subTest(document=document):
                self.refused("MalformedPolicyDocument", put, document, message=message)
        self.refused("MalformedPolicyDocument", self.iam.update_assume_role_policy, RoleName=name,
                     PolicyDocument="{", message="This policy contains invalid Json")
        self.refused("MalformedPolicyDocument", self.iam.update_assume_role_policy, RoleName=name,
                     PolicyDocument=json.dumps(SEND), message="Missing required field Principal")

    def test_members_that_the_model_does_not_take(self):
        trust = json.dumps(TRUST)
        for arguments, message in (
                ({}, "1 validation error detected: Value null at 'roleName' failed to satisfy "
                     "constraint: Member must not be null"),
                ({"RoleName": "a b"},
                 "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy "
                 r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+"),
                ({"RoleName": "x" * 65}, None),
                ({"RoleName": "x", "Path": "nowhere"}, None),
                ({"RoleName": "x", "Path": "/a"}, None),
                ({"RoleName": "x", "MaxSessionDuration": 3599},
                 "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to "
                 "satisfy constraint: Member must have value greater than or equal to 3600"),
                ({"RoleName": "x", "Description": "信"}, None),
                ({"RoleName": "x", "Tags": [{"Key": "k"}]},
                 "1 validation error detected: Value null at 'tags.1.member.value' failed to "
                 "satisfy constraint: Member must not be null"),
                ({"RoleName": "x", "Tags": [{"Key": "k", "Value": "?"}]}, None)):
            with self.subTest(arguments=arguments):
                self.refused("ValidationError", self.iam.create_role, **arguments,
                             AssumeRolePolicyDocument=trust, message=message)
        self.refused("InvalidInput", self.iam.create_role, RoleName="x",
                     AssumeRolePolicyDocument=trust,
                     Tags=[{"Key": "k", "Value": "1"}, {"Key": "K", "Value": "2"}])
        self.refused("ValidationError", self.iam.list_roles, MaxItems=0)
        self.refused("ValidationError", self.iam.list_policies, Scope="Mine")
        self.refused("ValidationError", self.iam.get_policy_version, PolicyArn=READ_ONLY,
                     VersionId="1")

    def test_an_empty_list_is_no_list(self):
        name = self.role(Tags=[])
        self.iam.tag_role(RoleName=name, Tags=[])
        self.assertEqual(self.iam.list_role_tags(RoleName=name)["Tags"], [])

    def test_operations_that_are_not_served(self):
        self.refused("InvalidAction", self.iam.list_users,
                     message="Could not find operation ListUsers for version 2010-05-08")
        self.refused("InvalidAction", self.sts.get_session_token)


class Sessions(IdentityTest):
    def test_without_a_role_the_caller_is_the_account(self):
        self.assertEqual(
            {key: value for key, value in self.sts.get_caller_identity().items()
             if key != "ResponseMetadata"},
            {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"})
        other = clients(self.broker, "222222222222")[1]
        self.assertEqual(other.get_caller_identity()["Account"], "222222222222")

    def assumed(self, service, credentials):
        return boto3.client(service, endpoint_url=self.broker.endpoint, region_name="us-east-1",
                            aws_access_key_id=credentials["AccessKeyId"],
                            aws_secret_access_key=credentials["SecretAccessKey"],
                            aws_session_token=credentials["SessionToken"])

    def test_an_assumed_role_acts_in_its_own_account(self):
        other_iam = clients(self.broker, "333333333333")[0]
        name = unique("visited")
        role = other_iam.create_role(RoleName=name, Path="/a/",
                                     AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        answer = self.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="visit",
                                      DurationSeconds=900, SourceIdentity="me-myself")
        arn = f"arn:aws:sts::333333333333:assumed-role/{name}/visit"
        self.assertEqual(answer["AssumedRoleUser"],
                         {"AssumedRoleId": f"{role['RoleId']}:visit", "Arn": arn})
        self.assertEqual(answer["SourceIdentity"], "me-myself")
        credentials = answer["Credentials"]
        self.assertRegex(credentials["AccessKeyId"], r"^ASIA333333333333[A-Z2-7]{4}$")
        left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(800 < left.total_seconds() <= 900, left)
        caller = self.assumed("sts", credentials).get_caller_identity()
        self.assertEqual((caller["Arn"], caller["Account"], caller["UserId"]),
                         (arn, "333333333333", f"{role['RoleId']}:visit"))
        url = self.assumed("sqs", credentials).create_queue(QueueName=unique("q"))["QueueUrl"]
        self.assertIn("/333333333333/", url)
        self.refused("ValidationError", self.assumed("sts", credentials).assume_role,
                     RoleArn=role["Arn"], RoleSessionName="again", DurationSeconds=3601)

    def test_a_role_that_does_not_exist_can_be_assumed(self):
        answer = self.sts.assume_role(RoleArn=role_arn("nowhere"), RoleSessionName="visit")
        self.assertRegex(answer["AssumedRoleUser"]["AssumedRoleId"], r"^AROA[A-Z2-7]{17}:visit$")
        again = self.sts.assume_role(RoleArn=role_arn("nowhere"), RoleSessionName="visit")
        self.assertEqual(again["AssumedRoleUser"], answer["AssumedRoleUser"])
        other = self.sts.assume_role(RoleArn=role_arn("elsewhere"), RoleSessionName="visit")
        self.assertNotEqual(other["AssumedRoleUser"]["AssumedRoleId"],
                            answer["AssumedRoleUser"]["AssumedRoleId"])

    def test_sessions_that_are_refused(self):
        arn = role_arn("nowhere")
        for arguments in ({"RoleArn": arn}, {"RoleArn": arn, "RoleSessionName": "x"},
                          {"RoleArn": arn, "RoleSessionName": "a b"},
                          {"RoleArn": arn, "RoleSessionName": "xx", "DurationSeconds": 899},
                          {"RoleArn": arn, "RoleSessionName": "xx", "DurationSeconds": 43201},
                          {"RoleArn": "arn:aws:sqs:us-east-1:000000000000:q",
                           "RoleSessionName": "xx"}):
            with self.subTest(arguments=arguments):
                self.refused("ValidationError", self.sts.assume_role, **arguments)
        self.refused("ValidationError", self.sts.assume_role, RoleArn=role_arn(self.role()),
                     RoleSessionName="xx", DurationSeconds=3601,
                     message="The requested DurationSeconds exceeds the MaxSessionDuration set "
                             "for this role.")
        self.refused("MalformedPolicyDocument", self.sts.assume_role, RoleArn=arn,
                     RoleSessionName="xx", Policy="{")

    def test_tokens_of_others_name_no_role(self):
        for token in ("x", "FwoGZXIvYXdzEJr//", base64.b64encode(b"\x01\xff\xff").decode(),
                      base64.b64encode(b"").decode()):
            answer = self.post_form({"Action": "GetCallerIdentity", "Version": "2011-06-15"},
                                    headers={"X-Amz-Security-Token": token})
            self.assertEqual(answer.status, 200, answer.text)
            self.assertIn(f"<Arn>arn:aws:iam::{ACCOUNT}:root</Arn>", answer.text)


class ByHand(IdentityTest):
    def form(self, action, version="2010-05-08", **members):
        return self.post_form({"Action": action, "Version": version, **members})

    def test_an_unsigned_request_is_for_the_service_of_its_version(self):
        name = self.role()
        answer = self.form("GetRole", RoleName=name)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/xml"))
        root = xml.fromstring(answer.body)
        self.assertEqual(root.tag, "{%s}GetRoleResponse" % IAM_NAMESPACE)
        role = "{*}GetRoleResult/{*}Role/{*}"
        self.assertEqual(root.find(role + "Arn").text, role_arn(name))
        self.assertRegex(root.find(role + "CreateDate").text,
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        document = root.find(role + "AssumeRolePolicyDocument").text
        self.assertEqual(document, urllib.parse.quote(json.dumps(TRUST), safe=""))
        answer = self.raw("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
        root = xml.fromstring(answer.body)
        self.assertEqual(root.tag, "{%s}GetCallerIdentityResponse" % STS_NAMESPACE)
        self.assertEqual(self.form("ListQueues", "2012-11-05").status, 200)

    def test_lists_are_wrapped(self):
        path = f"/{unique('wrapped')}/"
        answer = self.form("ListRoles", PathPrefix=path)
        self.assertIn("<Roles></Roles><IsTruncated>false</IsTruncated>", answer.text)
        name = self.role(Path=path, Tags=[{"Key": "a", "Value": "b"}])
        answer = self.form("ListRoles", PathPrefix=path)
        self.assertIn("<Roles><member><Path>" + path, answer.text)
        answer = self.form("ListRoleTags", RoleName=name)
        self.assertIn("<Tags><member><Key>a</Key><Value>b</Value></member></Tags>", answer.text)

    def test_an_answer_without_output_has_no_result(self):
        name = self.role()
        self.assertIn("<UpdateRoleResult/>", self.form("UpdateRole", RoleName=name).text)
        self.assertNotIn("Result", self.form("DeleteRole", RoleName=name).text)

    def test_the_errors_envelope(self):
        answer = self.form("GetRole", RoleName="nowhere")
        self.assertEqual(answer.status, 404)
        request_id = answer.headers["x-amzn-RequestId"]
        self.assertTrue(answer.text.endswith(
            f'<ErrorResponse xmlns="{IAM_NAMESPACE}"><Error><Type>Sender</Type>'
            "<Code>NoSuchEntity</Code><Message>The role with name nowhere cannot be found."
            f"</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"), answer.text)
        answer = self.form("Nonsense", "2011-06-15")
        self.assertEqual(answer.status, 400)
        self.assertIn(f'xmlns="{STS_NAMESPACE}"', answer.text)
        self.assertIn("<Code>InvalidAction</Code>", answer.text)

    def test_bad_forms_are_refused(self):
        for broken in (b"Action=GetRole&Version=2010-05-08&RoleName=%",
                       b"Action=ListRoles&Version=2010-05-08&MaxItems=x",
                       b"Action=CreateRole&Version=2010-05-08&Tags.member.1=x",
                       b"Action=GetRole&Version=2010-05-08&RoleName=\xff"):
            with self.subTest(form=broken):
                answer = self.post_form(broken)
                self.assertEqual(answer.status, 400, answer.text)
                self.assertTrue(xml.fromstring(answer.body).tag.endswith("}ErrorResponse"))


if __name__ == "__main__":
    unittest.main()
