"""Explanations: POST /_signalbox/explain over the rules of a bus, and `signalbox explain`."""

import json
import pathlib
import subprocess
import tempfile
import time
import unittest

import support
from broker_process import binary_path
from support import SdkTest

PATH = "/_signalbox/explain"
PAID = {"source": ["orders"], "detail": {"status": ["paid"]}}


class Explaining(SdkTest):
    def ask(self, question, query="", method="POST", headers=None):
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        return self.raw(method, PATH + query, body, headers)

    def explain(self, bus, event, query="", **members):
        answer = self.ask({"bus": bus, "event": event, **members}, query)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def refused_with(self, status, part, *arguments, **keywords):
        answer = self.ask(*arguments, **keywords)
        self.assertEqual(answer.status, status, answer.text)
        self.assertIn(part, answer.json["message"])

    # ---- answers ----

    def test_rules_that_match_are_listed_with_why(self):
        bus = self.bus()
        name = self.rule(bus, PAID)
        answer = self.explain(bus, {"source": "orders", "detail": {"status": "paid"}})
        self.assertEqual((answer["bus"], answer["matched_count"], answer["rules_examined"]),
                         (bus, 1, 1))
        self.assertTrue(answer["complete"])
        rule = answer["matched"][0]
        self.assertEqual((rule["rule"], rule["matched"]), (name, True))
        self.assertEqual(rule["fields"][0], {"path": "detail.status", "matched": True,
                                             "by": ["paid"], "seen": ["paid"]})

    def test_misses_come_nearest_first_with_what_was_seen(self):
        bus = self.bus()
        far = self.rule(bus, {"source": ["x"], "detail": {"status": ["x"]}})
        near = self.rule(bus, PAID)
        answer = self.explain(bus, {"source": "orders", "detail": {"status": "Paid"}}, nearest=2)
        self.assertEqual([rule["rule"] for rule in answer["nearest"]], [near, far])
        self.assertEqual(answer["nearest"][0]["first_missed"], "detail.status")
        field = answer["nearest"][0]["fields"][0]
        self.assertEqual((field["reason"], field["wanted"], field["seen"]),
                         ("other_value", ["paid"], ["Paid"]))
        self.assertIn("only in case", field["hint"])
        self.assertEqual(len(self.explain(bus, {}, nearest=1)["nearest"]), 1)
        self.assertEqual(self.explain(bus, {}, nearest=0)["nearest"], [])

    def test_one_rule_is_explained_whether_it_matches_or_not(self):
        bus = self.bus()
        name = self.rule(bus, PAID)
        self.rule(bus, {"source": ["x"]})
        answer = self.explain(bus, {"source": "orders"}, rule=name)
        self.assertEqual((answer["rule"], answer["matched"], answer["first_missed"]),
                         (name, False, "detail.status"))
        self.assertNotIn("nearest", answer)
        answer = self.explain(bus, {"source": "orders", "detail": {"status": "paid"}}, rule=name)
        self.assertTrue(answer["matched"])

    def test_an_event_of_the_bus_log_can_be_asked_about_as_it_is(self):
        bus = self.bus()
        name = self.rule(bus, {"detail": {"number": [1]}})
        self.put_event(bus, '{"number": 1.0}')
        event = self.raw("GET", f"/_signalbox/events?bus={bus}").json["events"][-1]["event"]
        self.assertEqual(self.explain(bus, event)["matched"][0]["rule"], name)

    def test_a_disabled_rule_is_a_miss_and_says_so(self):
        bus = self.bus()
        name = self.rule(bus, {"source": ["orders"]})
        self.events.disable_rule(Name=name, EventBusName=bus)
        answer = self.explain(bus, {"source": "orders"})
        self.assertEqual(answer["matched_count"], 0)
        self.assertEqual((answer["nearest"][0]["rule"], answer["nearest"][0]["enabled"]),
                         (name, False))
        self.assertIs(self.explain(bus, {"source": "orders"}, rule=name)["enabled"], False)

    def test_rules_on_a_schedule_are_left_out(self):
        name = support.unique("scheduled")
        self.events.put_rule(Name=name, ScheduleExpression="rate(1 day)")
        try:
            answer = self.explain("default", {"source": "x"}, nearest=100)
            self.assertNotIn(name, [rule["rule"] for rule in answer["nearest"]])
            self.refused_with(400, "schedule", {"bus": "default", "event": {}, "rule": name})
        finally:
            self.events.delete_rule(Name=name)

    def test_worlds_are_named_by_query_or_arn(self):
        events = support.client("events", self.broker, region="eu-west-1")
        bus = support.unique("bus")
        arn = events.create_event_bus(Name=bus)["EventBusArn"]
        events.put_rule(Name="there", EventBusName=bus, EventPattern='{"source":["x"]}')
        event = {"source": "x"}
        self.assertEqual(self.explain(bus, event, "?region=eu-west-1")["matched_count"], 1)
        self.assertEqual(self.explain(arn, event)["matched_count"], 1)
        self.refused_with(404, "us-east-1", {"bus": bus, "event": event})
        self.refused_with(404, "111111111111", {"bus": bus, "event": event},
                          query="?account=111111111111&region=eu-west-1")

    def test_a_default_bus_that_nothing_has_used_has_no_rules(self):
        query = "?account=222222222222"
        self.assertEqual(self.explain("default", {}, query)["rules_examined"], 0)
        self.refused_with(404, "Rule x does not exist", {"bus": "default", "event": {},
                                                         "rule": "x"}, query=query)

    def test_buses_with_more_rules_than_one_turn_copies_are_seen_whole(self):
        bus = self.bus()
        count = 1200
        for number in range(count):
            self.events.put_rule(Name=f"rule-{number:04}", EventBusName=bus,
                                 EventPattern=json.dumps({"detail": {"n": [number], "m": ["x"]}}))
        started = time.monotonic()
        answer = self.explain(bus, {"detail": {"n": 1100}}, nearest=2)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual((answer["rules_examined"], answer["complete"]), (count, True))
        self.assertEqual(answer["nearest"][0]["rule"], "rule-1100")
        self.assertEqual(len(answer["nearest"]), 2)

    # ---- refusals ----

    def test_what_is_wrong_with_a_question_is_said(self):
        bus = self.bus()
        for part, question in (
                ("not a JSON object", b""), ("not a JSON object", b"[]"),
                ("not a JSON object", b'"x"'), ("event is missing", {"bus": bus}),
                ("bus is missing", {"event": {}}), ("bus must be", {"bus": 1, "event": {}}),
                ("event must be", {"bus": bus, "event": "{}"}),
                ("event must be", {"bus": bus, "event": [1]}),
                ("rule must be", {"bus": bus, "event": {}, "rule": 1}),
                ("nearest must be", {"bus": bus, "event": {}, "nearest": -1}),
                ("nearest must be", {"bus": bus, "event": {}, "nearest": 101}),
                ("no member rules", {"bus": bus, "event": {}, "rules": []}),
                ("not a JSON object", b'{"bus":"default","event":{}} x'),
                ("follows", b'{"bus":"default","event":{}} {}')):
            with self.subTest(question=question):
                self.refused_with(400, part, question)
                self.refused_with(400, '"event":{...}', question)

    def test_an_event_that_is_none_is_refused_with_the_reason(self):
        bus = self.bus()
        name = self.rule(bus, PAID)
        for event, part in ((b'{"a":01}', "not valid JSON"),
                            (b'{"a":' * 1100 + b"1" + b"}" * 1100, "1024 levels")):
            for members in (b"", b',"rule":"' + name.encode() + b'"'):
                self.refused_with(400, part, b'{"bus":"' + bus.encode() + b'","event":' + event +
                                  members + b"}")

    def test_buses_and_rules_that_do_not_exist_are_named(self):
        self.refused_with(404, "Event bus no-such-bus does not exist",
                          {"bus": "no-such-bus", "event": {}})
        bus = self.bus()
        self.refused_with(404, "Rule no-such-rule does not exist",
                          {"bus": bus, "event": {}, "rule": "no-such-rule"})

    def test_other_methods_are_told_how_to_ask(self):
        self.refused_with(405, "POST", b"", method="GET")

    def test_a_body_that_curl_calls_a_form_is_read_as_json(self):
        answer = self.ask({"bus": "default", "event": {}},
                          headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((answer.status, answer.json["bus"]), (200, "default"))

    def test_foreign_hosts_and_pages_are_refused(self):
        question = {"bus": "default", "event": {}}
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            self.assertEqual(self.ask(question, headers=headers).status, 403)

    def test_work_is_bounded_and_an_answer_that_is_not_whole_says_so(self):
        bus = self.bus()
        count = 300
        for number in range(count):
            self.events.put_rule(Name=f"rule-{number:04}", EventBusName=bus,
                                 EventPattern='{"detail":{"l":["x","y"]}}')
        answer = self.explain(bus, {"detail": {"l": list(range(50_000))}})
        self.assertFalse(answer["complete"])
        self.assertTrue(100 < answer["rules_examined"] < 200, answer["rules_examined"])

    def test_hostile_events_are_answered_in_short(self):
        bus = self.bus()
        self.rule(bus, {"detail": {"l": {"f": [{"exists": True}], "g": ["x"]}}})
        elements = [{"f": number} for number in range(20_000)]
        for event in ({"detail": {"l": elements}}, {"detail": {"l": "y" * 1_000_000}},
                      {"detail": "\x1b[31m" * 1000}):
            answer = self.ask({"bus": bus, "event": event})
            self.assertEqual(answer.status, 200, answer.text[:300])
            self.assertLess(len(answer.body), 20_000)
            self.assertNotIn(b"\x1b", answer.body)


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_explain(self, *arguments, stdin=""):
        """(exit status, standard output, standard error)"""
        result = subprocess.run([binary_path(), "explain", *arguments], input=stdin.encode(),
                                capture_output=True, timeout=30, check=False)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def test_the_status_says_whether_it_matched(self):
        for event, status in (('{"a":"x"}', 0), ('{"a":"y"}', 1)):
            found, out, err = self.run_explain("--pattern", '{"a":["x"]}', "--event", event)
            self.assertEqual((found, err), (status, ""))
            self.assertTrue(out.startswith("Did not match" if status else "Matched"), out)

    def test_patterns_and_events_come_from_files_and_standard_input_too(self):
        pattern = self.file("pattern.json", '{"a":["x"]}\n')
        event = self.file("event.json", '\n{"a":"x"}\n')
        self.assertEqual(self.run_explain("--pattern", pattern, "--event", event)[0], 0)
        self.assertEqual(self.run_explain("--pattern=" + pattern, "--event=-",
                                          stdin='{"a":"x"}')[0], 0)
        self.assertEqual(self.run_explain("--pattern", "-", "--event", event,
                                          stdin='{"a":["y"]}')[0], 1)

    def test_json_is_one_line(self):
        status, out, _ = self.run_explain("--pattern", '{"a":["x"]}', "--event", '{"a":"X"}',
                                          "--json")
        self.assertEqual((status, out.count("\n")), (1, 1))
        self.assertEqual(json.loads(out)["first_missed"], "a")

    def test_a_file_of_rules_is_matched_and_the_nearest_shown(self):
        rules = self.file("rules.jsonl", '{"id":"one","pattern":{"a":["x"]}}\n'
                                         '{"id":"two","pattern":{"a":["x"],"b":["y"]}}\n'
                                         '{"id":"three","pattern":{"a":["z"]}}\n')
        status, out, _ = self.run_explain("--rules", rules, "--event", '{"a":"x"}', "--nearest",
                                          "1", "--json")
        answer = json.loads(out)
        self.assertEqual(status, 0)
        self.assertEqual([rule["rule"] for rule in answer["matched"]], ["one"])
        self.assertEqual([rule["rule"] for rule in answer["nearest"]], ["two"])
        status, out, _ = self.run_explain("--rules", rules, "--event", '{"a":"q"}')
        self.assertEqual(status, 1)
        self.assertIn("0 of 3 rules match", out)
        self.assertIn("Nearest misses", out)

    def test_bad_input_is_refused_with_what_to_do(self):
        good = ("--event", '{"a":"x"}')
        bad_rules = self.file("bad.jsonl", '{"id":"one","pattern":{"a":["x"]}}\n'
                                           '{"id":"two","pattern":{"a":[]}}\n')
        for arguments, part in (
                ((), "--event is missing"), (good, "either --pattern or --rules"),
                (("--pattern", '{"a":[]}', *good), "Empty arrays are not allowed"),
                (("--pattern", '{"a":["x"]}', "--event", "[1]"), "must be a JSON object"),
                (("--pattern", "/no/such/file", *good), "No such file"),
                (("--pattern", str(self.folder), *good), "directory"),
                (("--pattern", "", *good), "--pattern is empty"),
                (("--pattern", "-", "--event", "-"), "only one of"),
                (("--pattern", '{"a":["x"]}', "--nearest", "1", *good), "--nearest needs --rules"),
                (("--rules", bad_rules, "--nearest", "x", *good), "whole number"),
                (("--rules", bad_rules, *good), ":2: the pattern of rule two is not valid"),
                (("--rules", bad_rules, "--event"), "--event needs a value"),
                (("--what", "1"), "no option --what")):
            with self.subTest(arguments=arguments):
                status, out, err = self.run_explain(*arguments)
                self.assertEqual((status, out), (2, ""))
                self.assertIn(part, err)

    def test_help_is_help(self):
        status, out, _ = self.run_explain("--help")
        self.assertEqual(status, 0)
        self.assertIn("signalbox explain --pattern", out)


if __name__ == "__main__":
    unittest.main()
