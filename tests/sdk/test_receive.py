"""ReceiveMessage, DeleteMessage and ChangeMessageVisibility."""

import concurrent.futures
import http.client
import json
import socket
import time
import unittest

from support import ClockTest, SdkTest, wait_until
from test_send import TRACE, md5_of_attributes, text

THREE = {"General": text("a"), "Hello": text("b"), "Hello.World": text("7", "Number")}


class WhatIsAnswered(SdkTest):
    def test_an_empty_answer_has_no_messages_key(self):
        url = self.queue()
        for wait in (0, 1):
            answer = self.post_json("AmazonSQS.ReceiveMessage",
                                    {"QueueUrl": url, "WaitTimeSeconds": wait})
            self.assertEqual((answer.status, answer.body), (200, b"{}"))

    def test_one_message_unless_more_are_asked_for(self):
        url = self.queue()
        for number in range(12):
            self.send(url, str(number))
        self.assertEqual(len(self.sqs.receive_message(QueueUrl=url)["Messages"]), 1)
        self.assertEqual(len(self.receive(url, 10)), 10)
        self.assertEqual(len(self.receive(url, 10)), 1)

    def test_nothing_asked_for_nothing_extra(self):
        url = self.queue()
        self.send(url, MessageAttributes=THREE)
        self.assertEqual(set(self.receive_one(url)),
                         {"MessageId", "ReceiptHandle", "Body", "MD5OfBody"})

    def test_system_attributes_by_old_and_new_name(self):
        for name in ("AttributeNames", "MessageSystemAttributeNames"):
            with self.subTest(name=name):
                url = self.queue()
                before = int(time.time() * 1000)
                self.send(url, MessageSystemAttributes={"AWSTraceHeader": text(TRACE)})
                found = self.receive_one(url, **{name: ["All"]})["Attributes"]
                self.assertEqual(set(found), {"SenderId", "SentTimestamp", "AWSTraceHeader",
                                              "ApproximateReceiveCount",
                                              "ApproximateFirstReceiveTimestamp"})
                self.assertEqual(found["ApproximateReceiveCount"], "1")
                self.assertTrue(before - 1000 <= int(found["SentTimestamp"]) <= before + 20000)
                self.assertLessEqual(int(found["SentTimestamp"]),
                                     int(found["ApproximateFirstReceiveTimestamp"]))

    def test_only_the_system_attributes_asked_for(self):
        url = self.queue()
        self.send(url)
        message = self.receive_one(url, AttributeNames=["ApproximateReceiveCount"])
        self.assertEqual(message["Attributes"], {"ApproximateReceiveCount": "1"})

    def test_an_unknown_system_attribute_is_refused(self):
        url = self.queue()
        self.refused("InvalidAttributeName", self.receive, url, AttributeNames=["Nonsense"],
                     message="Unknown Attribute Nonsense.")

    def test_message_attributes_by_name_prefix_and_all_with_the_md5_of_what_is_answered(self):
        for names, wanted in ((["General", "Hello"], {"General", "Hello"}), (["All"], set(THREE)),
                              ([".*"], set(THREE)), (["Hello.*"], {"Hello", "Hello.World"}),
                              (["General.*"], {"General"}), (["Nope"], set()),
                              (["Nope", "Hello.World"], {"Hello.World"})):
            with self.subTest(names=names):
                url = self.queue()
                self.send(url, MessageAttributes=THREE)
                message = self.receive_one(url, MessageAttributeNames=names)
                self.assertEqual(set(message.get("MessageAttributes", {})), wanted)
                chosen = {name: THREE[name] for name in wanted}
                self.assertEqual(message.get("MD5OfMessageAttributes"),
                                 md5_of_attributes(chosen) if chosen else None)

    def test_counts_and_waits_out_of_range_are_refused(self):
        url = self.queue()
        for count in (0, 11, -1):
            self.refused("InvalidParameterValue", self.receive, url, count,
                         message=f"Value {count} for parameter MaxNumberOfMessages is invalid. "
                                 "Reason: Must be between 1 and 10, if provided.")
        for wait in (-1, 21):
            self.refused("InvalidParameterValue", self.receive, url, WaitTimeSeconds=wait,
                         message=f"Value {wait} for parameter WaitTimeSeconds is invalid. "
                                 "Reason: Must be >= 0 and <= 20, if provided.")
        for timeout in (-1, 43201):
            self.refused("InvalidParameterValue", self.receive, url, VisibilityTimeout=timeout)


class LongPolls(SdkTest):
    def poll(self, pool, url, wait):
        return pool.submit(lambda: self.receive(url, 1, WaitTimeSeconds=wait))

    def test_a_waiting_receive_wakes_on_a_send(self):
        url = self.queue()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = self.poll(pool, url, 20)
            time.sleep(0.3)
            self.assertFalse(waiting.done())
            started = time.monotonic()
            self.send(url, "wake")
            self.assertEqual(waiting.result(5)[0]["Body"], "wake")
            self.assertLess(time.monotonic() - started, 1)

    def test_each_of_many_waiting_receives_gets_another_message(self):
        url = self.queue()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            waiting = [self.poll(pool, url, 20) for _ in range(8)]
            time.sleep(0.3)
            entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(8)]
            self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
            bodies = [w.result(5)[0]["Body"] for w in waiting]
        self.assertEqual(sorted(bodies), [str(n) for n in range(8)])

    def test_a_wait_that_ends_empty_took_its_time(self):
        url = self.queue(attributes={"ReceiveMessageWaitTimeSeconds": "1"})
        started = time.monotonic()
        self.assertEqual(self.receive(url), [])
        self.assertTrue(0.9 <= time.monotonic() - started < 3)
        started = time.monotonic()
        self.assertEqual(self.receive(url, WaitTimeSeconds=0), [])
        self.assertLess(time.monotonic() - started, 0.8)

    def test_a_wait_wakes_when_a_visibility_timeout_ends(self):
        url = self.queue()
        self.send(url)
        first = self.receive_one(url, VisibilityTimeout=1)
        second = self.receive_one(url, WaitTimeSeconds=10)
        self.assertEqual(first["MessageId"], second["MessageId"])

    def test_a_wait_wakes_when_visibility_is_given_back(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = self.poll(pool, url, 20)
            time.sleep(0.2)
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle,
                                               VisibilityTimeout=0)
            self.assertEqual(len(waiting.result(5)), 1)

    def test_a_client_that_went_away_takes_no_message_with_it(self):
        url = self.queue(attributes={"VisibilityTimeout": "1"})
        connection = http.client.HTTPConnection(self.broker.host, self.broker.port)
        connection.request("POST", "/", json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}),
                           {"X-Amz-Target": "AmazonSQS.ReceiveMessage",
                            "Content-Type": "application/x-amz-json-1.0"})
        time.sleep(0.2)
        connection.close()
        time.sleep(0.1)
        self.send(url)
        self.assertEqual(len(self.receive(url, WaitTimeSeconds=5)), 1)

    def test_one_client_that_goes_away_ends_no_other_wait(self):
        url, other = self.queue(), self.queue()
        # Refused before it reaches the queue: it must not confuse who is who.
        self.post_json("AmazonSQS.ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": "x"})
        leaver = http.client.HTTPConnection(self.broker.host, self.broker.port)
        leaver.request("POST", "/", json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}),
                       {"X-Amz-Target": "AmazonSQS.ReceiveMessage",
                        "Content-Type": "application/x-amz-json-1.0"})
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = [self.poll(pool, other, 20) for _ in range(4)]
            time.sleep(0.3)
            leaver.close()
            time.sleep(0.3)
            self.assertEqual([poll.done() for poll in waiting], [False] * 4)
            for _ in waiting:
                self.send(other)
            self.assertEqual([len(poll.result(5)) for poll in waiting], [1] * 4)

    def test_messages_whose_reply_was_not_taken_are_there_again_at_once(self):
        url = self.queue(attributes={"VisibilityTimeout": "3600"})
        for _ in range(10):
            self.send(url, "x" * 1_000_000)
        reader = socket.create_connection((self.broker.host, self.broker.port))
        body = json.dumps({"QueueUrl": url, "MaxNumberOfMessages": 10}).encode()
        reader.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n"
                       b"X-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
                       b"Content-Type: application/x-amz-json-1.0\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        reader.recv(1)
        self.assertEqual(self.receive(url), [])
        # Closed with bytes unread: the rest of the reply has nowhere to go.
        reader.close()
        again = wait_until(lambda: self.receive(url, AttributeNames=["All"]), what="their return")
        self.assertEqual({m["Attributes"]["ApproximateReceiveCount"] for m in again}, {"2"})


class Visibility(ClockTest):
    def test_a_message_returns_when_its_timeout_passes_with_a_higher_count(self):
        url = self.queue(attributes={"VisibilityTimeout": "60"})
        self.send(url)
        first = self.receive_one(url, AttributeNames=["All"])
        self.advance(55)
        self.assertEqual(self.receive(url), [])
        self.advance(5)
        second = self.receive_one(url, AttributeNames=["All"])
        self.assertEqual(second["MessageId"], first["MessageId"])
        self.assertNotEqual(second["ReceiptHandle"], first["ReceiptHandle"])
        self.assertEqual(second["Attributes"]["ApproximateReceiveCount"], "2")
        for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp"):
            self.assertEqual(second["Attributes"][name], first["Attributes"][name])

    def test_a_calls_own_timeout_holds_once(self):
        url = self.queue(attributes={"VisibilityTimeout": "60"})
        self.send(url)
        self.receive_one(url, VisibilityTimeout=600)
        self.advance(120)
        self.assertEqual(self.receive(url), [])
        self.advance(480)
        self.receive_one(url)
        self.advance(60)
        self.receive_one(url)

    def test_a_timeout_of_zero_leaves_the_message_visible(self):
        url = self.queue()
        self.send(url)
        ids = {self.receive_one(url, VisibilityTimeout=0)["MessageId"] for _ in range(3)}
        self.assertEqual(len(ids), 1)

    def test_a_change_counts_from_the_call(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url, VisibilityTimeout=100)["ReceiptHandle"]
        self.advance(50)
        self.change(url, handle, 100)
        self.advance(90)
        self.assertEqual(self.receive(url), [])
        self.advance(10)
        self.receive_one(url)

    def change(self, url, handle, timeout):
        return self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle,
                                                  VisibilityTimeout=timeout)

    def test_a_change_to_zero_makes_it_visible_at_once(self):
        url = self.queue()
        self.send(url)
        self.change(url, self.receive_one(url)["ReceiptHandle"], 0)
        self.receive_one(url)

    def test_a_change_after_the_timeout_succeeds_on_a_standard_queue(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url, VisibilityTimeout=10)["ReceiptHandle"]
        self.advance(11)
        self.change(url, handle, 30)

    def test_changes_out_of_range_or_past_twelve_hours_are_refused(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        for timeout in (-1, 43201):
            self.refused("InvalidParameterValue", self.change, url, handle, timeout)
        self.change(url, handle, 43000)
        self.advance(1000)
        self.refused("InvalidParameterValue", self.change, url, handle, 43000)
        self.change(url, handle, 40000)

    def test_a_change_of_a_deleted_message_is_refused(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        error = self.refused("InvalidParameterValue", self.change, url, handle, 10)
        self.assertIn("Reason: Message does not exist or is not available for visibility timeout "
                      "change.", str(error))


class Deleting(ClockTest):
    def delete(self, url, handle):
        return self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

    def test_a_deleted_message_never_returns(self):
        url = self.queue()
        self.send(url)
        self.delete(url, self.receive_one(url)["ReceiptHandle"])
        self.advance(3600)
        self.assertEqual(self.receive(url), [])

    def test_deleting_twice_succeeds(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        self.delete(url, handle)
        self.delete(url, handle)

    def test_any_earlier_handle_deletes_also_after_the_timeout(self):
        url = self.queue()
        self.send(url)
        first = self.receive_one(url)["ReceiptHandle"]
        self.advance(31)
        self.receive_one(url)
        self.delete(url, first)
        self.advance(31)
        self.assertEqual(self.receive(url), [])

    def test_a_message_visible_again_can_be_deleted_by_its_old_handle(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        self.advance(31)
        self.delete(url, handle)
        self.assertEqual(self.receive(url), [])

    def test_garbage_handles_are_refused_in_the_services_words(self):
        url = self.queue()
        for call in (lambda h: self.delete(url, h),
                     lambda h: self.sqs.change_message_visibility(
                         QueueUrl=url, ReceiptHandle=h, VisibilityTimeout=1)):
            error = self.refused("ReceiptHandleIsInvalid", call, "garbage",
                                 message='The input receipt handle "garbage" is not a valid '
                                         "receipt handle.")
            self.assertIsInstance(error, self.sqs.exceptions.ReceiptHandleIsInvalid)

    def test_a_handle_with_one_character_changed_is_refused(self):
        url = self.queue()
        self.send(url)
        handle = self.receive_one(url)["ReceiptHandle"]
        for at in (0, len(handle) // 3, len(handle) // 2, len(handle) - 3):
            changed = handle[:at] + ("A" if handle[at] != "A" else "B") + handle[at + 1:]
            self.refused("ReceiptHandleIsInvalid", self.delete, url, changed)

    def test_a_handle_of_another_queue_is_refused(self):
        one, other = self.queue(), self.queue()
        self.send(one)
        handle = self.receive_one(one)["ReceiptHandle"]
        self.refused("ReceiptHandleIsInvalid", self.delete, other, handle)

    def test_handles_differ_from_receive_to_receive(self):
        url = self.queue()
        self.send(url)
        handles = {self.receive_one(url, VisibilityTimeout=0)["ReceiptHandle"] for _ in range(4)}
        self.assertEqual(len(handles), 4)


class Retention(ClockTest):
    def test_a_message_ends_with_its_retention_also_delayed_or_in_flight(self):
        url = self.queue(attributes={"MessageRetentionPeriod": "600"})
        self.send(url, "visible")
        self.send(url, "in flight")
        self.receive_one(url, VisibilityTimeout=1000)
        self.send(url, "delayed", DelaySeconds=700)
        self.advance(300)
        self.send(url, "younger")
        self.advance(301)
        self.assertEqual([m["Body"] for m in self.receive(url)], ["younger"])
        self.advance(1000)
        self.assertEqual(self.receive(url), [])

    def test_a_shorter_retention_expires_what_is_stored(self):
        url = self.queue()
        self.send(url)
        self.advance(600)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "300"})
        self.advance(900)
        self.assertEqual(self.receive(url), [])


if __name__ == "__main__":
    unittest.main()
