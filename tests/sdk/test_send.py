"""SendMessage: answers, checksums, sizes, characters, attributes, delays."""

import base64
import hashlib
import struct
import unittest

from support import ClockTest, SdkTest

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
LIMIT = 1048576
# As answered by the real service.
MD5_VECTORS = [({"MyAttribute": "foobar"}, "adb59cd4678ea5a855436b949cd07ab6"),
               ({"Foo": "Bar"}, "ae7155c6026991b6d54b11589678bf9c")]


def text(value, data_type="String"):
    return {"DataType": data_type, "StringValue": value}


def md5_of_attributes(attributes):
    """The service's checksum over a MessageAttributes map."""
    digest = hashlib.md5()

    def add(piece):
        digest.update(struct.pack(">I", len(piece)) + piece)

    for name in sorted(attributes, key=str.encode):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        add(name.encode())
        add(value["DataType"].encode())
        digest.update(b"\x02" if binary else b"\x01")
        add(value["BinaryValue"] if binary else value["StringValue"].encode())
    return digest.hexdigest()


class Sending(SdkTest):
    def test_the_answer_holds_an_id_and_the_bodys_md5_and_nothing_unasked(self):
        url = self.queue()
        body = 'quotes " \\ tab\t newline\n umlaut ä kanji 信 emoji \U0001F682 </xml>'
        answer = self.send(url, body)
        self.assertEqual(answer["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
        self.assertRegex(answer["MessageId"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(set(answer) - {"ResponseMetadata"}, {"MD5OfMessageBody", "MessageId"})
        message = self.receive_one(url)
        self.assertEqual((message["Body"], message["MessageId"]), (body, answer["MessageId"]))
        self.assertEqual(message["MD5OfBody"], answer["MD5OfMessageBody"])

    def test_the_path_may_name_the_queue_instead_of_the_body(self):
        url = self.queue()
        answer = self.post_json("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x"},
                                path=f"/000000000000/{self.name_of(url)}")
        self.assertEqual(answer.status, 200, answer.text)

    def test_attribute_checksums_are_the_services(self):
        url = self.queue()
        for values, md5 in MD5_VECTORS:
            attributes = {name: text(value) for name, value in values.items()}
            answer = self.send(url, MessageAttributes=attributes)
            self.assertEqual(answer["MD5OfMessageAttributes"], md5)
            self.assertEqual(md5_of_attributes(attributes), md5)
        answer = self.send(url, MessageSystemAttributes={"AWSTraceHeader": text(TRACE)})
        self.assertEqual(answer["MD5OfMessageSystemAttributes"], "5ae4d5d7636402d80f4eb6d213245a88")
        self.assertNotIn("MD5OfMessageAttributes", answer)

    def test_attributes_of_every_type_come_back_as_sent(self):
        url = self.queue()
        attributes = {"s": text("wörld"), "n": text("-1.50", "Number"),
                      "labelled": text("7", "Number.int"), "S.x_y-Z": text("v", "String.a.b"),
                      "b": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
                      "png": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG"}}
        sent = self.send(url, MessageAttributes=attributes)
        message = self.receive_one(url, MessageAttributeNames=["All"])
        self.assertEqual(message["MessageAttributes"], attributes)
        self.assertEqual(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.assertEqual(sent["MD5OfMessageAttributes"], md5_of_attributes(attributes))

    def test_a_trace_header_sent_as_http_header_is_kept(self):
        url = self.queue()
        answer = self.post_json("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x"},
                                {"X-Amzn-Trace-Id": TRACE})
        self.assertEqual(answer.status, 200)
        message = self.receive_one(url, MessageSystemAttributeNames=["AWSTraceHeader"])
        self.assertEqual(message["Attributes"], {"AWSTraceHeader": TRACE})


class Refusals(SdkTest):
    def send_refused(self, code, message=None, body="x", **arguments):
        return self.refused(code, self.send, self.url, body, message=message, **arguments)

    def setUp(self):
        self.url = self.queue()

    def tearDown(self):
        self.assertEqual(self.attributes(self.url)["ApproximateNumberOfMessages"], "0",
                         "something refused was stored")

    def test_an_empty_or_missing_body(self):
        said = "The request must contain the parameter MessageBody."
        self.send_refused("MissingParameter", said, body="")
        answer = self.post_json("AmazonSQS.SendMessage", {"QueueUrl": self.url},
                                {"x-amzn-query-mode": "true"})
        self.assert_answer(answer, 400, "MissingRequiredParameterException", said)
        self.assertEqual(answer.headers["x-amzn-query-error"], "MissingParameter;Sender")

    def test_a_missing_queue_url(self):
        answer = self.post_json("AmazonSQS.SendMessage", {"MessageBody": "x"})
        self.assert_answer(answer, 400, "MissingRequiredParameterException",
                           "The request must contain the parameter QueueUrl.")

    def test_characters_that_xml_cannot_carry(self):
        for bad in ("\x00", "a\x0b", "\x1f", "\ufffe", "\uffff"):
            with self.subTest(character=repr(bad)):
                self.send_refused("InvalidMessageContents", body=bad)

    def test_delays_out_of_range(self):
        for delay in (-1, 901):
            error = self.send_refused("InvalidParameterValue", DelaySeconds=delay)
            self.assertIn(f"Value {delay} for parameter DelaySeconds is invalid.", str(error))

    def test_attributes_with_bad_names(self):
        for name in ("", "AWS.x", "aws.x", "Amazon.x", "AMAZON.y", ".x", "x.", "a..b", "a b", "ä",
                     "x" * 257):
            with self.subTest(name=name):
                self.send_refused("InvalidParameterValue", MessageAttributes={name: text("v")})

    def test_attributes_with_bad_types_or_values(self):
        for value in (text("v", "Text"), text("v", ""), text("v", "string"), text("x", "Number"),
                      {"DataType": "String"}, {"DataType": "Binary", "StringValue": "x"},
                      {"DataType": "Binary", "BinaryValue": b""},
                      {"DataType": "String", "StringValue": "\x00"}):
            with self.subTest(value=value):
                with self.assertRaises(Exception) as caught:
                    self.send(self.url, MessageAttributes={"name": value})
                response = caught.exception.response
                self.assertIn(response["Error"]["Code"],
                              ("InvalidParameterValue", "InvalidMessageContents"))
                self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 400)

    def test_an_empty_string_attribute_in_the_services_words(self):
        self.send_refused(
            "InvalidParameterValue", MessageAttributes={"X": text("")},
            message="Message (user) attribute 'X' must contain a non-empty value of type 'String'.")

    def test_more_than_ten_attributes(self):
        self.send_refused("InvalidParameterValue",
                          MessageAttributes={f"a{n}": text("v") for n in range(11)})

    def test_system_attributes_other_than_the_trace_header(self):
        self.send_refused("InvalidParameterValue",
                          MessageSystemAttributes={"Other": text("v")})

    def test_a_bad_group_id_also_on_a_standard_queue(self):
        error = self.send_refused("InvalidParameterValue", MessageGroupId="a b")
        self.assertIn("MessageGroupId can only include alphanumeric and punctuation characters. "
                      "1 to 128 in length.", str(error))


class Sizes(SdkTest):
    def too_long(self, limit):
        return ("One or more parameters are invalid. Reason: Message must be shorter than "
                f"{limit} bytes.")

    def test_the_limit_counts_utf_8_bytes_to_the_last_one(self):
        url = self.queue()
        body = "ä" * (LIMIT // 2)
        self.send(url, body)
        self.assertEqual(self.receive_one(url)["Body"], body)
        self.refused("InvalidParameterValue", self.send, url, body + "x",
                     message=self.too_long(LIMIT))

    def test_attributes_count_and_system_attributes_do_not(self):
        url = self.queue(attributes={"MaximumMessageSize": "1024"})
        attributes = {"abc": text("12345")}
        spent = len("abc") + len("String") + len("12345")
        self.send(url, "x" * (1024 - spent), MessageAttributes=attributes,
                  MessageSystemAttributes={"AWSTraceHeader": text(TRACE)})
        self.refused("InvalidParameterValue", self.send, url, "x" * (1025 - spent),
                     MessageAttributes=attributes, message=self.too_long(1024))

    def test_a_body_of_quotes_doubles_on_the_wire_and_still_fits(self):
        url = self.queue()
        body = '"' * LIMIT
        self.send(url, body)
        self.assertEqual(self.receive_one(url)["Body"], body)

    def test_a_binary_attribute_counts_as_its_bytes(self):
        url = self.queue(attributes={"MaximumMessageSize": "1024"})
        value = {"DataType": "Binary", "BinaryValue": b"\xff" * 1000}
        self.send(url, "x" * (1024 - 1000 - 1 - 6), MessageAttributes={"b": value})
        message = self.receive_one(url, MessageAttributeNames=["b"])
        self.assertEqual(message["MessageAttributes"]["b"]["BinaryValue"], b"\xff" * 1000)
        raw = self.post_json("AmazonSQS.SendMessage", {
            "QueueUrl": url, "MessageBody": "x", "MessageAttributes": {
                "b": {"DataType": "Binary", "BinaryValue": base64.b64encode(b"ok").decode()}}})
        self.assertEqual(raw.status, 200, raw.text)


class Delays(ClockTest):
    def test_a_delayed_message_appears_when_due_and_not_before(self):
        url = self.queue()
        self.send(url, "later", DelaySeconds=10)
        self.send(url, "now")
        self.assertEqual([m["Body"] for m in self.receive(url)], ["now"])
        self.advance(8)
        self.assertEqual(self.receive(url), [])
        self.advance(2)
        self.assertEqual([m["Body"] for m in self.receive(url)], ["later"])

    def test_the_queues_delay_holds_unless_the_message_says_otherwise(self):
        url = self.queue(attributes={"DelaySeconds": "60"})
        self.send(url, "queue's")
        self.send(url, "own", DelaySeconds=0)
        own = self.receive(url, VisibilityTimeout=600)
        self.assertEqual([m["Body"] for m in own], ["own"])
        self.advance(60)
        self.assertEqual([m["Body"] for m in self.receive(url)], ["queue's"])

    def test_a_change_of_the_queues_delay_does_not_touch_stored_messages(self):
        url = self.queue(attributes={"DelaySeconds": "60"})
        self.send(url)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
        self.assertEqual(self.receive(url), [])
        self.advance(60)
        self.assertEqual(len(self.receive(url)), 1)

    def test_a_long_poll_wakes_when_a_delay_ends(self):
        url = self.queue()
        self.send(url, DelaySeconds=1)
        self.assertEqual(len(self.receive(url, WaitTimeSeconds=10)), 1)


if __name__ == "__main__":
    unittest.main()
