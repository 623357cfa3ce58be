"""The ledger notices each kind of breach; without this a silent checker would pass everything."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import ledger as ledgers  # noqa: E402
import load  # noqa: E402


def message(token, message_id="m-1", body=None):
    return {"MessageId": message_id, "Body": body or ledgers.body_of(token)}


class TheLedgerNotices(unittest.TestCase):
    def setUp(self):
        self.ledger = ledgers.Ledger()

    def sent(self, token="t-1"):
        copy = self.ledger.ask_send("work-0", token)
        self.ledger.ack_send(copy, "m-1")
        return copy

    def drain(self, drained):
        return self.ledger.receive("work-0", drained, time.monotonic(), load.check_body,
                                   draining=True)

    def put(self, acked=True):
        call = self.ledger.ask_events(["e-1", "e-2"], [["events-a"], []])
        if acked:
            call.acked, call.event_ids = True, ["id-1", "id-2"]

    def assert_only(self, kind):
        self.assertEqual({name for name, texts in self.ledger.problems.items() if texts}, {kind})

    def test_nothing_when_all_is_well(self):
        self.sent()
        self.drain(message("t-1"))
        self.ledger.judge_copies()
        self.assertFalse(self.ledger.problems)

    def test_a_lost_message(self):
        self.sent()
        self.ledger.judge_copies()
        self.assert_only("lost")

    def test_a_deleted_message_that_is_back(self):
        self.sent().deleted_at = time.monotonic() - 1
        self.drain(message("t-1"))
        self.assert_only("back")

    def test_one_send_that_became_two_messages(self):
        self.sent()
        self.drain(message("t-1", "m-2"))
        self.assert_only("dup")

    def test_a_message_delivered_again_after_it_was_drained(self):
        self.sent()
        self.drain(message("t-1"))
        self.drain(message("t-1"))
        self.assert_only("dup")

    def test_a_changed_body(self):
        self.sent()
        self.drain(message("t-1", body=ledgers.body_of("t-1") + "?"))
        self.assert_only("wrong")

    def test_a_hidden_message_that_came_early(self):
        self.sent().hidden_until = time.monotonic() + 3
        self.drain(message("t-1"))
        self.assert_only("early")

    def test_half_of_an_unacknowledged_put_events(self):
        self.put(acked=False)
        self.ledger.judge_events({"e-2": ["id-2"]})
        self.assert_only("half")

    def test_an_acknowledged_event_missing_from_the_log_and_from_its_queue(self):
        self.put()
        self.ledger.judge_events({"e-1": ["id-1"]})
        self.assert_only("lost")

    def test_an_unacknowledged_put_events_that_happened_or_did_not(self):
        self.put(acked=False)
        self.ledger.judge_events({})
        self.assertFalse(self.ledger.problems)


if __name__ == "__main__":
    unittest.main()
