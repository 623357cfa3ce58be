"""`signalbox events` and the path underneath: events put, watched and replayed by an operator."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

import support
from broker_process import Broker, binary_path, free_port
from support import ClockTest, SdkTest, unique, wait_until

PATTERN = {"source": ["wanted"]}


def environment(broker, variables=()):
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith("AWS_") and name != "NO_COLOR"}
    return {**inherited, "AWS_ENDPOINT_URL": broker.endpoint, **dict(variables)}


class Following:
    """A command that goes on until it is told to end."""

    def __init__(self, broker, *arguments):
        self.process = subprocess.Popen(
            [binary_path(), "events", *arguments], env=environment(broker), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.told = [], []
        self.threads = [threading.Thread(target=self._read, args=each, daemon=True) for each in (
            (self.process.stdout, self.lines), (self.process.stderr, self.told))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line)

    @property
    def numbers(self):
        return [json.loads(line)["detail"]["n"] for line in list(self.lines)]

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.wait()

    def wait(self):
        status = self.process.wait(timeout=30)
        for thread in self.threads:
            thread.join()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class CommandLine(SdkTest):
    def run_events(self, *arguments, stdin="", variables=(), **keywords):
        return subprocess.run([binary_path(), "events", *arguments], input=stdin, text=True,
                              capture_output=True, timeout=120, check=False,
                              env=environment(self.broker, variables), **keywords)

    def says(self, *arguments, **keywords):
        done = self.run_events(*arguments, **keywords)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refuses(self, status, part, *arguments, **keywords):
        done = self.run_events(*arguments, **keywords)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.assertTrue(done.stderr.startswith("signalbox: "), done.stderr)
        self.assertIn(part, done.stderr)
        return done

    def logged(self, bus):
        """The events of a bus's log."""
        return [json.loads(line) for line in
                self.says("tail", "--bus", bus, "--from", "start", "--once").splitlines()]

    def follow(self, *arguments, broker=None):
        following = Following(broker or self.broker, *arguments)
        self.addCleanup(following.close)
        return following

    def put_many(self, bus, numbers, source="test", client=None):
        numbers = list(numbers)
        for first in range(0, len(numbers), 10):
            answer = (client or self.events).put_events(Entries=[
                {"EventBusName": bus, "Source": source, "DetailType": "Test",
                 "Detail": json.dumps({"n": n})} for n in numbers[first:first + 10]])
            self.assertEqual(answer["FailedEntryCount"], 0, answer)

    @contextlib.contextmanager
    def file(self, text):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            yield file.name

    def page(self, status=200, broker=None, **parameters):
        parameters = {name.rstrip("_"): value for name, value in parameters.items()}
        answer = self.raw("GET", "/_signalbox/events?" + urllib.parse.urlencode(parameters),
                          broker=broker)
        self.assertEqual(answer.status, status, answer.text)
        return answer.json


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
        self.assertEqual(self.raw("POST", "/_signalbox/events").status, 405)
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

    def test_a_wait_ends_with_its_bus(self):
        bus = self.bus()
        thread, got = self.wait_for_page(bus=bus, status=404, wait=20)
        self.events.delete_event_bus(Name=bus)
        thread.join()
        self.assertIn("does not exist", got[0]["message"])

    def test_a_stop_does_not_wait_for_them(self):
        with Broker() as broker:
            thread, got = self.wait_for_page(broker=broker, wait=20)
            broker.get("/_signalbox/health")
            began = time.monotonic()
            self.assertEqual(broker.terminate(), 0)
            self.assertLess(time.monotonic() - began, 10)
            thread.join()
            self.assertEqual(got[0]["events"], [])


class Putting(CommandLine):
    def test_an_event_of_options_is_put_and_its_id_printed(self):
        bus = self.bus()
        said = self.says("put", "--bus", bus, "--source", "shop", "--detail-type", "order.created",
                         "--detail", '{"n": 1, "big": 9007199254740993, "d": 1.0}',
                         "--resource", "arn:one", "--resource", "arn:two",
                         "--time", "2026-01-02T03:04:05Z")
        line, = self.says("tail", "--bus", bus, "--from", "start", "--once").splitlines()
        event = json.loads(line)
        self.assertEqual(event["id"], said.strip())
        self.assertEqual((event["source"], event["detail-type"], event["resources"],
                          event["time"]), ("shop", "order.created", ["arn:one", "arn:two"],
                                           "2026-01-02T03:04:05Z"))
        self.assertIn('"detail":{"n":1,"big":9007199254740993,"d":1.0}', line)

    def test_details_come_from_files_and_standard_input(self):
        bus = self.bus()
        common = ("put", "--bus", bus, "--source", "s", "--detail-type", "t")
        with self.file('{"from": "a file"}\n') as path:
            self.says(*common, "--file", path)
        self.says(*common, "-", stdin='{"from": "a pipe"}')
        self.says(*common, "--count", "12")
        self.assertEqual([event["detail"] for event in self.logged(bus)],
                         [{"from": "a file"}, {"from": "a pipe"}] + 12 * [{}])

    def test_a_file_has_entries_or_events_and_may_name_buses(self):
        bus, other = self.bus(), self.bus()
        self.put_many(bus, [1])
        event = json.dumps(self.logged(bus)[0])
        lines = [event, json.dumps({"Source": "s", "DetailType": "t", "Detail": '{"n": 2}'}), "",
                 json.dumps({"Source": "s", "DetailType": "t", "Detail": {"n": 3},
                             "Time": "2026-01-02T03:04:05Z", "EventBusName": bus}),
                 '{"Source":"s","DetailType":"t","Detail":{"n":4,"e":1e2,"d":1.0}}']
        said = self.says("put", "--bus", other, "--file", "-", stdin="\n".join(lines))
        self.assertEqual(said, "4 events put.\n")
        self.assertEqual([each["detail"]["n"] for each in self.logged(other)], [1, 2, 4])
        self.assertEqual(self.logged(bus)[1]["time"], "2026-01-02T03:04:05Z")
        self.assertIn('"e":1e2,"d":1.0', self.says("tail", "--bus", other, "--from", "start", "--once"))

    def test_each_refusal_is_told_with_its_line_and_the_others_are_put(self):
        bus = self.bus()
        good = json.dumps({"Source": "s", "DetailType": "t", "Detail": {}})
        lines = [good, "not JSON", good, '{"Source": "s", "Wrong": 1}', "[1]",
                 '{"Source": "aws.x", "DetailType": "t", "Detail": {}}',
                 '{"Source": "s", "DetailType": "t", "Detail": "no JSON"}',
                 '{"Source": 5, "DetailType": "t", "Detail": {}}',
                 '{"Source": "s", "DetailType": "t", "Detail": {}} x', good]
        done = self.refuses(1, "line 2: not a JSON object", "put", "--bus", bus, "--file", "-",
                            stdin="\n".join(lines))
        self.assertEqual(done.stdout, "3 events put, 7 refused.\n")
        for part in ("line 4: an entry has no member Wrong", "line 5: not a JSON object",
                     "line 6: NotAuthorizedForSourceException: ", "line 7: MalformedDetail: ",
                     "line 8: ", "line 9: not a JSON object"):
            self.assertIn("signalbox: " + part, done.stderr)
        self.assertEqual(len(self.logged(bus)), 3)

    def test_events_that_are_too_large_together_are_put_one_by_one(self):
        bus = self.bus()
        line = json.dumps({"Source": "s", "DetailType": "t", "Detail": {"p": "x" * 400_000}})
        said = self.says("put", "--bus", bus, "--file", "-", stdin="\n".join(5 * [line]))
        self.assertEqual(said, "5 events put.\n")
        self.assertEqual(len(self.logged(bus)), 5)

    def test_lines_of_a_pipe_are_put_as_they_come(self):
        bus = self.bus()
        process = subprocess.Popen(
            [binary_path(), "events", "put", "--bus", bus, "--file", "-", "--json"], text=True,
            env=environment(self.broker), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for n in range(3):
            process.stdin.write(json.dumps(
                {"Source": "s", "DetailType": "t", "Detail": {"n": n}}) + "\n")
            process.stdin.flush()
            wait_until(lambda n=n: len(self.page(bus=bus)["events"]) == n + 1)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_progress_is_shown_on_a_terminal_only(self):
        bus = self.bus()
        lines = 100 * (json.dumps({"Source": "s", "DetailType": "t", "Detail": {}}) + "\n")
        done = self.run_events("put", "--bus", bus, "--file", "-", stdin=lines)
        self.assertEqual(done.stderr, "")
        terminal, inside = pty.openpty()
        try:
            done = subprocess.run([binary_path(), "events", "put", "--bus", bus, "--file", "-"],
                                  input=lines, stdout=subprocess.PIPE, stderr=inside, text=True,
                                  env=environment(self.broker), timeout=60, check=False)
            self.assertIn("put.", os.read(terminal, 4096).decode())
        finally:
            os.close(terminal)
            os.close(inside)
        self.assertEqual(done.stdout, "100 events put.\n")


class Tailing(CommandLine):
    def test_events_are_printed_as_they_come(self):
        bus = self.bus()
        self.put_many(bus, [0])
        tail = self.follow("tail", "--bus", bus, "--from", "start")
        wait_until(lambda: tail.numbers == [0])
        for n in range(1, 6):
            self.put_many(bus, [n])
            wait_until(lambda n=n: tail.numbers == list(range(n + 1)))
        self.assertEqual((tail.end(), tail.told), (0, []))

    def test_without_a_place_it_begins_now(self):
        bus = self.bus()
        self.put_many(bus, [0])
        tail = self.follow("tail", "--bus", bus)
        number = iter(range(1, 1000))

        def put_until_seen():
            self.put_many(bus, [next(number)])
            return tail.numbers
        wait_until(put_until_seen)
        self.assertNotIn(0, tail.numbers)
        self.assertEqual(tail.end(signal.SIGTERM), 0)

    def test_a_tail_begins_and_ends_where_it_is_told_to(self):
        bus = self.bus()
        self.put_many(bus, range(20))
        events = self.page(bus=bus)["events"]
        said = self.says("tail", "--bus", bus, "--from", events[4]["position"],
                         "--to", events[9]["position"])
        self.assertEqual([json.loads(line)["detail"]["n"] for line in said.splitlines()],
                         [5, 6, 7, 8, 9])
        self.assertEqual(len(self.says("tail", "--bus", bus, "--from", "1h", "--once")
                             .splitlines()), 20)
        self.assertEqual(self.says("tail", "--bus", bus, "--from", "2099-01-01T00:00:00Z",
                                   "--once"), "")

    def test_a_pattern_is_matched_by_the_broker(self):
        bus = self.bus()
        self.put_many(bus, range(5))
        self.put_many(bus, [5, 6], source="wanted")
        with self.file(json.dumps(PATTERN)) as path:
            for option in (("--pattern", json.dumps(PATTERN)), ("--pattern-file", path)):
                said = self.says("tail", "--bus", bus, *option, "--from", "start", "--once")
                self.assertEqual([json.loads(line)["detail"]["n"] for line in said.splitlines()],
                                 [5, 6])

    def test_a_kill_and_a_restart_of_the_broker_lose_and_repeat_nothing(self):
        port = free_port()
        with Broker() as broker:
            broker.kill()
            broker.command = lambda: Broker.command(broker, f"127.0.0.1:{port}")
            broker.start()
            client = support.client("events", broker)
            tail = self.follow("tail", "--from", "start", broker=broker)
            self.put_many("default", range(50), client=client)
            wait_until(lambda: len(tail.lines) == 50)
            for restart in (1, 2):
                broker.kill()
                wait_until(lambda r=restart: "".join(tail.told).count("Trying again") == r)
                broker.start()
                self.put_many("default", range(50 * restart, 50 * restart + 50), client=client)
                wait_until(lambda r=restart: len(tail.lines) >= 50 * r + 50)
            self.assertEqual(tail.numbers, list(range(150)))
            self.assertEqual(tail.end(), 0)
            self.assertEqual(len(tail.told), 4, tail.told)
            self.assertIn("answers again", tail.told[1])

    def test_it_ends_when_its_output_is_closed(self):
        bus = self.bus()
        for n in (0, 1):  # while it waits, and when it writes
            reading, writing = os.pipe()
            process = subprocess.Popen(
                [binary_path(), "events", "tail", "--bus", bus, "--from", "start"], stdout=writing,
                stderr=subprocess.PIPE, env=environment(self.broker), text=True)
            os.close(writing)
            if n == 1:
                os.read(reading, 1)
            os.close(reading)
            if n == 0:
                self.put_many(bus, range(2000))
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertEqual(process.stderr.read(), "")
            process.stderr.close()

    def test_output_that_could_not_be_written_is_a_failure(self):
        bus = self.bus()
        self.put_many(bus, range(10))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([binary_path(), "events", "tail", "--bus", bus, "--from",
                                   "start", "--once"], stdout=full, stderr=subprocess.PIPE,
                                  env=environment(self.broker), text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)

    def on_terminal(self, bus, variables=()):
        terminal, inside = pty.openpty()
        try:
            subprocess.run([binary_path(), "events", "tail", "--bus", bus, "--from", "start",
                            "--once"], stdout=inside, timeout=60, check=True,
                           env=environment(self.broker, {"TERM": "xterm", **dict(variables)}))
            return os.read(terminal, 65536).decode()
        finally:
            os.close(terminal)
            os.close(inside)

    def test_people_get_a_line_each_in_colour_where_they_like_it(self):
        bus = self.bus()
        detail = '{"text": "a\u009b", "long": "' + "ü" * 200 + '"}'
        self.put_event(bus, detail, source="shop", detail_type="order.created\x1b[31m\n")
        event = self.logged(bus)[0]
        text = self.says("tail", "--bus", bus, "--from", "start", "--once", "--text")
        self.assertEqual(text.count("\n"), 1)
        start = f"{event['time']}  shop  order.created?[31m   {event['id']}  " + '{"text":"a'
        self.assertTrue(text.startswith(start), text)
        self.assertTrue(text.endswith("ü…\n"), text)
        self.assertEqual(len(text.rpartition("  ")[2]), 81)
        self.assertNotIn("\u009b", text)
        self.assertNotIn("\u001b", text)
        self.assertIn("\u001b[36mshop\u001b[0m", self.on_terminal(bus))
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\u001b", self.on_terminal(bus, variables))


class LogReplays(CommandLine):
    def test_a_log_is_put_on_another_bus(self):
        bus, other = self.bus(), self.bus()
        self.put_event(bus, '{"n": 1.0}', source="a", Time=86_400, Resources=["arn:x"])
        self.put_event(bus, '{"n": 2}', source="b")
        said = self.says("replay", "--bus", bus, "--from", "start", "--to-bus", other)
        self.assertEqual(said, "2 events put.\n")
        before, after = self.logged(bus), self.logged(other)
        for old, new in zip(before, after, strict=True):
            self.assertNotEqual(old.pop("id"), new.pop("id"))
            self.assertEqual(old, new)
        self.assertIn('{"n":1.0}', self.says("tail", "--bus", other, "--from", "start", "--once"))

    def test_a_log_is_put_on_its_own_bus_once(self):
        bus = self.bus()
        self.put_many(bus, range(1200))
        for to in ((), ("--to", "2099-01-01T00:00:00Z"), ("--to", "now")):
            before = len(self.logged(bus))
            self.assertEqual(self.says("replay", "--bus", bus, "--from", "1h", *to),
                             f"{before} events put.\n")
            self.assertEqual(len(self.logged(bus)), 2 * before)
            self.events.delete_event_bus(Name=bus)
            self.events.create_event_bus(Name=bus)
            self.put_many(bus, range(600))

    def test_a_pattern_and_places_choose_and_a_dry_run_only_prints(self):
        bus, other = self.bus(), self.bus()
        self.put_many(bus, range(5))
        self.put_many(bus, range(5, 8), source="wanted")
        places = [each["position"] for each in self.page(bus=bus)["events"]]
        chosen = ("replay", "--bus", bus, "--from", places[5], "--to", "now", "--to-bus", other,
                  "--pattern", json.dumps(PATTERN))
        done = self.run_events(*chosen, "--dry-run")
        self.assertEqual([json.loads(line)["detail"]["n"] for line in done.stdout.splitlines()],
                         [6, 7])
        self.assertEqual(done.stderr, "signalbox: 2 events would be put.\n")
        self.assertEqual(self.logged(other), [])
        self.says(*chosen)
        self.assertEqual([event["detail"]["n"] for event in self.logged(other)], [6, 7])

    def test_a_bus_that_is_not_there_is_told(self):
        bus, nowhere = self.bus(), unique("nowhere")
        self.put_many(bus, [1])
        for arguments in (("--bus", nowhere), ("--bus", bus, "--to-bus", nowhere)):
            done = self.refuses(1, f"Event bus {nowhere} does not exist", "replay", *arguments,
                                "--from", "start")
            self.assertEqual(done.stdout, "")


class ArchiveReplays(ClockTest, CommandLine):
    def archive(self):
        """A bus with an archive of three events, the queue of a rule, and the archive's name."""
        bus, queue, name = self.bus(), self.queue(), unique("archive")
        described = self.events.describe_event_bus(Name=bus)
        self.events.create_archive(ArchiveName=name, EventSourceArn=described["Arn"])
        self.put_many(bus, range(3))
        rule = self.rule(bus, {"source": ["test"]}, queue)
        return bus, queue, name, rule

    def received(self, queue, count):
        got = []

        def receive():
            got.extend(json.loads(message["Body"]) for message in self.receive(queue))
            return len(got) >= count
        wait_until(receive)
        return sorted(event["detail"]["n"] for event in got)

    def test_an_archive_is_replayed_and_followed_to_its_end(self):
        _, queue, archive, _ = self.archive()
        name = unique("replay")
        said = self.says("replay", "--archive", archive, "--from", "1h", "--to",
                         "2099-01-01T00:00:00Z", "--name", name)
        self.assertEqual(said, f"Replay {name} is complete.\n")
        self.assertEqual(self.received(queue, 3), [0, 1, 2])
        said = self.says("replay", "--archive", archive, "--from", "1h", "--to",
                         "2099-01-01T00:00:00Z", "--json")
        self.assertEqual(json.loads(said)["State"], "COMPLETED")
        self.refuses(1, f"Replay {name} already exists", "replay", "--archive", archive, "--from",
                     "1h", "--name", name)

    def test_only_the_rules_that_are_named_get_it(self):
        bus, queue, archive, rule = self.archive()
        other = self.queue()
        second = self.rule(bus, {"source": ["test"]}, other)
        arn = self.events.describe_rule(Name=second, EventBusName=bus)["Arn"]
        self.says("replay", "--archive", archive, "--from", "1h", "--to", "2099-01-01T00:00:00Z",
                  "--rule", arn)
        self.assertEqual(self.received(other, 3), [0, 1, 2])
        self.assertEqual(self.receive(queue), [])
        self.says("replay", "--archive", archive, "--from", "1h", "--to", "2099-01-01T00:00:00Z",
                  "--rule", rule)
        self.assertEqual(self.received(queue, 3), [0, 1, 2])

    def test_what_the_broker_refuses_is_told(self):
        _, _, archive, _ = self.archive()
        self.refuses(1, "nothing-there", "replay", "--archive", "nothing-there", "--from", "1h")
        self.refuses(1, "EventStartTime must be before", "replay", "--archive", archive, "--from",
                     "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
        self.refuses(1, "does not exist", "replay", "--cancel", "no-such-replay")


class Cancelling(CommandLine):
    def test_ctrl_c_leaves_a_replay_running_and_says_how_to_end_it(self):
        with Broker() as broker:
            client = support.client("events", broker)
            bus_arn = client.describe_event_bus(Name="default")["Arn"]
            client.create_archive(ArchiveName="kept", EventSourceArn=bus_arn)
            self.put_many("default", range(10), client=client)
            # One event a minute of ten years: it goes through them minute by minute.
            lines = "".join(json.dumps({"Source": "s", "DetailType": "t", "Detail": {},
                                        "Time": 60 * n}) + "\n" for n in range(20_000))
            done = subprocess.run([binary_path(), "events", "put", "--file", "-"], input=lines,
                                  text=True, capture_output=True, env=environment(broker),
                                  timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            replay = self.follow("replay", "--archive", "kept", "--from", "0", "--name", "long",
                                 broker=broker)
            wait_until(lambda: client.list_replays()["Replays"])
            status = replay.end()
            self.assertEqual(status, 0)
            state = client.describe_replay(ReplayName="long")["State"]
            if state != "COMPLETED":  # a fast machine may be done by then
                self.assertIn("`signalbox events replay --cancel long` stops it",
                              "".join(replay.told))
                cancelled = subprocess.run(
                    [binary_path(), "events", "replay", "--cancel", "long"], text=True,
                    capture_output=True, env=environment(broker), timeout=60, check=False)
                self.assertIn("is being cancelled", cancelled.stdout)
                wait_until(lambda: client.describe_replay(ReplayName="long")["State"] in (
                    "CANCELLED", "COMPLETED"))


class Complaints(CommandLine):
    def test_what_is_wrong_is_said_with_what_to_do(self):
        bus = self.bus()
        for status, part, arguments in (
                (2, "signalbox events --help", ("frobnicate",)),
                (2, "put needs an event", ("put",)),
                (2, "put needs --detail-type too", ("put", "--source", "s")),
                (2, "/no/such/file", ("put", "--file", "/no/such/file")),
                (2, "Is a directory", ("put", "--file", "/")),
                (2, "--time yesterday", ("put", "--source", "s", "--detail-type", "t", "--time",
                                         "yesterday")),
                (1, "the event: MalformedDetail", ("put", "--source", "s", "--detail-type", "t",
                                                   "--detail", "x")),
                (1, "does not exist in account", ("tail", "--bus", "nowhere")),
                (1, "does not exist in account", ("put", "--bus", "nowhere", "--source", "s",
                                                  "--detail-type", "t")),
                (1, "pattern is no event pattern", ("tail", "--bus", bus, "--pattern", "{")),
                (1, "pattern is no event pattern", ("replay", "--bus", bus, "--from", "start",
                                                    "--pattern", '{"source":5}')),
                (2, "--from then", ("tail", "--from", "then")),
                (2, "/no/such/file", ("tail", "--pattern-file", "/no/such/file")),
                (1, "log of another bus", ("tail", "--bus", bus, "--from", "99999.1.1")),
                (2, "replay needs --from", ("replay", "--archive", "a")),
                (2, "--rule goes with --archive", ("replay", "--from", "start", "--rule", "r")),
                (2, "https is not spoken", ("tail", "--endpoint-url", "https://127.0.0.1:1"))):
            with self.subTest(arguments=arguments):
                self.refuses(status, part, *arguments)
        self.assertIn("signalbox events tail", self.says("--help"))
        self.assertRegex(subprocess.run([binary_path(), "--help"], capture_output=True, text=True,
                                        check=True).stdout, re.compile("signalbox events +put"))

    def test_a_broker_that_is_not_there_is_named(self):
        url = f"http://127.0.0.1:{free_port()}"
        for arguments in (("tail",), ("put", "--source", "s", "--detail-type", "t"),
                          ("replay", "--from", "start"),
                          ("replay", "--archive", "a", "--from", "1h")):
            self.refuses(1, f"{url}: nothing answers there", *arguments, "--endpoint-url", url)

    def test_worlds_are_chosen_as_the_aws_cli_does(self):
        abroad = {"AWS_DEFAULT_REGION": "eu-west-3", "AWS_ACCESS_KEY_ID": "310987654321"}
        self.says("put", "--source", "s", "--detail-type", "t", variables=abroad)
        line = self.says("tail", "--from", "start", "--once", "--region", "eu-west-3", "--account",
                         "310987654321")
        self.assertEqual((json.loads(line)["account"], json.loads(line)["region"]),
                         ("310987654321", "eu-west-3"))
