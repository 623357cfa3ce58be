"""What Terraform does to a role and to a policy, with the broker killed and started in between."""

import json
import unittest

from support import Broker, client
from test_iam_sts import READ_ONLY, SEND, TRUST, policy_arn, role_arn

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class Lives(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.iam = client("iam", self.broker)

    def restart(self):
        self.broker.kill()
        self.broker.start()
        self.iam = client("iam", self.broker)

    def test_a_role_with_policies_lives_through_restarts(self):
        created = self.iam.create_role(
            RoleName="worker", Path="/apps/", AssumeRolePolicyDocument=json.dumps(TRUST),
            Description="drains the queue", MaxSessionDuration=7200,
            Tags=[{"Key": "team", "Value": "shop"}])["Role"]
        self.assertEqual(created["Arn"], role_arn("worker", "/apps/"))
        self.assertRegex(created["RoleId"], r"^AROA[A-Z0-9]{17}$")
        self.assertEqual(created["AssumeRolePolicyDocument"], TRUST)
        self.restart()
        shown = self.iam.get_role(RoleName="worker")["Role"]
        self.assertEqual(shown.pop("RoleLastUsed"), {})
        self.assertEqual(shown, created)

        self.iam.put_role_policy(RoleName="worker", PolicyName="send",
                                 PolicyDocument=json.dumps(SEND))
        mine = self.iam.create_policy(PolicyName="mine", PolicyDocument=json.dumps(SEND))["Policy"]
        for arn in (READ_ONLY, BASIC, mine["Arn"]):
            self.iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
        self.iam.tag_role(RoleName="worker", Tags=[{"Key": "TEAM", "Value": "ops"},
                                                   {"Key": "stage", "Value": ""}])
        described = self.iam.update_role_description(RoleName="worker", Description="packs")
        self.assertEqual(described["Role"]["Description"], "packs")
        self.assertEqual(self.iam.get_role(RoleName="worker")["Role"]["Description"], "packs")
        self.iam.update_role(RoleName="worker", Description="", MaxSessionDuration=3600)
        self.restart()
        inline = self.iam.get_role_policy(RoleName="worker", PolicyName="send")
        self.assertEqual(inline["PolicyDocument"], SEND)
        self.assertEqual(self.iam.list_role_policies(RoleName="worker")["PolicyNames"], ["send"])
        attached = self.iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
        self.assertEqual({p["PolicyArn"]: p["PolicyName"] for p in attached}, {
            READ_ONLY: "ReadOnlyAccess", BASIC: "AWSLambdaBasicExecutionRole",
            mine["Arn"]: "mine"})
        self.assertEqual(self.iam.list_role_tags(RoleName="worker")["Tags"],
                         [{"Key": "TEAM", "Value": "ops"}, {"Key": "stage", "Value": ""}])
        shown = self.iam.get_role(RoleName="worker")["Role"]
        self.assertEqual((shown["Description"], shown["MaxSessionDuration"]), ("", 3600))
        users = self.iam.list_entities_for_policy(PolicyArn=mine["Arn"])
        self.assertEqual([r["RoleName"] for r in users["PolicyRoles"]], ["worker"])
        self.assertEqual((users["PolicyGroups"], users["PolicyUsers"]), ([], []))
        self.assertEqual(self.iam.get_policy(PolicyArn=mine["Arn"])["Policy"]["AttachmentCount"], 1)

        self.assertEqual(
            self.iam.list_instance_profiles_for_role(RoleName="worker")["InstanceProfiles"], [])
        self.iam.untag_role(RoleName="worker", TagKeys=["team"])
        for arn in (READ_ONLY, BASIC, mine["Arn"]):
            self.iam.detach_role_policy(RoleName="worker", PolicyArn=arn)
        self.iam.delete_role_policy(RoleName="worker", PolicyName="send")
        self.iam.delete_role(RoleName="worker")
        self.iam.delete_policy(PolicyArn=mine["Arn"])
        self.restart()
        self.assertEqual(self.iam.list_roles()["Roles"], [])
        self.assertEqual(self.iam.list_policies()["Policies"], [])

    def test_a_policy_and_its_versions_live_through_restarts(self):
        created = self.iam.create_policy(
            PolicyName="send", Path="/apps/", PolicyDocument=json.dumps(SEND),
            Description="to send", Tags=[{"Key": "a", "Value": "b"}])["Policy"]
        arn = created["Arn"]
        self.assertEqual(arn, policy_arn("send", "/apps/"))
        self.assertRegex(created["PolicyId"], r"^ANPA[A-Z0-9]{17}$")
        self.assertEqual((created["DefaultVersionId"], created["IsAttachable"]), ("v1", True))
        for number in range(2, 6):
            made = self.iam.create_policy_version(
                PolicyArn=arn, PolicyDocument=json.dumps({**SEND, "Id": str(number)}),
                SetAsDefault=number == 3)["PolicyVersion"]
            self.assertEqual((made["VersionId"], made["IsDefaultVersion"]),
                             (f"v{number}", number == 3))
        self.restart()
        shown = self.iam.get_policy(PolicyArn=arn)["Policy"]
        self.assertEqual((shown["DefaultVersionId"], shown["Description"], shown["Tags"]),
                         ("v3", "to send", [{"Key": "a", "Value": "b"}]))
        version = self.iam.get_policy_version(PolicyArn=arn, VersionId="v3")["PolicyVersion"]
        self.assertEqual(version["Document"], {**SEND, "Id": "3"})
        versions = self.iam.list_policy_versions(PolicyArn=arn)["Versions"]
        self.assertEqual([v["VersionId"] for v in versions], ["v5", "v4", "v3", "v2", "v1"])
        self.assertNotIn("Document", versions[0])

        self.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        for number in range(2, 6):
            self.iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
        self.iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "c", "Value": "d"}])
        self.iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
        self.restart()
        self.assertEqual(self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v1")
        self.assertEqual(self.iam.list_policy_tags(PolicyArn=arn)["Tags"],
                         [{"Key": "c", "Value": "d"}])
        made = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SEND))
        self.assertEqual(made["PolicyVersion"]["VersionId"], "v6")
        self.iam.delete_policy_version(PolicyArn=arn, VersionId="v6")
        self.iam.delete_policy(PolicyArn=arn)


if __name__ == "__main__":
    unittest.main()
