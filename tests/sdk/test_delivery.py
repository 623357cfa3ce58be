"""Targets with a URL: events are posted to them, tried again, and given up with the reason."""

import http.server
import json
import socket
import threading
import time
import unittest

import support
from broker_process import Broker, free_port
from support import ClockTest, queue_arn, wait_until

MANY = 20_000 if support.LONG else 5_000


class Hook:
    """An HTTP server as a target. answer(request) gives a status, or (status, headers)."""

    def __init__(self, answer=lambda request: 200, port=0):
        self.requests = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                self.body = self.rfile.read(length).decode()
                hook.requests.append(self)
                answered = answer(self)
                status, headers = answered if isinstance(answered, tuple) else (answered, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def bodies(self):
        return [request.body for request in list(self.requests)]

    def wait_for(self, count, timeout_s=30):
        try:
            wait_until(lambda: len(self.requests) >= count, timeout_s, f"{count} requests")
        except AssertionError as error:
            raise AssertionError(f"{error}: {len(self.requests)} came") from None

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class BlackHole:
    """Takes connections and requests, and never answers."""

    def __enter__(self):
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        try:
            while True:
                self.connections.append(self.listener.accept()[0])
        except OSError:
            pass  # closed

    @property
    def connection_count(self):
        return len(self.connections)

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


class DeliveryTest(ClockTest):
    def hook(self, answer=lambda request: 200):
        hook = Hook(answer)
        self.addCleanup(hook.close)
        return hook

    def target(self, url, **members):
        return {"Id": "hook", "Arn": url, **members}

    def route(self, url, **members):
        """A bus whose events go to the URL, and its dead-letter queue."""
        bus, dead = self.bus(), self.queue("dead")
        self.rule(bus, {"source": ["test"]}, self.target(
            url, DeadLetterConfig={"Arn": queue_arn(self.name_of(dead))}, **members))
        return bus, dead

    def letter(self, dead):
        """The dead letter's attributes and body, once it is there."""
        messages = wait_until(
            lambda: self.receive(dead, MessageAttributeNames=["All"]), 30, "a dead letter")
        self.assertEqual(len(messages), 1)
        attributes = {name: value["StringValue"]
                      for name, value in messages[0]["MessageAttributes"].items()}
        return attributes, messages[0]["Body"]

    def depth(self, url):
        return int(self.attributes(url)["ApproximateNumberOfMessages"])

    def advance_until(self, condition):
        def holds():
            if condition():
                return True
            self.advance(5)
            return False
        wait_until(holds, 60)

    def wait_until_nothing_is_under_way(self):
        wait_until(lambda: "\nsignalbox_delivery_attempts 0\n" in
                   self.raw("GET", "/_signalbox/metrics").text)


class Delivery(DeliveryTest):
    def test_an_event_reaches_a_url(self):
        hook = self.hook()
        bus, _ = self.route(hook.url)
        event_id = self.put_event(bus, {"order": 7})
        hook.wait_for(1)
        request = hook.requests[0]
        event = json.loads(request.body)
        self.assertEqual((event["id"], event["detail"]), (event_id, {"order": 7}))
        self.assertEqual(request.path, "/hook")
        self.assertEqual(request.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(request.headers["X-Signalbox-Event-Id"], event_id)
        self.assertEqual(request.headers["Host"], hook.url.split("/")[2])


    def test_a_url_gets_what_the_targets_input_makes_of_the_event(self):
        hook = self.hook()
        bus, _ = self.route(hook.url, InputTransformer={
            "InputPathsMap": {"order": "$.detail.order"}, "InputTemplate": '{"id": <order>}'})
        self.put_event(bus, {"order": 7})
        hook.wait_for(1)
        self.assertEqual(hook.bodies, ['{"id": 7}'])

    def test_a_delivery_that_fails_is_tried_again_until_it_succeeds(self):
        hook = self.hook(lambda request: 503 if len(hook.requests) <= 3 else 204)
        bus, dead = self.route(hook.url)
        event_id = self.put_event(bus)
        self.advance_until(lambda: len(hook.requests) >= 4)
        self.advance(3600)
        ids = [request.headers["X-Signalbox-Event-Id"] for request in hook.requests]
        self.assertEqual(ids, [event_id] * 4, "tried after it succeeded, or not often enough")
        self.assertEqual(len(set(hook.bodies)), 1)
        self.assertEqual(self.receive(dead), [])

    def test_a_delivery_is_given_up_with_the_reason(self):
        hook = self.hook(lambda request: 503)
        bus, dead = self.route(hook.url, RetryPolicy={"MaximumRetryAttempts": 2})
        self.put_event(bus, {"order": 7})
        self.advance_until(lambda: len(hook.requests) >= 3)
        attributes, body = self.letter(dead)
        self.assertEqual(body, hook.bodies[0])
        rule_arn = attributes.pop("RULE_ARN")
        self.assertRegex(rule_arn, f"^arn:aws:events:us-east-1:000000000000:rule/{bus}/rule-")
        self.assertEqual(attributes, {
            "TARGET_ARN": hook.url, "ERROR_CODE": "ERROR_FROM_TARGET",
            "ERROR_MESSAGE": "The target answered with status 503.",
            "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "2"})
        self.advance(86400)
        self.assertEqual(len(hook.requests), 3)

    def test_an_event_too_old_is_given_up(self):
        hook = self.hook(lambda request: 429)
        bus, dead = self.route(hook.url, RetryPolicy={"MaximumEventAgeInSeconds": 60})
        self.put_event(bus)
        hook.wait_for(1)
        self.advance_until(lambda: self.depth(dead) == 1)
        attributes, _ = self.letter(dead)
        self.assertEqual(attributes["ERROR_CODE"], "THROTTLING")
        self.assertEqual(attributes["EXHAUSTED_RETRY_CONDITION"], "MaximumEventAgeInSeconds")

    def refused_at_once(self, url):
        """The dead letter of an event that is tried once, whatever its policy."""
        bus, dead = self.route(url)
        self.put_event(bus)
        attributes, _ = self.letter(dead)
        self.assertNotIn("EXHAUSTED_RETRY_CONDITION", attributes)
        self.assertEqual(attributes["RETRY_ATTEMPTS"], "0")
        return attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"]

    def test_what_trying_again_would_not_mend_is_given_up_at_once(self):
        for status, code in ((404, "SDK_CLIENT_ERROR"), (400, "SDK_CLIENT_ERROR"),
                             (302, "ERROR_FROM_TARGET")):
            with self.subTest(status=status):
                elsewhere = self.hook()
                hook = self.hook(lambda request: (status, {"Location": elsewhere.url}))
                self.assertEqual(self.refused_at_once(hook.url),
                                 (code, f"The target answered with status {status}."))
                self.assertEqual((len(hook.requests), len(elsewhere.requests)), (1, 0))

    def test_a_target_on_a_private_network_is_refused_and_the_setting_is_named(self):
        for host in ("10.0.0.1", "192.168.1.1", "[fd12::1]", "[::ffff:10.0.0.1]"):
            with self.subTest(host=host):
                code, message = self.refused_at_once(f"http://{host}/hook")
                self.assertEqual(code, "NO_PERMISSIONS")
                self.assertIn("--http-targets-private", message)
        code, message = self.refused_at_once("http://169.254.169.254/latest/meta-data")
        self.assertEqual((code, "latest" in message), ("NO_PERMISSIONS", False))

    def test_a_url_with_credentials_is_refused_and_does_not_show_them(self):
        bus = self.bus()
        rule = self.rule(bus, {"source": ["test"]})
        error = self.refused("ValidationException", self.events.put_targets, Rule=rule,
                             EventBusName=bus, Targets=[
                                 {"Id": "t", "Arn": "http://user:secret@127.0.0.1/"}])
        self.assertNotIn("secret", str(error))

    def test_a_target_says_when_it_wants_to_be_tried_again(self):
        hook = self.hook(lambda request: (503, {"Retry-After": "600"}))
        bus, _ = self.route(hook.url)
        self.put_event(bus)
        hook.wait_for(1)
        self.wait_until_nothing_is_under_way()
        self.advance(590)
        self.wait_until_nothing_is_under_way()
        self.assertEqual(len(hook.requests), 1)
        self.advance(11)
        hook.wait_for(2)

    def test_a_target_may_ask_not_to_be_tried_again(self):
        hook = self.hook(lambda request: (503, {"Retry-After": "-1"}))
        code, _ = self.refused_at_once(hook.url)
        self.assertEqual((code, len(hook.requests)), ("ERROR_FROM_TARGET", 1))

    def test_a_target_that_is_not_there_is_tried_again(self):
        port = free_port()
        bus, dead = self.route(f"http://127.0.0.1:{port}/",
                               RetryPolicy={"MaximumRetryAttempts": 1})
        self.put_event(bus)
        self.advance_until(lambda: self.depth(dead) == 1)
        attributes, _ = self.letter(dead)
        self.assertEqual((attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]),
                         ("CONNECTION_FAILURE", "1"))
        self.assertIn(f"127.0.0.1:{port} cannot be reached", attributes["ERROR_MESSAGE"])

    def test_a_target_has_five_seconds(self):
        with BlackHole() as hole:
            bus, dead = self.route(hole.url, RetryPolicy={"MaximumRetryAttempts": 0})
            started = time.monotonic()
            self.put_event(bus)
            attributes, _ = self.letter(dead)
        self.assertEqual(attributes["ERROR_CODE"], "TIMEOUT")
        self.assertGreaterEqual(time.monotonic() - started, 5)

    def test_a_dead_target_does_not_slow_a_live_one(self):
        hook = self.hook()
        with BlackHole() as hole:
            bus = self.bus()
            self.rule(bus, {"source": ["test"]}, {"Id": "dead", "Arn": hole.url},
                      {"Id": "live", "Arn": hook.url})
            started = time.monotonic()
            for number in range(100):
                self.put_event(bus, {"n": number})
            hook.wait_for(100)
            # The dead one's first attempts are not even over: nobody waited for them.
            self.assertLess(time.monotonic() - started, 5)
            self.assertGreater(hole.connection_count, 0)

    def test_every_one_of_many_events_arrives_once(self):
        hook = self.hook()
        bus, dead = self.route(hook.url)
        sent = set()
        for start in range(0, MANY, 10):
            answer = self.events.put_events(Entries=[
                {"Source": "test", "DetailType": "Test", "EventBusName": bus,
                 "Detail": json.dumps({"n": n})} for n in range(start, start + 10)])
            self.assertEqual(answer["FailedEntryCount"], 0)
            sent.update(entry["EventId"] for entry in answer["Entries"])
        hook.wait_for(MANY, timeout_s=300)
        self.wait_until_nothing_is_under_way()
        arrived = [request.headers["X-Signalbox-Event-Id"] for request in hook.requests]
        self.assertEqual((len(arrived), set(arrived)), (MANY, sent))
        self.assertEqual(self.depth(dead), 0)


class Restarts(DeliveryTest):
    """Each test has a broker of its own, to kill."""

    def setUp(self):
        self.broker = Broker(self.options).start()
        self.addCleanup(self.broker.close)
        self.connect()

    def connect(self):
        self.sqs = support.client("sqs", self.broker)
        self.events = support.client("events", self.broker)

    def restart(self):
        self.broker.restart()
        self.connect()

    def test_a_kill_between_attempts_changes_nothing(self):
        hook = self.hook(lambda request: 503)
        bus, dead = self.route(hook.url, RetryPolicy={"MaximumRetryAttempts": 2})
        event_id = self.put_event(bus)
        for count in (1, 2):
            self.advance_until(lambda count=count: len(hook.requests) >= count)
            self.wait_until_nothing_is_under_way()
            self.restart()
        self.advance_until(lambda: self.depth(dead) == 1)
        attributes, body = self.letter(dead)
        self.assertEqual(json.loads(body)["id"], event_id)
        self.assertEqual((attributes["EXHAUSTED_RETRY_CONDITION"], attributes["RETRY_ATTEMPTS"]),
                         ("MaximumRetryAttempts", "2"))
        self.assertEqual(len(hook.requests), 3)

    def test_an_attempt_cut_by_a_kill_is_made_again(self):
        with BlackHole() as hole:
            bus, _ = self.route(hole.url)
            event_id = self.put_event(bus)
            wait_until(lambda: hole.connection_count > 0)
            self.broker.kill()
            port = hole.port
        hook = Hook(port=port)
        self.addCleanup(hook.close)
        self.restart()
        self.advance_until(lambda: hook.requests)
        self.assertEqual(hook.requests[0].headers["X-Signalbox-Event-Id"], event_id)

    def test_attempts_under_way_do_not_hold_up_the_stop(self):
        with BlackHole() as hole:
            bus, _ = self.route(hole.url)
            self.put_event(bus)
            wait_until(lambda: hole.connection_count > 0)
            started = time.monotonic()
            self.assertEqual(self.broker.terminate(), 0)
            self.assertLess(time.monotonic() - started, 4)


if __name__ == "__main__":
    unittest.main()
