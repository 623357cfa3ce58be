"""TestEventPattern and the refusals of PutRule: operators and texts as the service has them."""

import json
import unittest

from support import SdkTest

EVENT = {"id": "i", "account": "000000000000", "source": "orders", "time": "2026-01-02T03:04:05Z",
         "region": "us-east-1", "resources": ["arn:a", "arn:b"], "detail-type": "order.created"}

# (pattern of detail, detail, matches)
CASES = [
    ({"a": ["x"]}, {"a": "x"}, True), ({"a": ["x"]}, {"a": "y"}, False),
    ({"a": ["x", "y"]}, {"a": "y"}, True), ({"a": ["1"]}, {"a": 1}, False),
    ({"a": [1]}, {"a": 1.0}, True), ({"a": [100]}, {"a": 1e2}, True),
    ({"a": [True]}, {"a": True}, True),
    ({"a": [None]}, {"a": None}, True), ({"a": [None]}, {}, False),
    ({"a": ["x"]}, {"a": ["z", "x"]}, True), ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
    ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True), ({"a": {"b": ["x"]}}, {"a.b": "x"}, True),
    ({"a": [{"prefix": "ab"}]}, {"a": "abc"}, True), ({"a": [{"prefix": "ab"}]}, {"a": "b"}, False),
    ({"a": [{"prefix": ""}]}, {"a": "any"}, True), ({"a": [{"prefix": "1"}]}, {"a": 12}, False),
    ({"a": [{"suffix": "bc"}]}, {"a": "abc"}, True),
    ({"a": [{"suffix": "bc"}]}, {"a": "ab"}, False),
    ({"a": [{"anything-but": "x"}]}, {"a": "y"}, True),
    ({"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "z"}, True),
    ({"a": [{"anything-but": [1, 2]}]}, {"a": 2}, False),
    ({"a": [{"anything-but": "x"}]}, {}, False),
    ({"a": [{"anything-but": "x"}]}, {"a": ["x", "y"]}, True),
    ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "xy"}, False),
    ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": 7}, True),
    ({"a": [{"exists": True}]}, {"a": None}, True), ({"a": [{"exists": True}]}, {"a": {}}, False),
    ({"a": [{"exists": False}]}, {"b": 1}, True), ({"a": [{"exists": False}]}, {"a": 1}, False),
    ({"a": [{"exists": False}, "x"]}, {"a": "x"}, True),
    ({"a": [{"numeric": [">", 5]}]}, {"a": 6}, True),
    ({"a": [{"numeric": [">", 5]}]}, {"a": 5}, False),
    ({"a": [{"numeric": [">=", 0, "<", 10]}]}, {"a": 9.99}, True),
    ({"a": [{"numeric": [">=", 0, "<", 10]}]}, {"a": 10}, False),
    ({"a": [{"numeric": ["=", 3]}]}, {"a": 3.0}, True),
    ({"a": [{"numeric": [">", 5]}]}, {"a": "6"}, False),
    ({"l": {"f": ["A"], "g": ["B"]}}, {"l": [{"f": "A"}, {"g": "B"}]}, False),
    ({"l": {"f": ["A"], "g": ["B"]}}, {"l": [{"f": "A", "g": "B"}]}, True),
]

# (pattern, the reason the service gives, or None where only the refusal is certain)
REFUSED = [
    ('{"a":1}', '"a" must be an object or an array'),
    ('{"a":"x"}', '"a" must be an object or an array'),
    ('{"a":[]}', "Empty arrays are not allowed"), ("[]", "Filter is not an object"),
    ('{"a":{}}', "Empty objects are not allowed"),
    ('{"a":[{"NUMERIC":[">",1]}]}', "Unrecognized match type NUMERIC"),
    ('{"a":[{"numeric":["<","x"]}]}', "Value of < must be numeric"),
    ('{"a":[{"numeric":5}]}', "Value of numeric must be an array."),
    ('{"a":[{"numeric":["!=",5]}]}', "Unrecognized numeric range operator: !="),
    ('{"a":[{"numeric":[">",5,"<",2]}]}', "Bottom must be less than top"),
    ('{"a":[{"prefix":1}]}', "prefix match pattern must be a string"),
    ('{"a":[{"suffix":1}]}', "suffix match pattern must be a string"),
    ('{"a":[{"exists":"x"}]}', "exists match pattern must be either true or false."),
    ('{"a":[{"anything-but":[]}]}', None),
    ('{"a":[{"anything-but":["x",1]}]}',
     "Inside anything but list, either all values are number or string, mixed type is not "
     "supported"),
    ('{"a":[{"prefix":"x","suffix":"y"}]}', "Only one key allowed in match expression"),
    ("{", None), ("not json", None), ("null", None), ('{"a":[["x"]]}', None),
]


class Patterns(SdkTest):
    def matches(self, pattern, event):
        return self.events.test_event_pattern(EventPattern=json.dumps(pattern),
                                              Event=json.dumps(event))["Result"]

    def test_operators_on_details(self):
        for pattern, detail, wanted in CASES:
            with self.subTest(pattern=pattern, detail=detail):
                self.assertEqual(self.matches({"detail": pattern}, {**EVENT, "detail": detail}),
                                 wanted)

    def test_the_envelopes_own_members(self):
        event = {**EVENT, "detail": {}}
        self.assertTrue(self.matches({"source": ["orders"], "resources": ["arn:b"],
                                      "detail-type": [{"prefix": "order."}]}, event))
        self.assertFalse(self.matches({"source": ["orders"], "region": ["eu-west-1"]}, event))

    def test_rules_route_as_the_test_operation_says(self):
        bus = self.bus()
        urls = {}
        for number, (pattern, _, _) in enumerate(CASES[:12]):
            urls[number] = self.queue()
            self.rule(bus, {"detail": pattern}, urls[number])
        detail = {"a": "x"}
        self.put_event(bus, detail)
        for number, (pattern, _, _) in enumerate(CASES[:12]):
            wanted = self.matches({"detail": pattern}, {**EVENT, "detail": detail})
            self.assertEqual(len(self.receive(urls[number])), int(wanted), pattern)

    def test_broken_patterns_are_refused_with_the_services_reason(self):
        for pattern, reason in REFUSED:
            with self.subTest(pattern=pattern):
                error = self.refused("InvalidEventPatternException", self.events.put_rule,
                                     Name="r", EventPattern=pattern)
                self.assertIsInstance(error, self.events.exceptions.InvalidEventPatternException)
                said = error.response["Error"]["Message"]
                self.assertIn("Event pattern is not valid. Reason: ", said)
                if reason:
                    self.assertIn(reason, said)

    def test_the_event_needs_its_members_and_must_be_an_object(self):
        for event in ("[]", '"x"', "7", "null", "{"):
            self.refused("ValidationException", self.events.test_event_pattern, Event=event,
                         EventPattern='{"a":["x"]}', message="Parameter Event is not valid.")
        for name in ("id", "account", "source", "time", "region", "resources", "detail-type"):
            event = {key: value for key, value in EVENT.items() if key != name}
            self.refused("ValidationException", self.events.test_event_pattern,
                         Event=json.dumps(event), EventPattern='{"a":["x"]}')

    def test_a_pattern_longer_than_the_models_limit(self):
        pattern = json.dumps({"source": ["x" * 4096]})
        error = self.refused("ValidationException", self.events.put_rule, Name="r",
                             EventPattern=pattern)
        self.assertIn("at 'eventPattern' failed to satisfy constraint: Member must have length "
                      "less than or equal to 4096", str(error))


if __name__ == "__main__":
    unittest.main()
