"""What the broker has acknowledged, kept outside it, and what it must therefore still hold.

Each message or event carries a token, unique for the whole run, and a body derived from it, so that
a copy found later is checked byte for byte. What was asked is entered before the request leaves and
acknowledged after its 2xx was read: between the two the outcome is unknown and either is allowed.
"""

import collections
import dataclasses
import threading
import time
import zlib

# Cut into bodies at an offset that depends on the token. Holds what escaping could break.
TEXT = ("The signal box decides which track each train takes. \"Quoted\", \\back\\slash, tab\t, "
        "line\nend, umlaut äöü, kanji 信号所, emoji \U0001F682, {\"json\":[1,2.50,null]} & "
        "<xml/> ") * 24


def body_of(token):
    number = zlib.crc32(token.encode())
    start = number % 150
    return token + "|" + TEXT[start:start + (number >> 8) % 3500]


def token_of(body):
    return body.partition("|")[0]


@dataclasses.dataclass
class Copy:
    """One message in one queue: (queue, token) is its key."""

    acked: bool = False
    message_id: str = ""
    delete_asked: bool = False
    deleted_at: float = 0.0  # when the 2xx of its delete was read; 0: it was not
    hidden_until: float = 0.0  # by an acknowledged ChangeMessageVisibility, until received again
    seen: int = 0  # deliveries of any kind
    drained: int = 0  # deliveries after the restart


@dataclasses.dataclass
class EventCall:
    """One PutEvents: all of its entries or none."""

    tokens: list
    queues: list  # for each token the queues its rule targets
    acked: bool = False
    event_ids: list = dataclasses.field(default_factory=list)


class Ledger:
    """Shared by the load's threads. Problems are sentences that name the token."""

    def __init__(self):
        self.lock = threading.Lock()
        self.copies = {}
        self.event_calls = []
        self.events = {}  # token -> EventCall
        self.created = {}  # ("queue"|"rule"|"target", name) -> what must be there, acknowledged
        self.removed = set()  # queue names whose DeleteQueue was acknowledged
        self.acked = 0
        self.problems = collections.defaultdict(list)

    def problem(self, kind, text):
        with self.lock:
            self.problems[kind].append(text)

    def ack(self):
        with self.lock:
            self.acked += 1

    # ---- asked and acknowledged ----

    def ask_send(self, queue, token):
        copy = self.copies[queue, token] = Copy()
        return copy

    def ack_send(self, copy, message_id):
        copy.acked = True
        if copy.message_id and copy.message_id != message_id:
            self.problem("dup", f"sent as {message_id}, received as {copy.message_id}")
        copy.message_id = message_id

    def ask_events(self, tokens, queues):
        call = EventCall(tokens, queues)
        for token, targets in zip(tokens, queues):
            self.events[token] = call
            for queue in targets:
                self.ask_send(queue, token)
        self.event_calls.append(call)
        return call

    # ---- received ----

    def receive(self, queue, message, asked_at, check_body, draining=False):
        """Enters one delivered message; returns its Copy, or None when it cannot be one of ours."""
        token, fault = check_body(queue, message)
        copy = self.copies.get((queue, token))
        if fault:
            self.problem("wrong", f"{queue} {token}: {fault}")
        if copy is None:
            self.problem("unknown", f"{queue}: a message nobody sent: {message['Body'][:80]!r}")
            return None
        if copy.message_id and copy.message_id != message["MessageId"]:
            self.problem("dup", f"{queue} {token}: {copy.message_id} and {message['MessageId']}")
        copy.message_id = message["MessageId"]
        if copy.deleted_at and copy.deleted_at < asked_at:
            self.problem("back", f"{queue} {token} was deleted and came back")
        if draining and copy.hidden_until and time.monotonic() < copy.hidden_until - 0.25:
            early_s = copy.hidden_until - time.monotonic()
            self.problem("early", f"{queue} {token} was hidden for another {early_s:.2f} s")
        copy.hidden_until = 0.0
        copy.seen += 1
        if draining:
            copy.drained += 1
            if copy.drained > 1:
                self.problem("dup", f"{queue} {token} was delivered twice, once deleted")
        return copy

    # ---- judged after the restart ----

    def judge_copies(self):
        """Every acknowledged send not asked to be deleted has come out."""
        for (queue, token), copy in self.copies.items():
            if token in self.events:
                continue
            if copy.acked and not copy.delete_asked and not copy.drained:
                self.problem("lost", f"{queue} {token} ({copy.message_id})")

    def judge_events(self, log):
        """log: token -> event ids found in the bus's log."""
        for call in self.event_calls:
            in_log = [token in log for token in call.tokens]
            if call.acked and not all(in_log):
                self.problem("lost", f"events {call.tokens} in the bus log: {in_log}")
            elif any(in_log) and not all(in_log):
                self.problem("half", f"events {call.tokens} in the bus log: {in_log}")
            for index, token in enumerate(call.tokens):
                self._judge_event(call, index, token, log.get(token, []))

    def _judge_event(self, call, index, token, ids):
        if len(ids) > 1:
            self.problem("dup", f"event {token} is {len(ids)} times in the bus log")
        if call.acked and ids and ids[0] != call.event_ids[index]:
            self.problem("wrong", f"event {token} was answered another id than it is logged under")
        for queue in call.queues[index]:
            copy = self.copies[queue, token]
            there = copy.seen > 0
            if ids and not there:
                kind = "lost" if call.acked else "half"
                self.problem(kind, f"event {token} is in the bus log but not in {queue}")
            if there and not ids:
                self.problem("half", f"event {token} is in {queue} but not in the bus log")

    def forget_messages(self):
        """Starts the next cycle: the queues were drained."""
        self.copies.clear()
        self.event_calls.clear()
        self.events.clear()
        self.created.clear()
        self.removed.clear()
        self.problems.clear()
        self.acked = 0
