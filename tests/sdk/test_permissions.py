"""AddPermission and RemovePermission, RedriveAllowPolicy, ListDeadLetterSourceQueues."""

import json

from support import SdkTest, queue_arn, unique

ALICE, BOB = "111111111111", "222222222222"


class Permissions(SdkTest):
    def policy(self, url):
        text = self.attributes(url, "Policy").get("Policy")
        return text and json.loads(text)

    def add(self, url, label="one", accounts=(ALICE,), actions=("SendMessage",)):
        self.sqs.add_permission(QueueUrl=url, Label=label, AWSAccountIds=list(accounts),
                                Actions=list(actions))

    def test_a_permission_becomes_a_statement_of_the_queues_policy(self):
        url = self.queue()
        self.add(url)
        arn = queue_arn(self.name_of(url))
        self.assertEqual(self.policy(url), {
            "Version": "2008-10-17", "Id": f"{arn}/SQSDefaultPolicy",
            "Statement": [{"Sid": "one", "Effect": "Allow",
                           "Principal": {"AWS": f"arn:aws:iam::{ALICE}:root"},
                           "Action": "SQS:SendMessage", "Resource": arn}]})

    def test_several_accounts_and_actions_are_lists(self):
        url = self.queue()
        self.add(url, accounts=(ALICE, BOB), actions=("SendMessage", "ReceiveMessage"))
        statement, = self.policy(url)["Statement"]
        self.assertEqual(statement["Principal"]["AWS"],
                         [f"arn:aws:iam::{ALICE}:root", f"arn:aws:iam::{BOB}:root"])
        self.assertEqual(statement["Action"], ["SQS:SendMessage", "SQS:ReceiveMessage"])

    def test_statements_join_a_policy_that_was_set_and_leave_it_one_by_one(self):
        url = self.queue()
        mine = {"Version": "2012-10-17", "Id": "mine", "Statement": {
            "Sid": "own", "Effect": "Deny", "Principal": "*", "Action": "SQS:*",
            "Condition": {"StringLike": {"aws:PrincipalArn": "\u00e9*\"quoted\""}}}}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(mine)})
        self.add(url, "one")
        self.add(url, "two", actions=("*",))
        found = self.policy(url)
        self.assertEqual((found["Version"], found["Id"]), ("2012-10-17", "mine"))
        self.assertEqual(found["Statement"][0], mine["Statement"])
        self.assertEqual([s["Sid"] for s in found["Statement"]], ["own", "one", "two"])
        self.sqs.remove_permission(QueueUrl=url, Label="one")
        self.assertEqual([s["Sid"] for s in self.policy(url)["Statement"]], ["own", "two"])
        for label in ("own", "two"):
            self.sqs.remove_permission(QueueUrl=url, Label=label)
        self.assertIsNone(self.policy(url))

    def test_labels_are_unique_and_known(self):
        url = self.queue()
        self.add(url)
        self.refused("InvalidParameterValue", self.add, url,
                     message="Value one for parameter Label is invalid. Reason: Already exists.")
        self.refused("InvalidParameterValue", self.sqs.remove_permission, QueueUrl=url, Label="two",
                     message="Value two for parameter Label is invalid. Reason: can't find label.")
        for label in ("", "with space", "x" * 81):
            with self.subTest(label=label):
                self.refused("InvalidParameterValue", self.add, url, label)

    def test_what_cannot_be_permitted_is_refused_and_changes_nothing(self):
        url = self.queue()
        seven = ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl", "PurgeQueue",
                 "GetQueueAttributes", "ChangeMessageVisibility"]
        self.refused("OverLimit", self.add, url, actions=seven + ["*"], status=403,
                     message="8 Actions were found, maximum allowed is 7.")
        for action in ("CreateQueue", "AddPermission", "Nonsense"):
            self.refused("InvalidParameterValue", self.add, url, actions=[action],
                         message=f"Value SQS:{action} for parameter ActionName is invalid. Reason: "
                                 "Only the queue owner is allowed to invoke this action.")
        self.refused("MissingParameter", self.add, url, actions=[])
        for accounts in ([], ["123"], [ALICE, "bob"]):
            self.refused("InvalidParameterValue", self.add, url, accounts=accounts)
        self.assertIsNone(self.policy(url))
        self.add(url, actions=seven)
        self.assertEqual(len(self.policy(url)["Statement"][0]["Action"]), 7)

    def test_a_policy_that_is_no_json_object_is_refused(self):
        url = self.queue()
        for policy in ("nonsense", "[]", "{"):
            self.refused("InvalidAttributeValue", self.sqs.set_queue_attributes, QueueUrl=url,
                         Attributes={"Policy": policy},
                         message="Invalid value for the parameter Policy.")

    def test_the_query_protocol_names_members_in_its_own_way(self):
        url = self.queue()
        answer = self.post_form({
            "Action": "AddPermission", "Version": "2012-11-05", "QueueUrl": url, "Label": "q",
            "AWSAccountId.1": ALICE, "AWSAccountId.2": BOB, "ActionName.1": "SendMessage"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertIn("<AddPermissionResponse", answer.text)
        self.assertEqual(len(self.policy(url)["Statement"][0]["Principal"]["AWS"]), 2)


class DeadLetterSources(SdkTest):
    def source(self, target_url, **attributes):
        policy = json.dumps({"deadLetterTargetArn": queue_arn(self.name_of(target_url)),
                             "maxReceiveCount": 3})
        return self.queue("source", {"RedrivePolicy": policy, **attributes})

    def allow(self, url, policy):
        self.sqs.set_queue_attributes(QueueUrl=url,
                                      Attributes={"RedriveAllowPolicy": json.dumps(policy)})

    def test_the_sources_of_a_dead_letter_queue_are_listed(self):
        dead, other = self.queue("dead"), self.queue("dead")
        sources = sorted(self.source(dead) for _ in range(5))
        self.source(other)
        answer = self.sqs.list_dead_letter_source_queues(QueueUrl=dead)
        self.assertEqual(sorted(answer["queueUrls"]), sources)
        self.assertNotIn("NextToken", answer)
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=sources[0])["queueUrls"],
                         [])

    def test_pages_hold_as_many_as_were_asked_for(self):
        dead = self.queue("dead")
        sources = sorted(self.source(dead) for _ in range(5))
        pages = self.sqs.get_paginator("list_dead_letter_source_queues").paginate(
            QueueUrl=dead, PaginationConfig={"PageSize": 2})
        found = [page["queueUrls"] for page in pages]
        self.assertEqual([len(page) for page in found], [2, 2, 1])
        self.assertEqual(sorted(sum(found, [])), sources)
        for bad in (0, 1001):
            self.refused("InvalidParameterValue", self.sqs.list_dead_letter_source_queues,
                         QueueUrl=dead, MaxResults=bad)
        self.refused("InvalidParameterValue", self.sqs.list_dead_letter_source_queues,
                     QueueUrl=dead, NextToken="nonsense")
        self.refused("AWS.SimpleQueueService.NonExistentQueue",
                     self.sqs.list_dead_letter_source_queues, QueueUrl=dead + "-not")

    def test_a_source_that_no_longer_is_one_is_not_listed(self):
        dead = self.queue("dead")
        source, gone = self.source(dead), self.source(dead)
        self.sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
        self.sqs.delete_queue(QueueUrl=gone)
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [])

    def test_the_query_protocol_lists_them_flat(self):
        dead = self.queue("dead")
        source = self.source(dead)
        answer = self.post_form({"Action": "ListDeadLetterSourceQueues", "Version": "2012-11-05",
                                 "QueueUrl": dead})
        self.assertIn(f"<ListDeadLetterSourceQueuesResult><QueueUrl>{source}</QueueUrl>"
                      "</ListDeadLetterSourceQueuesResult>", answer.text)

    def test_a_queue_that_denies_all_is_nobodys_dead_letter_queue(self):
        dead = self.queue("dead")
        self.allow(dead, {"redrivePermission": "denyAll"})
        error = self.refused("InvalidParameterValue", self.source, dead)
        self.assertIn(f"The RedriveAllowPolicy of {self.name_of(dead)} does not allow", str(error))
        self.allow(dead, {"redrivePermission": "allowAll"})
        self.source(dead)

    def test_by_queue_lets_those_named_in_and_no_others(self):
        dead = self.queue("dead")
        friend, stranger = self.queue("friend"), self.queue("stranger")
        self.allow(dead, {"redrivePermission": "byQueue",
                          "sourceQueueArns": [queue_arn(self.name_of(friend)),
                                              queue_arn("not-made-yet")]})
        policy = {"RedrivePolicy": json.dumps({
            "deadLetterTargetArn": queue_arn(self.name_of(dead)), "maxReceiveCount": 3})}
        self.sqs.set_queue_attributes(QueueUrl=friend, Attributes=policy)
        self.refused("InvalidParameterValue", self.sqs.set_queue_attributes, QueueUrl=stranger,
                     Attributes=policy)
        self.assertEqual(self.attributes(stranger, "RedrivePolicy"), {})
        self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName=unique("new"),
                     Attributes=policy)

    def test_who_was_a_source_before_stays_one(self):
        dead = self.queue("dead")
        source = self.source(dead)
        self.allow(dead, {"redrivePermission": "denyAll"})
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"],
                         [source])
