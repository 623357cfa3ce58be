"""Requests no SDK sends: the right error, never a crash, never a half-done effect."""

import hashlib
import http.client
import json
import socket
import unittest

from support import SdkTest, unique

BODY_MAX = 8 * 1048576


class BadInput(SdkTest):
    def setUp(self):
        self.url = self.queue()

    def tearDown(self):
        self.assertIsNone(self.broker.process.poll(), "the broker died")
        self.assertEqual(self.attributes(self.url)["ApproximateNumberOfMessages"], "0",
                         "something refused was stored")

    def assert_refused(self, answer, *types):
        self.assertEqual(answer.status, 400, answer.text[:300])
        self.assertTrue(answer.headers["x-amzn-RequestId"])
        if types:
            self.assertIn(answer.type_name, types)

    def test_malformed_json(self):
        for body in (b"{", b"}", b"[1", b'{"QueueUrl":}', b'{"QueueUrl":"x",}', b"nonsense",
                     b'{"QueueUrl":"\xff\xfe"}', b'{"MessageBody":"\\ud800"}', b"\x00\x01",
                     b'{"a":1} trailing', b'{"MessageBody":"a\x01b"}'):
            for target in ("AmazonSQS.SendMessage", "AWSEvents.PutEvents"):
                with self.subTest(body=body, target=target):
                    self.assert_refused(self.post_json(target, body), "SerializationException")

    def test_json_that_is_no_object(self):
        for body in (b"[]", b'"x"', b"7", b"null", b"true"):
            with self.subTest(body=body):
                self.assert_refused(self.post_json("AmazonSQS.SendMessage", body))

    def test_wrong_types(self):
        url = self.url
        for target, request in (
                ("AmazonSQS.SendMessage", {"QueueUrl": 7, "MessageBody": "x"}),
                ("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": {}}),
                ("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x",
                                           "DelaySeconds": []}),
                ("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x",
                                           "MessageAttributes": []}),
                ("AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "x",
                                           "MessageAttributes": {"a": "b"}}),
                ("AmazonSQS.SendMessageBatch", {"QueueUrl": url, "Entries": {}}),
                ("AmazonSQS.SendMessageBatch", {"QueueUrl": url, "Entries": ["x"]}),
                ("AmazonSQS.ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": "many"}),
                ("AmazonSQS.ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 1.5}),
                ("AmazonSQS.CreateQueue", {"QueueName": ["x"]}),
                ("AmazonSQS.CreateQueue", {"QueueName": "x", "Attributes": "y"}),
                ("AWSEvents.PutEvents", {"Entries": "x"}),
                ("AWSEvents.PutEvents", {"Entries": [1]}),
                ("AWSEvents.PutEvents", {"Entries": [{"Source": {}}]}),
                ("AWSEvents.PutEvents", {"Entries": [{"Source": "s", "DetailType": "t",
                                                      "Detail": {"an": "object"}}]}),
                ("AWSEvents.PutRule", {"Name": 7}), ("AWSEvents.PutTargets", {"Targets": {}})):
            with self.subTest(target=target, request=request):
                self.assert_refused(self.post_json(target, request))

    def test_bad_base64_in_a_binary_attribute(self):
        request = {"QueueUrl": self.url, "MessageBody": "x",
                   "MessageAttributes": {"b": {"DataType": "Binary", "BinaryValue": "***"}}}
        self.assert_refused(self.post_json("AmazonSQS.SendMessage", request))

    def test_unknown_operations(self):
        for target in ("AmazonSQS.Nonsense", "AWSEvents.Nonsense", "Nonsense.SendMessage",
                       "Nonsense", "AmazonSQS.", ".", "AmazonSQS.sendmessage"):
            with self.subTest(target=target):
                self.assert_refused(self.post_json(target, {}), "UnknownOperationException")

    def test_neither_target_nor_action(self):
        for method, path in (("GET", "/"), ("POST", "/"), ("PUT", "/x"), ("DELETE", "/a/b"),
                             ("GET", "/_signalbox/nonsense"), ("PATCH", "/")):
            answer = self.raw(method, path)
            self.assertTrue(400 <= answer.status < 500, (method, path, answer.status))

    def test_missing_members(self):
        for target, request in (
                ("AmazonSQS.CreateQueue", {}), ("AmazonSQS.ReceiveMessage", {}),
                ("AmazonSQS.DeleteMessage", {"QueueUrl": self.url}),
                ("AmazonSQS.ChangeMessageVisibility", {"QueueUrl": self.url, "ReceiptHandle": "x"}),
                ("AmazonSQS.SendMessageBatch", {"QueueUrl": self.url, "Entries": [{"Id": "a"}]}),
                ("AmazonSQS.SetQueueAttributes", {"QueueUrl": self.url})):
            with self.subTest(target=target):
                answer = self.post_json(target, request)
                if answer.status == 200:
                    self.assertTrue(answer.json["Failed"], answer.text)
                else:
                    self.assert_refused(answer)
        for target in ("CreateEventBus", "PutRule", "PutTargets", "PutEvents", "DescribeRule",
                       "TestEventPattern", "ListTargetsByRule", "TagResource"):
            with self.subTest(target=target):
                answer = self.post_json("AWSEvents." + target, {})
                self.assert_refused(answer, "ValidationException")
                self.assertRegex(answer.message,
                                 r"^\d+ validation errors? detected: Value null at '")

    def test_a_body_over_the_limit(self):
        body = b'{"QueueUrl":"%s","MessageBody":"' % self.url.encode() + b"x" * BODY_MAX + b'"}'
        try:
            answer = self.post_json("AmazonSQS.SendMessage", body)
            self.assertIn(answer.status, (400, 413))
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent

    def test_a_declared_length_over_the_limit_is_refused_without_reading(self):
        head = (f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n"
                f"Content-Length: {1 << 40}\r\n\r\n").encode()
        self.assertRegex(self.exchange(head), rb"^HTTP/1.1 (400|413) ")

    def exchange(self, request, timeout_s=10):
        """Sends raw bytes; everything the broker sends until it closes or falls silent."""
        with socket.create_connection((self.broker.host, self.broker.port), timeout_s) as wire:
            wire.sendall(request)
            wire.settimeout(2)
            data = b""
            try:
                while True:
                    more = wire.recv(65536)
                    if not more:
                        break
                    data += more
            except (TimeoutError, ConnectionResetError):
                pass
            return data

    def test_broken_http(self):
        for request in (b"\r\n\r\n", b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
                        b"Content-Length: 6\r\n\r\nhello!",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"zz\r\n", b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(request=request):
                answer = self.exchange(request)
                self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 4")
                                or answer.startswith(b"HTTP/1.1 505")
                                or answer.startswith(b"HTTP/1.0 4"), answer[:100])

    def test_headers_over_the_limit(self):
        request = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 1048576 + b"\r\n\r\n")
        try:
            self.assertRegex(self.exchange(request), rb"^(HTTP/1.1 (400|431) |$)")
        except (BrokenPipeError, ConnectionResetError):
            pass


class WellFormedButRare(SdkTest):
    """What HTTP allows and clients do."""

    def body(self, text):
        return json.dumps({"QueueUrl": self.url, "MessageBody": text}).encode()

    def setUp(self):
        self.url = self.queue()

    def head(self, *lines):
        return ("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n"
                "Content-Type: application/x-amz-json-1.0\r\n" + "".join(
                    line + "\r\n" for line in lines) + "\r\n").encode()

    def answers(self, request, count):
        """The first count replies to raw bytes, as (status, body)."""
        with socket.create_connection((self.broker.host, self.broker.port), 10) as wire:
            wire.sendall(request)
            found = []
            stream = wire.makefile("rb")

            class Reply:
                def makefile(self, *_):
                    return stream

            for _ in range(count):
                response = http.client.HTTPResponse(Reply())
                # The stream carries the next reply too: it must stay open.
                response._close_conn = lambda: None  # pylint: disable=protected-access
                response.begin()
                found.append((response.status, response.read()))
            return found

    def test_pipelined_requests_are_answered_in_order(self):
        bodies = [self.body(f"p{number}") for number in range(50)]
        request = b"".join(self.head(f"Content-Length: {len(body)}") + body for body in bodies)
        found = self.answers(request, 50)
        self.assertEqual({status for status, _ in found}, {200})
        self.assertEqual([json.loads(body)["MD5OfMessageBody"] for _, body in found],
                         [hashlib.md5(f"p{n}".encode()).hexdigest() for n in range(50)])

    def test_chunked_bodies(self):
        body = self.body("chunked")
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
                          for i in range(0, len(body), 7)) + b"0\r\n\r\n"
        ((status, _),) = self.answers(self.head("Transfer-Encoding: chunked") + chunks, 1)
        self.assertEqual(status, 200)
        self.assertEqual(self.receive_one(self.url)["Body"], "chunked")

    def test_expect_100_continue(self):
        body = self.body("expected")
        with socket.create_connection((self.broker.host, self.broker.port), 10) as wire:
            wire.sendall(self.head(f"Content-Length: {len(body)}", "Expect: 100-continue"))
            self.assertTrue(wire.recv(1024).startswith(b"HTTP/1.1 100 "))
            wire.sendall(body)
            self.assertTrue(wire.recv(65536).startswith(b"HTTP/1.1 200 "))

    def test_a_body_that_arrives_byte_by_byte(self):
        body = self.body("slow")
        with socket.create_connection((self.broker.host, self.broker.port), 10) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in self.head(f"Content-Length: {len(body)}") + body:
                wire.sendall(bytes([byte]))
            self.assertTrue(wire.recv(65536).startswith(b"HTTP/1.1 200 "))

    def test_the_other_target_prefix_of_eventbridge(self):
        answer = self.post_json("AmazonEventBridge.ListEventBuses", {})
        self.assertEqual(answer.status, 200, answer.text)

    def test_connection_close_is_honoured(self):
        answer = self.raw("GET", "/_signalbox/health", headers={"Connection": "close"})
        self.assertEqual(answer.status, 200)

    def test_health_has_two_addresses(self):
        for path in ("/_signalbox/health", "/_localstack/health"):
            answer = self.raw("GET", path)
            self.assertEqual(answer.status, 200)
            self.assertEqual(json.loads(answer.text)["services"], dict.fromkeys(
                ("sqs", "events", "scheduler", "schemas", "iam", "sts", "lambda"), "available"))

    def test_metrics_are_prometheus_text(self):
        answer = self.raw("GET", "/_signalbox/metrics")
        self.assertEqual(answer.status, 200)
        self.assertIn("# TYPE ", answer.text)

    def test_a_name_nobody_used_is_no_queue(self):
        answer = self.post_json("AmazonSQS.SendMessage",
                                {"QueueUrl": unique("nowhere"), "MessageBody": "x"})
        self.assertEqual(answer.type_name, "QueueDoesNotExist")


if __name__ == "__main__":
    unittest.main()
