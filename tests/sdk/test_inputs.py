"""What a target gets: Input, InputPath and InputTransformer."""

import json
import unittest

from support import SdkTest, queue_arn

DETAIL = {"acc_id": "0a78", "n": 1.50, "flag": True, "nothing": None, "list": ["A", "B"],
          "object": {"acc_id": "0a78", "sf_id": "baz"}, "quote": 'say "hi"'}


class Inputs(SdkTest):
    def deliver(self, detail=None, **members):
        """The bodies a queue gets when its target has these members."""
        bus, url = self.bus(), self.queue()
        target = {"Id": "t", "Arn": queue_arn(self.name_of(url)), **members}
        self.rule(bus, {"source": ["test"]}, target, name="the-rule")
        self.bus_name = bus
        self.event_id = self.put_event(bus, detail or DETAIL, Time="2026-01-02T03:04:05Z")
        return [message["Body"] for message in self.receive(url)]

    def transform(self, template, detail=None, **paths):
        return self.deliver(detail, InputTransformer={"InputPathsMap": paths,
                                                      "InputTemplate": template})

    def test_a_fixed_input(self):
        self.assertEqual(self.deliver(Input='{"fixed": [1, 2]}'), ['{"fixed": [1, 2]}'])
        self.assertEqual(self.deliver(Input='"text"'), ['"text"'])

    def test_a_path_to_an_object_a_list_and_scalars(self):
        for path, wanted in (("$.detail.object", '{"acc_id":"0a78","sf_id":"baz"}'),
                             ("$.detail.list", '["A","B"]'), ("$.detail.acc_id", '"0a78"'),
                             ("$.detail.flag", "true"), ("$.detail.n", "1.5"),
                             ("$.detail.list[1]", '"B"'), ("$.source", '"test"')):
            with self.subTest(path=path):
                self.assertEqual(self.deliver(InputPath=path), [wanted])

    def test_the_whole_event_by_path(self):
        (body,) = self.deliver(InputPath="$")
        self.assertEqual(json.loads(body)["id"], self.event_id)

    def test_a_json_template_inserts_values_with_their_types(self):
        (body,) = self.transform(
            '{"s": <s>, "n": <n>, "o": <o>, "l": <l>, "b": <b>, "z": <z>}', s="$.detail.acc_id",
            n="$.detail.n", o="$.detail.object", l="$.detail.list", b="$.detail.flag",
            z="$.detail.nothing")
        self.assertEqual(json.loads(body), {
            "s": "0a78", "n": 1.5, "o": DETAIL["object"], "l": ["A", "B"], "b": True, "z": None})

    def test_a_json_template_inserts_text_inside_quotes(self):
        (body,) = self.transform('{"s": "<s>", "mixed": "id <s>, flag <b>"}',
                                 s="$.detail.acc_id", b="$.detail.flag")
        self.assertEqual(json.loads(body), {"s": "0a78", "mixed": "id 0a78, flag true"})

    def test_an_object_or_list_inside_quotes_delivers_nothing(self):
        for path in ("$.detail.object", "$.detail.list"):
            self.assertEqual(self.transform('{"o": "<o>"}', o=path), [])
            self.assertEqual(self.transform('{"o": "x <o>"}', o=path), [])

    def test_extracted_values_are_not_escaped(self):
        self.assertEqual(self.transform('{"q": "<q>"}', q="$.detail.quote"), [])

    def test_a_path_that_finds_nothing(self):
        (body,) = self.transform('{"command": <c>, "text": "a<c>b"}', c="$.detail.nowhere")
        self.assertEqual(json.loads(body), {"command": "", "text": "ab"})

    def test_a_string_template_keeps_its_quotes(self):
        self.assertEqual(self.transform('"Event of <t> for <s>"', t="$.detail-type",
                                        s="$.detail.acc_id"), ['"Event of Test for 0a78"'])

    def test_a_string_template_of_several_lines(self):
        (body,) = self.transform('"first <s>"\n"second <s>"', s="$.detail.acc_id")
        self.assertEqual(body, '"first 0a78"\n"second 0a78"')

    def test_objects_and_lists_in_a_string_template_lose_their_quotes(self):
        self.assertEqual(self.transform('"o <o> l <l> b <b>"', o="$.detail.object",
                                        l="$.detail.list", b="$.detail.flag"),
                         ['"o {acc_id:0a78,sf_id:baz} l [A,B] b true"'])

    def test_an_unquoted_string_template_delivers_nothing(self):
        self.assertEqual(self.transform("Event of <s>", s="$.detail.acc_id"), [])

    def test_reserved_names(self):
        (body,) = self.transform('{"arn": <aws.events.rule-arn>, "name": <aws.events.rule-name>, '
                                 '"when": <aws.events.event.ingestion-time>, '
                                 '"event": <aws.events.event.json>}')
        found = json.loads(body)
        self.assertEqual(found["name"], "the-rule")
        self.assertEqual(found["arn"], "arn:aws:events:us-east-1:000000000000:rule/"
                                       f"{self.bus_name}/the-rule")
        self.assertRegex(found["when"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertEqual((found["event"]["id"], found["event"]["detail"]), (self.event_id, DETAIL))

    def test_the_reserved_event_has_no_detail(self):
        (body,) = self.transform('{"event": <aws.events.event>}')
        found = json.loads(body)["event"]
        self.assertEqual((found["id"], found["detailType"]), (self.event_id, "Test"))
        self.assertNotIn("detail", found)

    def test_names_of_the_service_cannot_be_defined(self):
        with self.assertRaises(self.events.exceptions.ClientError) as caught:
            self.transform('"<aws.mine>"', **{"aws.mine": "$.detail.acc_id"})
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationException")


if __name__ == "__main__":
    unittest.main()
