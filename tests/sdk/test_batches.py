"""The three batch operations: results entry by entry, and what fails the whole request."""

import unittest

from support import SdkTest
from test_send import text

SERVICE = "AWS.SimpleQueueService."
ID_TEXT = ("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It "
           "can be at most 80 letters long.")


def entry(number, body="x", **members):
    return {"Id": f"e{number}", "MessageBody": body, **members}


class SendingBatches(SdkTest):
    def send_batch(self, url, entries):
        return self.sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def test_ten_messages_in_one_request(self):
        url = self.queue()
        answer = self.send_batch(url, [entry(n, str(n)) for n in range(10)])
        self.assertEqual([e["Id"] for e in answer["Successful"]], [f"e{n}" for n in range(10)])
        self.assertEqual(len({e["MessageId"] for e in answer["Successful"]}), 10)
        self.assertFalse(answer.get("Failed"))
        self.assertEqual(sorted(m["Body"] for m in self.receive(url)), list("0123456789"))

    def test_each_entry_has_its_own_attributes_delay_and_checksums(self):
        url = self.queue()
        answer = self.send_batch(url, [entry(0, MessageAttributes={"Foo": text("Bar")}), entry(1),
                                       entry(2, DelaySeconds=900)])
        first, second = answer["Successful"][:2]
        self.assertEqual(first["MD5OfMessageAttributes"], "ae7155c6026991b6d54b11589678bf9c")
        self.assertNotIn("MD5OfMessageAttributes", second)
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesDelayed"], "1")

    def test_bad_entries_fail_alone_with_status_200(self):
        url = self.queue(attributes={"MaximumMessageSize": "1024"})
        answer = self.send_batch(url, [entry(0), entry(1, "x" * 1025), entry(2, DelaySeconds=901),
                                       entry(3, "\x00"), entry(4)])
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["e0", "e4"])
        failed = {e["Id"]: e for e in answer["Failed"]}
        self.assertEqual(set(failed), {"e1", "e2", "e3"})
        self.assertEqual((failed["e1"]["Code"], failed["e1"]["SenderFault"]),
                         ("InvalidParameterValue", True))
        self.assertEqual(failed["e1"]["Message"],
                         "One or more parameters cannot be validated. Reason: Message must be "
                         "shorter than 1024 bytes.")
        self.assertEqual(failed["e3"]["Code"], "InvalidMessageContents")
        self.assertEqual(len(self.receive(url)), 2)

    def test_all_entries_may_fail(self):
        url = self.queue(attributes={"MaximumMessageSize": "1024"})
        answer = self.send_batch(url, [entry(0, "x" * 1025)])
        self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 200)
        self.assertFalse(answer.get("Successful"))
        self.assertEqual(len(answer["Failed"]), 1)

    def test_a_whole_request_too_long_is_refused_and_stores_nothing(self):
        url = self.queue()
        half = "x" * (1048576 // 2)
        self.send_batch(url, [entry(0, half), entry(1, half)])
        self.refused(SERVICE + "BatchRequestTooLong", self.send_batch, url,
                     [entry(0, half), entry(1, half), entry(2, "x")],
                     message="Batch requests cannot be longer than 1048576 bytes. You have sent "
                             "1048577 bytes.")
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessages"], "2")


class WholeRequestErrors(SdkTest):
    def each(self):
        """For each of the three operations: a function that calls it with entries of these ids."""
        url = self.queue()
        for call, members in (
                (self.sqs.send_message_batch, {"MessageBody": "x"}),
                (self.sqs.delete_message_batch, {"ReceiptHandle": "h"}),
                (self.sqs.change_message_visibility_batch,
                 {"ReceiptHandle": "h", "VisibilityTimeout": 1})):
            yield lambda ids, call=call, members=members: call(
                QueueUrl=url, Entries=[{"Id": entry_id, **members} for entry_id in ids])

    def test_no_entries(self):
        for call in self.each():
            error = self.refused(SERVICE + "EmptyBatchRequest", call, [])
            self.assertIsInstance(error, self.sqs.exceptions.EmptyBatchRequest)

    def test_too_many_entries(self):
        for call in self.each():
            self.refused(SERVICE + "TooManyEntriesInBatchRequest", call, map(str, range(20)),
                         message="Maximum number of entries per request are 10. You have sent 20.")

    def test_ids_that_are_not_distinct(self):
        for call in self.each():
            self.refused(SERVICE + "BatchEntryIdsNotDistinct", call, ["a", "b", "a"])

    def test_ids_of_wrong_characters_or_length(self):
        for call in self.each():
            for bad in ("", "a b", "ä", "x" * 81, "a.b"):
                self.refused(SERVICE + "InvalidBatchEntryId", call, [bad], message=ID_TEXT)
            call(["x" * 80])

    def test_the_id_is_checked_before_distinctness(self):
        for call in self.each():
            self.refused(SERVICE + "InvalidBatchEntryId", call, ["a.", "a."])


class DeletingAndChangingBatches(SdkTest):
    def received(self, count):
        url = self.queue()
        self.sqs.send_message_batch(QueueUrl=url, Entries=[entry(n) for n in range(count)])
        return url, [m["ReceiptHandle"] for m in self.receive(url, count)]

    def test_deletes_succeed_and_fail_one_by_one(self):
        url, handles = self.received(3)
        entries = [{"Id": str(n), "ReceiptHandle": h} for n, h in enumerate(handles + ["garbage"])]
        answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["0", "1", "2"])
        (failed,) = answer["Failed"]
        self.assertEqual((failed["Id"], failed["Code"], failed["SenderFault"]),
                         ("3", "ReceiptHandleIsInvalid", True))
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "0")

    def test_changes_succeed_and_fail_one_by_one(self):
        url, handles = self.received(2)
        entries = [{"Id": "ok", "ReceiptHandle": handles[0], "VisibilityTimeout": 0},
                   {"Id": "far", "ReceiptHandle": handles[1], "VisibilityTimeout": 43201},
                   {"Id": "bad", "ReceiptHandle": "garbage", "VisibilityTimeout": 1}]
        answer = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["ok"])
        self.assertEqual({e["Id"]: e["Code"] for e in answer["Failed"]},
                         {"far": "InvalidParameterValue", "bad": "ReceiptHandleIsInvalid"})
        self.assertEqual(len(self.receive(url)), 1)

    def test_a_change_without_a_timeout_fails_naming_the_entry_by_its_number(self):
        url, handles = self.received(2)
        entries = [{"Id": "ok", "ReceiptHandle": handles[0], "VisibilityTimeout": 0},
                   {"Id": "none", "ReceiptHandle": handles[1]}]
        answer = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["ok"])
        self.assertEqual(answer["Failed"], [
            {"Id": "none", "Code": "MissingParameter", "SenderFault": True,
             "Message": "The request must contain the parameter "
                        "ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout."}])


if __name__ == "__main__":
    unittest.main()
