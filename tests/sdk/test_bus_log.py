"""/_signalbox/events: the log of a bus, page by page, and pages that wait."""

import json
import threading
import time

import support
from broker_process import Broker
from events_cli import PATTERN, CommandLine
from support import ClockTest, wait_until


class Pages(CommandLine):
    def test_each_of_ten_thousand_events_is_on_one_page(self):
        bus = self.bus()
        with self.file("".join(json.dumps(
                {"Source": "s", "DetailType": "t", "Detail": {"n": n}}) + "\n"
                for n in range(10_000))) as path:
            self.assertEqual(self.says("put", "--bus", bus, "--file", path), "10000 events put.\n")
        seen, positions, place = [], [], "start"
        while True:
            page = self.page(bus=bus, from_=place, limit=937)
            seen += [each["event"]["detail"]["n"] for each in page["events"]]
            positions += [each["position"] for each in page["events"]]
            place = page["next"]
            if not page["more"]:
                break
        self.assertEqual(seen, list(range(10_000)))
        self.assertEqual(len(set(positions)), 10_000)
        self.assertEqual(self.page(bus=bus, from_=place)["events"], [])
        self.assertEqual([event["detail"]["n"] for event in self.logged(bus)], seen)

    def test_a_page_of_few_matches_ends_before_it_has_looked_at_everything(self):
        bus = self.bus()
        self.put_many(bus, range(12_000))
        self.put_many(bus, [-1], source="wanted")
        page = self.page(bus=bus, pattern=json.dumps(PATTERN))
        self.assertEqual((page["events"], page["more"]), ([], True))
        page = self.page(bus=bus, pattern=json.dumps(PATTERN), from_=page["next"])
        self.assertEqual([each["event"]["detail"]["n"] for each in page["events"]], [-1])
        self.assertFalse(page["more"])

    def test_an_event_has_its_place_and_the_time_it_was_accepted(self):
        bus = self.bus()
        before_ms = time.time() * 1000
        self.put_event(bus, Time=0)
        self.put_event(bus)
        first, second = self.page(bus=bus)["events"]
        self.assertTrue(before_ms - 1 <= first["accepted_ms"] <= time.time() * 1000)
        self.assertEqual(first["event"]["time"], "1970-01-01T00:00:00Z")
        self.assertEqual(self.page(bus=bus, from_=first["position"])["events"], [second])
        self.assertEqual(self.page(bus=bus, to=first["position"])["events"], [first])
        self.assertEqual(self.page(bus=bus, from_=before_ms / 1000)["events"], [first, second])
        self.assertEqual(self.page(bus=bus, to=f"{before_ms / 1000 - 1:.3f}")["events"], [])
        self.assertEqual(self.page(bus=bus, from_="now")["events"], [])
        self.assertEqual(self.page(bus=bus, from_="2020-01-02T03:04:05+01:00")["events"],
                         [first, second])

    def test_an_arn_names_a_bus_and_parameters_another_world(self):
        there = support.client("events", self.broker, region="eu-west-3",
                               access_key="210987654321")
        there.create_event_bus(Name="abroad")
        self.put_many("abroad", [1], client=there)
        world = {"account": "210987654321", "region": "eu-west-3"}
        self.assertEqual(len(self.page(bus="abroad", **world)["events"]), 1)
        arn = "arn:aws:events:eu-west-3:210987654321:event-bus/abroad"
        self.assertEqual(len(self.page(bus=arn)["events"]), 1)
        message = self.page(404, bus="abroad")["message"]
        self.assertIn("abroad does not exist in account 000000000000", message)

    def test_a_default_bus_has_a_log_before_its_first_event(self):
        world = {"region": "ap-south-1"}
        page = self.page(**world)
        self.assertEqual((page["events"], page["more"]), ([], False))
        there = support.client("events", self.broker, region="ap-south-1")
        self.put_many("default", [1], client=there)
        self.assertEqual(len(self.page(from_=page["next"], **world)["events"]), 1)

    def test_what_is_wrong_with_a_request_is_said(self):
        bus, other = self.bus(), self.bus()
        self.put_event(other)
        elsewhere = self.page(bus=other)["next"]
        for part, parameters in (
                ("from is yesterday: give start, now, a time", {"from_": "yesterday"}),
                ("to is 1.2.3.4", {"to": "1.2.3.4"}), ("from is ", {"from_": ""}),
                ("from is -1", {"from_": "-1"}), ("from is 1..2", {"from_": "1..2"}),
                ("log of another bus", {"from_": elsewhere}),
                ("log of another bus", {"to": elsewhere}),
                ("limit is 0: give a whole number from 1 to 1000", {"limit": "0"}),
                ("limit is 1001", {"limit": "1001"}), ("limit is ten", {"limit": "ten"}),
                ("wait is 21: give seconds from 0 to 20", {"wait": "21"}),
                ("wait is -1", {"wait": "-1"}), ("wait is nan", {"wait": "nan"}),
                ("pattern is no event pattern", {"pattern": "{"}),
                ("pattern is no event pattern", {"pattern": '{"source": "text"}'}),
                ("pattern is no event pattern", {"pattern": ""}),
                ("There is no parameter after", {"after": "1.1"}), ("bus is empty", {"bus": ""})):
            with self.subTest(parameters=parameters):
                self.assertIn(part, self.page(400, **{"bus": bus, **parameters})["message"])
        self.assertEqual(self.raw("PUT", "/_signalbox/events").status, 405)
        self.assertEqual(self.raw("GET", "/_signalbox/events?from=%zz").status, 400)
        self.assertEqual(self.raw("GET", f"/_signalbox/events?bus={'x' * 9000}").status, 404)

    def test_what_was_deleted_leaves_no_place_behind(self):
        bus = self.bus()
        self.put_event(bus)
        place = self.page(bus=bus)["next"]
        self.events.delete_event_bus(Name=bus)
        self.events.create_event_bus(Name=bus)
        self.assertIn("was deleted", self.page(400, bus=bus, from_=place)["message"])


class Waiting(CommandLine):
    def wait_for_page(self, **parameters):
        """A thread that asks for a page, and what it got."""
        got = []
        began = time.monotonic()

        def ask():
            got.append(self.page(**parameters))
            got.append(time.monotonic() - began)
        thread = threading.Thread(target=ask)
        thread.start()
        return thread, got

    def test_a_page_waits_for_its_first_event(self):
        bus = self.bus()
        place = self.page(bus=bus)["next"]
        thread, got = self.wait_for_page(bus=bus, from_=place, wait=20,
                                         pattern=json.dumps(PATTERN))
        self.put_many(bus, [1])
        self.put_many(bus, [2], source="wanted")
        thread.join()
        self.assertEqual([each["event"]["detail"]["n"] for each in got[0]["events"]], [2])
        self.assertLess(got[1], 10)

    def test_a_page_that_waited_in_vain_says_where_to_go_on(self):
        bus = self.bus()
        self.put_many(bus, [1])
        page = self.page(bus=bus, from_="now", wait=0.05)
        self.put_many(bus, [2])
        self.assertEqual([each["event"]["detail"]["n"] for each in
                          self.page(bus=bus, from_=page["next"], wait=20)["events"]], [2])

    def test_many_wait_at_once_and_each_gets_the_event(self):
        bus = self.bus()
        waiting = [self.wait_for_page(bus=bus, from_="start", wait=20) for _ in range(40)]
        self.put_many(bus, [1])
        for thread, got in waiting:
            thread.join()
            self.assertEqual(len(got[0]["events"]), 1)
            self.assertLess(got[1], 15)

    def test_an_end_that_is_still_to_come_is_waited_for(self):
        bus = self.bus()
        self.put_event(bus)
        first = self.page(bus=bus, to="now")
        self.assertTrue(first["end"])
        bus_id, segment, position = first["next"].split(".")
        ahead = f"{bus_id}.{segment}.{int(position) + 2}"
        thread, got = self.wait_for_page(bus=bus, from_="now", to=ahead, wait=20)
        self.put_event(bus)
        thread.join()
        self.assertEqual(len(got[0]["events"]), 1)
        self.assertNotIn("end", got[0])
        self.put_event(bus)
        self.assertTrue(self.page(bus=bus, from_=got[0]["next"], to=ahead)["end"])
        self.assertNotIn("end", self.page(bus=bus, to="2099-01-01T00:00:00Z"))

    def test_nothing_comes_before_a_beginning_that_is_still_to_come(self):
        bus = self.bus()
        thread, got = self.wait_for_page(bus=bus, from_="2099-01-01T00:00:00Z", wait=1)
        self.put_event(bus)
        thread.join()
        self.assertEqual((got[0]["events"], got[0]["next"]), ([], "4070908800.000"))
        self.assertEqual(self.page(bus=bus, from_=got[0]["next"])["events"], [])

    def test_a_wait_ends_with_its_bus(self):
        bus = self.bus()
        thread, got = self.wait_for_page(bus=bus, status=404, wait=20)
        self.events.delete_event_bus(Name=bus)
        thread.join()
        self.assertIn("does not exist", got[0]["message"])

    def test_a_stop_does_not_wait_for_them(self):
        with Broker() as broker:
            thread, got = self.wait_for_page(broker=broker, wait=20)
            wait_until(lambda: b"signalbox_waiting_pages 1" in
                       self.raw("GET", "/_signalbox/metrics", broker=broker).body)
            began = time.monotonic()
            self.assertEqual(broker.terminate(), 0)
            self.assertLess(time.monotonic() - began, 10)
            thread.join()
            self.assertEqual(got[0]["events"], [])


class Retention(ClockTest, CommandLine):
    options = ("--test-clock", "--bus-log-retention-s", "86400")

    def test_whoever_comes_too_late_is_told_what_is_gone(self):
        bus = self.bus()
        self.put_many(bus, [1, 2])
        first, second = self.page(bus=bus)["events"]
        self.advance(90_000)
        self.put_many(bus, [3])
        page = self.page(bus=bus, from_=first["position"])
        self.assertEqual(([each["event"]["detail"]["n"] for each in page["events"]], page["gap"]),
                         ([3], True))
        self.assertNotIn("gap", self.page(bus=bus, from_="start"))
        self.assertNotIn("gap", self.page(bus=bus, from_=second["position"]))
        done = self.run_events("tail", "--bus", bus, "--from", first["position"], "--once")
        self.assertEqual(json.loads(done.stdout)["detail"]["n"], 3)
        self.assertIn("some events had left the log", done.stderr)
        self.assertLess(second["position"], page["next"])
