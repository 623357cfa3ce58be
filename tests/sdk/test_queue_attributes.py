"""Queue attributes: what a fresh queue answers, ranges, and which error each mistake gets."""

import json
import time
import unittest

from support import SdkTest, queue_arn, unique

FRESH = {
    "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0", "DelaySeconds": "0",
    "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
RANGES = {
    "DelaySeconds": (0, 900), "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600), "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200), "KmsDataKeyReusePeriodSeconds": (60, 86400),
}


class ReadingAttributes(SdkTest):
    def test_a_fresh_queue_has_exactly_the_services_attributes(self):
        before = int(time.time())
        url = self.queue()
        found = self.attributes(url, "All")
        created = int(found.pop("CreatedTimestamp"))
        modified = int(found.pop("LastModifiedTimestamp"))
        self.assertEqual(found.pop("QueueArn"), queue_arn(self.name_of(url)))
        self.assertEqual(found, FRESH)
        self.assertTrue(before <= created <= time.time() + 1, "seconds since the epoch")
        self.assertEqual(created, modified)

    def test_only_the_attributes_asked_for_are_answered(self):
        url = self.queue()
        self.assertEqual(self.attributes(url, "VisibilityTimeout", "DelaySeconds"),
                         {"VisibilityTimeout": "30", "DelaySeconds": "0"})
        self.assertEqual(self.attributes(url, "RedrivePolicy"), {})

    def test_asking_for_none_answers_none(self):
        url = self.queue()
        for body in ({"QueueUrl": url}, {"QueueUrl": url, "AttributeNames": []}):
            answer = self.post_json("AmazonSQS.GetQueueAttributes", body)
            self.assertEqual((answer.status, answer.json.get("Attributes", {})), (200, {}))

    def test_an_unknown_name_is_refused(self):
        url = self.queue()
        for name in ("Unknown", "visibilityTimeout", ""):
            self.refused("InvalidAttributeName", self.sqs.get_queue_attributes, QueueUrl=url,
                         AttributeNames=[name], message=f"Unknown Attribute {name}.")

    def test_counts_follow_messages_through_their_states(self):
        url = self.queue()
        for _ in range(3):
            self.send(url)
        self.send(url, DelaySeconds=600)
        message = self.receive_one(url)

        def counts():
            found = self.attributes(url)
            return [found["ApproximateNumberOfMessages" + part]
                    for part in ("", "NotVisible", "Delayed")]

        self.assertEqual(counts(), ["2", "1", "1"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(counts(), ["2", "0", "1"])


class SettingAttributes(SdkTest):
    def set(self, url, **attributes):
        return self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)

    def test_the_ends_of_every_range_are_accepted_and_past_them_refused(self):
        url = self.queue()
        for name, (low, high) in RANGES.items():
            for value in (low, high):
                self.set(url, **{name: str(value)})
                self.assertEqual(self.attributes(url, name), {name: str(value)})
            for value in (low - 1, high + 1, "x", "", "1.5", "99999999999999999999"):
                with self.subTest(name=name, value=value):
                    self.refused("InvalidAttributeValue", self.set, url, **{name: str(value)})
                    self.refused("InvalidAttributeValue", self.sqs.create_queue,
                                 QueueName=unique("bad"), Attributes={name: str(value)})
            self.assertEqual(self.attributes(url, name), {name: str(high)})

    def test_one_bad_attribute_changes_nothing(self):
        url = self.queue()
        self.refused("InvalidAttributeValue", self.set, url, DelaySeconds="5",
                     VisibilityTimeout="43201")
        self.assertEqual(self.attributes(url, "DelaySeconds"), {"DelaySeconds": "0"})

    def test_unknown_and_read_only_attributes_are_refused_by_name(self):
        url = self.queue()
        for name in ("Unknown", "QueueArn", "CreatedTimestamp", "ApproximateNumberOfMessages"):
            with self.subTest(name=name):
                self.refused("InvalidAttributeName", self.set, url, **{name: "1"},
                             message=f"Unknown Attribute {name}.")
                self.refused("InvalidAttributeName", self.sqs.create_queue,
                             QueueName=unique("bad"), Attributes={name: "1"})

    def test_fifo_attributes_are_refused_on_a_standard_queue(self):
        url = self.queue()
        for name, value in (("FifoQueue", "false"), ("ContentBasedDeduplication", "true")):
            self.refused("InvalidAttributeName", self.sqs.create_queue, QueueName=unique("bad"),
                         Attributes={name: value}, message=f"Unknown Attribute {name}.")
            self.refused("InvalidAttributeName", self.set, url, **{name: value})
        self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName=unique("bad"),
                     Attributes={"FifoQueue": "true"},
                     message="The name of a FIFO queue can only include alphanumeric characters, "
                             "hyphens, or underscores, must end with .fifo suffix and be 1 to 80 "
                             "in length.")
        for name, value in (("DeduplicationScope", "queue"), ("FifoThroughputLimit", "perQueue")):
            self.refused("InvalidAttributeName", self.sqs.create_queue, QueueName=unique("bad"),
                         Attributes={name: value},
                         message=f"You can specify the {name} only when FifoQueue is set to true.")

    def test_both_kinds_of_encryption_at_once_are_refused(self):
        url = self.queue()
        error = self.refused("InvalidAttributeName", self.set, url, KmsMasterKeyId="alias/a",
                             SqsManagedSseEnabled="true")
        self.assertIn("You can use one type of server-side encryption (SSE) at one time.",
                      str(error))

    def test_settings_outlive_other_settings(self):
        url = self.queue(attributes={"DelaySeconds": "5"})
        self.set(url, VisibilityTimeout="7")
        self.assertEqual(self.attributes(url, "DelaySeconds", "VisibilityTimeout"),
                         {"DelaySeconds": "5", "VisibilityTimeout": "7"})

    def test_a_queue_policy_is_kept_as_it_was_given(self):
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        url = self.queue(attributes={"Policy": policy})
        self.assertEqual(self.attributes(url, "Policy"), {"Policy": policy})


class RedrivePolicies(SdkTest):
    def policy(self, target, count):
        return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})

    def test_a_policy_is_kept_answered_and_removed_by_an_empty_one(self):
        dead = self.queue("dead")
        policy = self.policy(queue_arn(self.name_of(dead)), 3)
        url = self.queue(attributes={"RedrivePolicy": policy})
        found = json.loads(self.attributes(url)["RedrivePolicy"])
        self.assertEqual(found, json.loads(policy))
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
        self.assertNotIn("RedrivePolicy", self.attributes(url))

    def test_the_count_may_be_a_number_in_a_string(self):
        dead = self.queue("dead")
        url = self.queue(attributes={"RedrivePolicy": self.policy(
            queue_arn(self.name_of(dead)), "2")})
        self.assertEqual(int(json.loads(self.attributes(url)["RedrivePolicy"])["maxReceiveCount"]),
                         2)

    def test_broken_policies_are_refused(self):
        dead = queue_arn(self.name_of(self.queue("dead")))
        for policy in ("{", "[]", "null", json.dumps({"deadLetterTargetArn": dead}),
                       json.dumps({"maxReceiveCount": 3}), self.policy(dead, 0),
                       self.policy(dead, 1001), self.policy(dead, "x"), self.policy(dead, -1)):
            with self.subTest(policy=policy):
                self.refused("InvalidParameterValue", self.queue,
                             attributes={"RedrivePolicy": policy})

    def test_a_dead_letter_queue_that_does_not_exist_is_refused(self):
        policy = self.policy(queue_arn(unique("nowhere")), 3)
        name = unique("bad")
        for call in (lambda: self.sqs.create_queue(QueueName=name,
                                                   Attributes={"RedrivePolicy": policy}),):
            with self.assertRaises(Exception) as caught:
                call()
            self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.refused("AWS.SimpleQueueService.NonExistentQueue", self.sqs.get_queue_url,
                     QueueName=name)

    def test_allow_policies_are_checked_and_answered(self):
        url = self.queue()
        policy = json.dumps({"redrivePermission": "byQueue",
                             "sourceQueueArns": [queue_arn("some-source")]})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
        self.assertEqual(json.loads(self.attributes(url)["RedriveAllowPolicy"]), json.loads(policy))
        for bad in ("{", json.dumps({"redrivePermission": "some"}),
                    json.dumps({"redrivePermission": "allowAll", "sourceQueueArns": ["a"]}),
                    json.dumps({"redrivePermission": "byQueue",
                                "sourceQueueArns": [queue_arn("q")] * 11})):
            with self.subTest(policy=bad):
                self.refused("InvalidParameterValue", self.sqs.set_queue_attributes, QueueUrl=url,
                             Attributes={"RedriveAllowPolicy": bad})


if __name__ == "__main__":
    unittest.main()
