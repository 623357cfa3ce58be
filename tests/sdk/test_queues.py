"""Queues: creating, finding, listing, deleting, purging, tagging."""

import unittest

from support import ClockTest, SdkTest, unique

NOT_FOUND = "AWS.SimpleQueueService.NonExistentQueue"
NOT_FOUND_TEXT = "The specified queue does not exist."
NAME_TEXT = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"


class CreatingQueues(SdkTest):
    def test_the_url_holds_the_hosts_address_the_account_and_the_name(self):
        name = unique("orders")
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.assertEqual(url, f"{self.broker.endpoint}/000000000000/{name}")
        self.assertEqual(self.sqs.get_queue_url(QueueName=name)["QueueUrl"], url)

    def test_creating_again_with_equal_or_without_attributes_answers_the_same_url(self):
        name, attributes = unique("orders"), {"VisibilityTimeout": "45", "DelaySeconds": "0"}
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        for again in (attributes, {}, {"VisibilityTimeout": "45"}, {"DelaySeconds": "0"},
                      {"ReceiveMessageWaitTimeSeconds": "0"}):
            self.assertEqual(
                self.sqs.create_queue(QueueName=name, Attributes=again)["QueueUrl"], url)

    def test_creating_again_with_another_value_is_refused_and_names_the_attribute(self):
        name = unique("orders")
        self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "45"})
        for attribute, value in (("VisibilityTimeout", "46"), ("DelaySeconds", "1")):
            error = self.refused(
                "QueueAlreadyExists", self.sqs.create_queue, QueueName=name,
                Attributes={attribute: value},
                message="A queue already exists with the same name and a different value for "
                        f"attribute {attribute}")
            self.assertIsInstance(error, self.sqs.exceptions.QueueNameExists)

    def test_tags_are_not_compared(self):
        name = unique("orders")
        url = self.sqs.create_queue(QueueName=name, tags={"team": "a"})["QueueUrl"]
        self.sqs.create_queue(QueueName=name, tags={"team": "b"})
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "a"})

    def test_names_of_wrong_characters_or_length_are_refused(self):
        for name in ("", "a b", "a.b", "ä", "x" * 81, "a/b", "a.fifo.x"):
            with self.subTest(name=name):
                error = self.refused("InvalidParameterValue", self.sqs.create_queue,
                                     QueueName=name)
                self.assertIn(NAME_TEXT, str(error))

    def test_the_longest_name_is_accepted(self):
        name = unique("x" * 60).ljust(80, "x")
        self.assertTrue(self.sqs.create_queue(QueueName=name)["QueueUrl"].endswith("/" + name))

    def test_names_are_case_sensitive(self):
        name = unique("Orders")
        self.sqs.create_queue(QueueName=name)
        self.refused(NOT_FOUND, self.sqs.get_queue_url, QueueName=name.lower())


class FindingQueues(SdkTest):
    def test_a_missing_queue_is_the_same_error_for_every_operation(self):
        url = f"{self.broker.endpoint}/000000000000/{unique('nowhere')}"
        send, delete = {"Id": "a", "MessageBody": "x"}, {"Id": "a", "ReceiptHandle": "x"}
        calls = [
            (self.sqs.get_queue_attributes, {"AttributeNames": ["All"]}),
            (self.sqs.set_queue_attributes, {"Attributes": {"DelaySeconds": "1"}}),
            (self.sqs.delete_queue, {}), (self.sqs.purge_queue, {}),
            (self.sqs.send_message, {"MessageBody": "x"}),
            (self.sqs.send_message_batch, {"Entries": [send]}),
            (self.sqs.receive_message, {}), (self.sqs.delete_message, {"ReceiptHandle": "x"}),
            (self.sqs.delete_message_batch, {"Entries": [delete]}),
            (self.sqs.change_message_visibility, {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
            (self.sqs.change_message_visibility_batch,
             {"Entries": [{**delete, "VisibilityTimeout": 1}]}),
            (self.sqs.tag_queue, {"Tags": {"a": "b"}}), (self.sqs.untag_queue, {"TagKeys": ["a"]}),
            (self.sqs.list_queue_tags, {}),
        ]
        for call, arguments in calls:
            with self.subTest(call=call.__name__):
                error = self.refused(NOT_FOUND, call, QueueUrl=url, message=NOT_FOUND_TEXT,
                                     **arguments)
                self.assertIsInstance(error, self.sqs.exceptions.QueueDoesNotExist)
        self.refused(NOT_FOUND, self.sqs.get_queue_url, QueueName=unique("nowhere"))

    def test_errors_carry_the_query_code_in_their_header(self):
        body = {"QueueUrl": unique("nowhere")}
        for headers in ({}, {"x-amzn-query-mode": "true"}):
            answer = self.post_json("AmazonSQS.ListQueueTags", body, headers)
            self.assert_answer(answer, 400, "QueueDoesNotExist", NOT_FOUND_TEXT)
            self.assertEqual(answer.headers["x-amzn-query-error"], NOT_FOUND + ";Sender")
            self.assertEqual(answer.json["__type"], "com.amazonaws.sqs#QueueDoesNotExist")
            self.assertTrue(answer.headers["x-amzn-RequestId"])
            self.assertEqual(answer.headers["Content-Type"], "application/x-amz-json-1.0")

    def test_queue_urls_of_every_style_and_of_any_host_are_understood(self):
        name = unique("styles")
        self.sqs.create_queue(QueueName=name)
        styles = [f"https://sqs.us-east-1.amazonaws.com/000000000000/{name}",
                  f"https://us-east-1.queue.amazonaws.com/000000000000/{name}",
                  f"https://queue.amazonaws.com/000000000000/{name}",
                  f"http://localhost:4566/000000000000/{name}",
                  f"http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/{name}",
                  f"http://localhost:4566/queue/us-east-1/000000000000/{name}",
                  f"http://127.0.0.1:1/000000000000/{name}", name]
        for url in styles:
            with self.subTest(url=url):
                answer = self.post_json("AmazonSQS.SendMessage",
                                        {"QueueUrl": url, "MessageBody": "x"})
                self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.attributes(name)["ApproximateNumberOfMessages"], str(len(styles)))

    def test_urls_are_built_from_the_hosts_header(self):
        name = unique("hosts")
        for host in ("localhost:9999", "sqs.localhost", "127.0.0.1:80", "[::1]:4566"):
            with self.subTest(host=host):
                answer = self.post_json("AmazonSQS.CreateQueue", {"QueueName": name},
                                        {"Host": host})
                self.assertEqual(answer.json["QueueUrl"], f"http://{host}/000000000000/{name}")


class ListingQueues(SdkTest):
    def test_nothing_found_answers_without_the_list(self):
        answer = self.post_json("AmazonSQS.ListQueues", {"QueueNamePrefix": unique("none")})
        self.assertEqual((answer.status, answer.json), (200, {}))

    def test_an_empty_body_lists(self):
        self.queue()
        answer = self.post_json("AmazonSQS.ListQueues", b"")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertTrue(answer.json["QueueUrls"])

    def test_a_prefix_selects(self):
        prefix = unique("pre")
        wanted = sorted(self.sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"]
                        for n in range(3))
        self.queue("x" + prefix)
        answer = self.sqs.list_queues(QueueNamePrefix=prefix + "-")
        self.assertEqual(sorted(answer["QueueUrls"]), wanted)
        self.assertNotIn("NextToken", answer)

    def test_pages_come_only_with_max_results_and_hold_every_queue_once(self):
        prefix = unique("paged")
        wanted = {self.sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(7)}
        found, token, pages = [], None, 0
        while True:
            more = {"NextToken": token} if token else {}
            page = self.sqs.list_queues(QueueNamePrefix=prefix + "-", MaxResults=3, **more)
            found += page["QueueUrls"]
            pages += 1
            token = page.get("NextToken")
            if not token:
                break
        self.assertEqual((len(found), set(found), pages), (7, wanted, 3))

    def test_max_results_out_of_range_is_refused(self):
        for count in (0, -1, 1001):
            self.refused("InvalidParameterValue", self.sqs.list_queues, MaxResults=count)


class DeletingQueues(SdkTest):
    def test_a_deleted_queue_is_gone_and_its_name_is_free(self):
        url = self.queue()
        self.send(url, "old")
        self.sqs.delete_queue(QueueUrl=url)
        self.refused(NOT_FOUND, self.sqs.delete_queue, QueueUrl=url)
        self.sqs.create_queue(QueueName=self.name_of(url), Attributes={"DelaySeconds": "0"})
        self.assertEqual(self.receive(url), [])
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessages"], "0")

    def test_a_handle_of_the_deleted_queue_is_not_one_of_its_successor(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        self.sqs.delete_queue(QueueUrl=url)
        self.sqs.create_queue(QueueName=self.name_of(url))
        self.send(url, "new")
        try:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        except self.sqs.exceptions.ReceiptHandleIsInvalid:
            pass
        self.assertEqual(self.receive_one(url)["Body"], "new")


class PurgingQueues(ClockTest):
    def test_a_purge_removes_visible_delayed_and_in_flight_messages(self):
        url = self.queue()
        self.send(url, "in flight")
        handle = self.receive_one(url)["ReceiptHandle"]
        self.send(url, "visible")
        self.send(url, "delayed", DelaySeconds=10)
        self.sqs.purge_queue(QueueUrl=url)
        counts = self.attributes(url)
        self.assertEqual([counts[name] for name in (
            "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed")], ["0", "0", "0"])
        self.advance(60)
        self.assertEqual(self.receive(url), [])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        self.send(url, "after")
        self.assertEqual(self.receive_one(url)["Body"], "after")

    def test_a_second_purge_within_a_minute_is_refused_with_403(self):
        url = self.queue()
        self.sqs.purge_queue(QueueUrl=url)
        error = self.refused(
            "AWS.SimpleQueueService.PurgeQueueInProgress", self.sqs.purge_queue, QueueUrl=url,
            status=403, message=f"Only one PurgeQueue operation on {self.name_of(url)} is allowed "
                                "every 60 seconds.")
        self.assertIsInstance(error, self.sqs.exceptions.PurgeQueueInProgress)
        self.advance(61)
        self.sqs.purge_queue(QueueUrl=url)


class TaggingQueues(SdkTest):
    def test_tags_are_set_replaced_listed_and_removed(self):
        url = self.queue(tags={"team": "orders", "stage": "test"})
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"],
                         {"team": "orders", "stage": "test"})
        self.sqs.tag_queue(QueueUrl=url, Tags={"team": "billing", "empty": ""})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["stage", "never-there"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"],
                         {"team": "billing", "empty": ""})

    def test_a_queue_without_tags_answers_none(self):
        url = self.queue()
        answer = self.post_json("AmazonSQS.ListQueueTags", {"QueueUrl": url})
        self.assertEqual((answer.status, answer.json.get("Tags", {})), (200, {}))


if __name__ == "__main__":
    unittest.main()
