"""SQS over the Query protocol: forms in, XML out; by a botocore client and by hand."""

import hashlib
import unittest
import xml.etree.ElementTree as xml

from query_model import XML_NAMESPACE, query_client
from support import SdkTest, queue_arn, unique
from test_send import md5_of_attributes, text

NOT_FOUND_TEXT = "The specified queue does not exist for this wsdl version."


def find(root, *path):
    """The text of the element at path, any namespace."""
    element = root.find("/".join("{*}" + name for name in path))
    return None if element is None else element.text


class ByAClient(SdkTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.json_client = cls.sqs
        cls.sqs = query_client(cls.broker)

    def test_the_life_of_a_message(self):
        url = self.queue(attributes={"VisibilityTimeout": "45", "DelaySeconds": "0"})
        body = 'text & <tags> "quoted" carriage\rreturn ä 信 \U0001F682'
        attributes = {"s": text("v"), "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
        sent = self.send(url, body, MessageAttributes=attributes)
        self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
        self.assertEqual(sent["MD5OfMessageAttributes"], md5_of_attributes(attributes))
        message = self.receive_one(url, AttributeNames=["All"], MessageAttributeNames=["All"])
        self.assertEqual((message["Body"], message["MessageId"]), (body, sent["MessageId"]))
        self.assertEqual(message["MessageAttributes"], attributes)
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                           VisibilityTimeout=0)
        message = self.receive_one(url)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(self.receive(url), [])

    def test_batches(self):
        url = self.queue(attributes={"MaximumMessageSize": "1024"})
        answer = self.sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": "a", "MessageBody": "1", "MessageAttributes": {"Foo": text("Bar")}},
            {"Id": "b", "MessageBody": "x" * 1025}, {"Id": "c", "MessageBody": "3"}])
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["a", "c"])
        self.assertEqual([(e["Id"], e["Code"], e["SenderFault"]) for e in answer["Failed"]],
                         [("b", "InvalidParameterValue", True)])
        handles = [m["ReceiptHandle"] for m in self.receive(url)]
        entries = [{"Id": str(n), "ReceiptHandle": h, "VisibilityTimeout": 60}
                   for n, h in enumerate(handles)]
        changed = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        self.assertEqual(len(changed["Successful"]), 2)
        for entry in entries:
            del entry["VisibilityTimeout"]
        deleted = self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([e["Id"] for e in deleted["Successful"]], ["0", "1"])

    def test_queues_attributes_and_tags(self):
        prefix = unique("query")
        url = self.sqs.create_queue(QueueName=prefix + "-a", tags={"team": "a"})["QueueUrl"]
        self.assertEqual(url, f"{self.broker.endpoint}/000000000000/{prefix}-a")
        self.assertEqual(self.sqs.get_queue_url(QueueName=prefix + "-a")["QueueUrl"], url)
        self.assertEqual(self.sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"], [url])
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3",
                                                                "VisibilityTimeout": "9"})
        found = self.attributes(url, "DelaySeconds", "VisibilityTimeout", "QueueArn")
        self.assertEqual(found, {"DelaySeconds": "3", "VisibilityTimeout": "9",
                                 "QueueArn": queue_arn(prefix + "-a")})
        self.sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"stage": "test"})
        self.sqs.purge_queue(QueueUrl=url)
        self.sqs.delete_queue(QueueUrl=url)
        self.assertNotIn("QueueUrls", self.sqs.list_queues(QueueNamePrefix=prefix))

    def test_errors_are_typed(self):
        url = f"{self.broker.endpoint}/000000000000/{unique('nowhere')}"
        error = self.refused("AWS.SimpleQueueService.NonExistentQueue", self.send, url,
                             message=NOT_FOUND_TEXT)
        self.assertIsInstance(error, self.sqs.exceptions.QueueDoesNotExist)
        self.assertEqual(error.response["Error"]["Type"], "Sender")
        self.refused("MissingParameter", self.send, self.queue(), "",
                     message="The request must contain the parameter MessageBody.")
        url = self.queue()
        self.sqs.purge_queue(QueueUrl=url)
        self.refused("AWS.SimpleQueueService.PurgeQueueInProgress", self.sqs.purge_queue,
                     QueueUrl=url, status=403)

    def test_what_one_protocol_stores_the_other_reads(self):
        url = self.queue()
        self.send(url, "by query", MessageAttributes={"Foo": text("Bar")})
        message = self.json_client.receive_message(
            QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
        self.assertEqual((message["Body"], message["MessageAttributes"]),
                         ("by query", {"Foo": text("Bar")}))


class ByHand(SdkTest):
    def form(self, action, path="/", **members):
        return self.post_form({"Action": action, "Version": "2012-11-05", **members}, path)

    def test_the_answers_envelope(self):
        url = self.queue()
        answer = self.form("SendMessage", QueueUrl=url, MessageBody="hello")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/xml"))
        root = xml.fromstring(answer.body)
        self.assertEqual(root.tag, "{%s}SendMessageResponse" % XML_NAMESPACE)
        self.assertEqual(find(root, "SendMessageResult", "MD5OfMessageBody"),
                         hashlib.md5(b"hello").hexdigest())
        self.assertTrue(find(root, "ResponseMetadata", "RequestId"))

    def test_an_empty_receive(self):
        url = self.queue()
        answer = self.form("ReceiveMessage", QueueUrl=url)
        self.assertIn("<ReceiveMessageResult/>", answer.text)

    def test_the_errors_envelope(self):
        answer = self.form("SendMessage", QueueUrl=unique("nowhere"), MessageBody="x")
        self.assertEqual(answer.status, 400)
        root = xml.fromstring(answer.body)
        self.assertEqual(root.tag.rpartition("}")[2], "ErrorResponse")
        self.assertEqual(find(root, "Error", "Type"), "Sender")
        self.assertEqual(find(root, "Error", "Code"), "AWS.SimpleQueueService.NonExistentQueue")
        self.assertEqual(find(root, "Error", "Message"), NOT_FOUND_TEXT)
        self.assertIsNotNone(root.find("{*}Error/{*}Detail"))
        self.assertTrue(find(root, "RequestId"))

    def test_the_queues_path_replaces_its_url(self):
        url = self.queue()
        answer = self.form("SendMessage", f"/000000000000/{self.name_of(url)}", MessageBody="x")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.receive_one(url)["Body"], "x")

    def test_a_get_with_a_query_string(self):
        url = self.queue()
        name = self.name_of(url)
        answer = self.raw("GET", f"/?Action=GetQueueUrl&Version=2012-11-05&QueueName={name}")
        self.assertEqual(find(xml.fromstring(answer.body), "GetQueueUrlResult", "QueueUrl"), url)
        answer = self.raw("GET", f"/000000000000/{name}?Action=SendMessage&MessageBody=a%20b+c")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(self.receive_one(url)["Body"], "a b c")

    def test_text_is_escaped_so_that_it_survives(self):
        url = self.queue()
        self.send(url, '"&<>\r\n')
        answer = self.form("ReceiveMessage", QueueUrl=url)
        self.assertIn("<Body>&quot;&amp;&lt;&gt;&#xD;\n</Body>", answer.text)

    def test_a_message_of_a_mebibyte_percent_encoded(self):
        url = self.queue()
        body = "%" * 1048576
        self.assertEqual(self.form("SendMessage", QueueUrl=url, MessageBody=body).status, 200)
        self.assertEqual(self.receive_one(url)["Body"], body)

    def test_lists_need_not_be_in_order_nor_dense(self):
        url = self.queue()
        answer = self.form("GetQueueAttributes", QueueUrl=url, **{
            "AttributeName.2": "DelaySeconds", "AttributeName.1": "VisibilityTimeout",
            "AttributeName.7": "QueueArn"})
        names = [e.text for e in xml.fromstring(answer.body).iter() if e.tag.endswith("}Name")]
        self.assertEqual(set(names), {"DelaySeconds", "VisibilityTimeout", "QueueArn"})

    def test_bad_forms_are_refused(self):
        url = self.queue()
        for members, code in (
                ({"Action": "Nonsense"}, "InvalidAction"),
                ({"QueueName": "x"}, None),
                ({"Action": "SendMessage", "QueueUrl": url}, "MissingParameter"),
                ({"Action": "SendMessage", "MessageBody": "x"}, None),
                ({"Action": "ReceiveMessage", "QueueUrl": url, "MaxNumberOfMessages": "x"}, None),
                ({"Action": "ReceiveMessage", "QueueUrl": url, "MaxNumberOfMessages": "11"},
                 "InvalidParameterValue")):
            with self.subTest(members=members):
                answer = self.post_form(members)
                self.assertEqual(answer.status, 400, answer.text)
                found = find(xml.fromstring(answer.body), "Error", "Code")
                if code:
                    self.assertEqual(found, code)
        for broken in (b"Action=SendMessage&MessageBody=%", b"Action=SendMessage&MessageBody=%zz",
                       b"Action=SendMessage&MessageBody=\xff\xfe", b"%%%", b"=&=&&", b"\x00"):
            with self.subTest(form=broken):
                answer = self.post_form(broken, f"/000000000000/{self.name_of(url)}")
                self.assertTrue(400 <= answer.status < 500, (answer.status, answer.text))
        self.assertEqual(self.receive(url), [])


if __name__ == "__main__":
    unittest.main()
