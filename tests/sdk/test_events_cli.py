"""`signalbox events`: events put, watched and replayed by an operator."""

import http.client
import http.server
import json
import os
import pty
import re
import signal
import subprocess
import threading

import support
from broker_process import Broker, binary_path, free_port
from events_cli import PATTERN, CommandLine, environment
from support import ClockTest, unique, wait_until


class Listing(CommandLine):
    def test_ls_counts_the_rules_and_the_events_of_each_bus(self):
        region = ("--region", "sa-east-1")
        there = support.client("events", self.broker, region="sa-east-1")
        names = [f"listed-{n:03}" for n in range(60)]
        for name in names:
            there.create_event_bus(Name=name)
        self.put_many(names[3], range(12), client=there)
        for n in range(103):
            there.put_rule(Name=f"r{n}", EventBusName=names[3], EventPattern='{"source":["a"]}')
        buses = [json.loads(line) for line in self.says("ls", "--json", *region).splitlines()]
        self.assertEqual([bus["name"] for bus in buses], sorted(["default", *names]))
        self.assertEqual([(bus["rules"], bus["events"]) for bus in buses[3:6]],
                         [(0, 0), (103, 12), (0, 0)])
        rows = [line.split() for line in self.says("ls", *region).splitlines()]
        self.assertEqual(rows[0], ["BUS", "RULES", "EVENTS", "BYTES"])
        self.assertEqual(rows[5][:3], [names[3], "103", "12"])


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
        self.assertIn('"e":1e2,"d":1.0',
                      self.says("tail", "--bus", other, "--from", "start", "--once"))

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

    def test_a_line_without_end_is_refused_and_the_next_is_put(self):
        bus = self.bus()
        lines = "\ufeff" + json.dumps({"Source": "s", "DetailType": "t", "Detail": {}}) + "\n"
        lines += "x" * 9_000_000 + "\n"
        lines += json.dumps({"Source": "s", "DetailType": "t", "Detail": {}}) + "\n"
        done = self.run_events("put", "--bus", bus, "--file", "-", stdin=lines)
        self.assertEqual((done.returncode, done.stdout), (1, "2 events put, 1 refused.\n"))
        self.assertIn("line 2: is longer than", done.stderr)

    def test_ctrl_c_ends_it_and_what_came_before_is_put(self):
        bus = self.bus()
        process = subprocess.Popen(
            [binary_path(), "events", "put", "--bus", bus, "--file", "-"], text=True,
            env=environment(self.broker), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write('{"Source": "s", "DetailType": "t", "Detail": {}}\n')
        process.stdin.flush()
        wait_until(lambda: self.page(bus=bus)["events"])

        def ends():
            process.send_signal(signal.SIGINT)
            return process.poll() is not None
        wait_until(ends)
        self.assertEqual((process.stdout.read(), process.returncode), ("1 event put.\n", 1))
        process.stdin.close()
        process.stdout.close()

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

    def test_an_end_that_is_still_to_come_is_waited_for(self):
        bus = self.bus()
        self.put_event(bus, {"n": 0})
        here = self.page(bus=bus)["next"]
        bus_id, segment, position = here.split(".")
        tail = self.follow("tail", "--bus", bus, "--from", here, "--to",
                           f"{bus_id}.{segment}.{int(position) + 2}")
        for n in (1, 2, 3):
            self.put_event(bus, {"n": n})
            wait_until(lambda expected=min(n, 2): len(tail.lines) == expected)
        self.assertEqual(tail.wait(), 0)
        self.assertEqual(tail.numbers, [1, 2])

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

    def test_a_pattern_may_be_as_long_as_a_rule_has_it(self):
        bus = self.bus()
        cities = [f"\u6771\u4eac\u90fd{n}" for n in range(330)]
        pattern = json.dumps({"detail": {"city": cities}}, ensure_ascii=False)
        self.events.put_rule(Name=unique("rule"), EventBusName=bus, EventPattern=pattern)
        for city in (cities[7], "elsewhere"):
            self.put_event(bus, {"city": city})
        with self.file(pattern) as path:
            said = self.says("tail", "--bus", bus, "--from", "start", "--once", "--pattern-file",
                             path)
        self.assertEqual(json.loads(said)["detail"]["city"], cities[7])

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


class Cutter:
    """Between a command and the broker: after so many PutEvents it cuts the connection instead."""

    def __init__(self, broker, puts):
        cutter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("X-Amz-Target") == "AWSEvents.PutEvents":
                    cutter.left -= 1
                    if cutter.left < 0:
                        self.close_connection = True
                        return
                connection = http.client.HTTPConnection(
                    broker.endpoint.removeprefix("http://"), timeout=30)
                headers = {name: value for name, value in self.headers.items() if name != "Host"}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                text = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                connection.close()

            do_GET = do_POST = forward

            def log_message(self, *_arguments):
                pass

        self.left = puts
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


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

    def test_what_may_not_have_been_put_is_not_skipped_by_going_on(self):
        source, target = self.bus(), self.bus()
        self.put_many(source, range(45))
        with Cutter(self.broker, puts=3) as cutter:
            done = self.run_events("replay", "--bus", source, "--from", "start", "--to-bus", target,
                                   variables=[("AWS_ENDPOINT_URL", cutter.endpoint)])
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not known", done.stderr)
        place = done.stderr.split("--from ")[1].split()[0]
        self.says("replay", "--bus", source, "--from", place, "--to-bus", target)
        self.assertEqual([event["detail"]["n"] for event in self.logged(target)], list(range(45)))

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
                (2, "--region UPPER", ("tail", "--once", "--region", "UPPER")),
                (2, "--region ", ("ls", "--region", "")),
                (2, "--account 12", ("ls", "--account", "12")),
                (2, "more than 1048576 bytes", ("tail", "--pattern-file", "/dev/zero")),
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
