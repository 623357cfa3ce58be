// What explanations say, one kind of predicate and one reason at a time. Whether they say "matched"
// where the matcher does is for explain_agreement_test.cc.
#include "rules/explain.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {
namespace {

using Outcome = Explanation::Outcome;
using Texts = std::vector<std::string>;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_json(const std::string& text) {
  simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

// Of a pattern with one field that matches.
FieldExplanation match_of(std::string_view pattern, std::string_view event) {
  INFO(pattern << " " << event);
  const auto explanation = explain(pattern, event);
  REQUIRE(explanation.matched());
  REQUIRE(explanation.fields.size() == 1);
  CHECK(explanation.fields_matched == 1);
  CHECK(explanation.first_missed() == nullptr);
  return explanation.fields.front();
}

// The first field that missed.
FieldExplanation miss_of(std::string_view pattern, std::string_view event) {
  INFO(pattern << " " << event);
  const auto explanation = explain(pattern, event);
  REQUIRE(explanation.outcome == Outcome::missed);
  REQUIRE(explanation.first_missed() != nullptr);
  return *explanation.first_missed();
}

std::string hint_of(std::string_view pattern, std::string_view event) {
  return miss_of(pattern, event).hint;
}

TEST_CASE("a match names the predicate in the language's own form and the value it matched") {
  struct Sample {
    std::string predicate;
    std::string value;
  };
  const auto sample = GENERATE(values<Sample>({
      {R"("x")", R"("x")"},
      {"5", "5.0"},
      {"true", "true"},
      {"null", "null"},
      {"9007199254740993", "9007199254740993"},
      {R"({"prefix":"ab"})", R"("abc")"},
      {R"({"suffix":"bc"})", R"("abc")"},
      {R"({"prefix":{"equals-ignore-case":"AB"}})", R"("abc")"},
      {R"({"suffix":{"equals-ignore-case":"BC"}})", R"("abc")"},
      {R"({"equals-ignore-case":"ABC"})", R"("abc")"},
      {R"({"wildcard":"a*c"})", R"("abc")"},
      {R"({"wildcard":"a\\*\\\\*"})", R"("a*\\b")"},
      {R"({"numeric":[">",1]})", "2"},
      {R"({"numeric":[">=",1.5,"<",10]})", "2"},
      {R"({"numeric":["<=",10]})", "2"},
      {R"({"cidr":"10.0.0.0/8"})", R"("10.1.2.3")"},
      {R"({"cidr":"2001:db8::/32"})", R"("2001:db8::1")"},
      {R"({"exists":true})", "1"},
      {R"({"anything-but":"y"})", R"("x")"},
      {R"({"anything-but":["y",)"
       R"("z"]})",
       R"("x")"},
      {R"({"anything-but":[1,2]})", "3"},
      {R"({"anything-but":{"prefix":"y"}})", R"("x")"},
      {R"({"anything-but":{"suffix":["y","z"]}})", R"("x")"},
      {R"({"anything-but":{"equals-ignore-case":"Y"}})", R"("x")"},
      {R"({"anything-but":{"wildcard":"y*"}})", R"("x")"},
  }));
  const auto field =
      match_of(R"({"a":[)" + sample.predicate + "]}", R"({"a":)" + sample.value + "}");
  CHECK(field.path == "a");
  CHECK(field.predicates == Texts{sample.predicate});
  CHECK(field.seen == Texts{sample.value});
}

TEST_CASE("of several predicates a match names the one that matched") {
  const auto field =
      match_of(R"({"a":["x",{"prefix":"b"},{"anything-but":"c"}]})", R"({"a":"bc"})");
  CHECK(field.predicates == Texts{R"({"prefix":"b"})"});
  CHECK(match_of(R"({"a":["x",{"numeric":["=",3]}]})", R"({"a":3})").predicates == Texts{"3"});
  CHECK(match_of(R"({"a":[{"exactly":"x"}]})", R"({"a":"x"})").predicates == Texts{R"("x")"});
}

TEST_CASE("a match by absence has seen no value") {
  const auto field = match_of(R"({"a":[{"exists":false},"x"]})", R"({"b":1})");
  CHECK(field.predicates == Texts{R"({"exists":false})"});
  CHECK(field.seen.empty());
}

TEST_CASE("the value shown is the one of several that matched") {
  CHECK(match_of(R"({"a":[{"prefix":"b"}]})", R"({"a":["x","bc",7]})").seen == Texts{R"("bc")"});
  CHECK(match_of(R"({"a":[2]})", R"({"a":1,"a":2})").seen == Texts{"2"});
}

TEST_CASE("the values shown of a match stand in array elements that agree") {
  const auto explanation =
      explain(R"({"l":{"f":[{"prefix":"A"}],"g":[{"exists":true}],"h":["H"]}})",
              R"({"l":[{"f":"A1"},{"f":"A2","g":0},{"f":"A3","g":3,"h":"H"},{"h":"H","g":4}]})");
  REQUIRE(explanation.matched());
  REQUIRE(explanation.fields.size() == 3);
  CHECK(explanation.fields[0].seen == Texts{R"("A3")"});
  CHECK(explanation.fields[1].seen == Texts{"3"});
  CHECK(explanation.fields[2].seen == Texts{R"("H")"});
}

TEST_CASE("a value in an array is preferred to absence where both explain the match") {
  const auto explanation = explain(R"({"l":{"f":["A"],"g":[{"exists":false},"G"]}})",
                                   R"({"l":[{"f":"A"},{"f":"A","g":"G"}]})");
  REQUIRE(explanation.matched());
  CHECK(explanation.fields[1].seen == Texts{R"("G")"});
  const auto other = explain(R"({"l":{"f":["A"],"g":[{"exists":false},"G"]}})",
                             R"({"l":[{"f":"A"},{"f":"B","g":"G"}]})");
  REQUIRE(other.matched());
  CHECK(other.fields[1].predicates == Texts{R"({"exists":false})"});
}

TEST_CASE("a miss shows what was wanted and every value that was there") {
  const auto field =
      miss_of(R"({"a":["x",{"prefix":"y"},{"exists":false}]})", R"({"a":["u",1,null]})");
  CHECK(field.reason == MissReason::other_value);
  CHECK(field.predicates == Texts{R"("x")", R"({"prefix":"y"})", R"({"exists":false})"});
  CHECK(field.seen == Texts{R"("u")", "1", "null"});
  CHECK(field.seen_count == 3);
}

TEST_CASE(
    "a miss explains all fields in the order of their paths and names the first that missed") {
  const auto explanation =
      explain(R"({"c":["1"],"b":["2"],"a":["3"]})", R"({"a":"3","b":"x","c":"y"})");
  CHECK(explanation.fields_matched == 1);
  CHECK(explanation.fields_total == 3);
  REQUIRE(explanation.fields.size() == 3);
  CHECK(explanation.fields[0].matched);
  CHECK(explanation.first_missed()->path == "b");
  CHECK(explanation.fields[2].path == "c");
}

TEST_CASE("a path with nothing is absent, one with an object or no values says so") {
  CHECK(miss_of(R"({"a":["x"]})", R"({"b":1})").reason == MissReason::absent);
  const auto object = miss_of(R"({"a":{"b":["x"]}})", R"({"a":{"b":{"c":1,"d":2}}})");
  CHECK(object.reason == MissReason::not_a_value);
  CHECK(object.found == "an object with c and d");
  CHECK_FALSE(object.hint.empty());
  CHECK(miss_of(R"({"a":["x"]})", R"({"a":{"b":1,"c":1,"d":1,"e":1}})").found ==
        "an object with b, c, d and more");
  CHECK(miss_of(R"({"a":["x"]})", R"({"a":{}})").found == "an empty object");
  CHECK(miss_of(R"({"a":["x"]})", R"({"a":[]})").found == "an array without values");
  CHECK(miss_of(R"({"a":["x"]})", R"({"a":[{"b":1}]})").found == "an array of objects with b");
  CHECK(miss_of(R"({"a":[{"exists":true}]})", R"({"a":{}})").reason == MissReason::not_a_value);
}

TEST_CASE("a value where none is wanted is its own reason") {
  const auto field = miss_of(R"({"a":[{"exists":false}]})", R"({"a":null})");
  CHECK(field.reason == MissReason::present);
  CHECK(field.seen == Texts{"null"});
  CHECK(miss_of(R"({"a":[{"exists":false}]})", R"({"a":[{"b":1},7]})").reason ==
        MissReason::present);
  CHECK(miss_of(R"({"a":{"b":[{"exists":false}],"c":[2]}})", R"({"a":[{"b":1},{"c":2}]})").reason ==
        MissReason::present);
}

TEST_CASE("fields that match in different array elements only are said to be apart, and where") {
  const auto explanation = explain(R"({"o":{"l":{"f":["A"],"g":["B"],"h":["C"]}}})",
                                   R"({"o":{"l":[{"f":"A","h":"C"},{"f":"x","g":"B"}]}})");
  CHECK(explanation.outcome == Outcome::missed);
  CHECK(explanation.fields_matched == 2);
  const auto* missed = explanation.first_missed();
  REQUIRE(missed != nullptr);
  CHECK(missed->path == "o.l.g");
  CHECK(missed->reason == MissReason::not_in_one_element);
  CHECK(missed->seen == Texts{R"("B")"});
  CHECK(missed->hint == "No one element of o.l has them all: o.l.g in [1]; o.l.f in [0].");
}

TEST_CASE("the array that keeps fields apart may be an inner one") {
  CHECK(hint_of(R"({"o":{"l":{"f":["A"],"g":["B"]}}})", R"({"o":[{"l":[{"f":"A"},{"g":"B"}]}]})") ==
        "No one element of o.l has them all: o.l.g in [1]; o.l.f in [0].");
  CHECK(hint_of(R"({"o":{"l":{"f":["A"],"g":["B"]}}})",
                R"({"o":[{"l":[{"f":"A"}]},{"l":[{"g":"B"}]}]})") ==
        "No one element of o has them all: o.l.g in [1]; o.l.f in [0].");
  // Elements that are no objects are not counted, so that places would be wrong.
  CHECK(hint_of(R"({"l":{"f":["A"],"g":["B"]}})", R"({"l":[7,{"f":"A"},{"g":"B"}]})") ==
        "Each matches by itself, but no one element of l has them all.");
}

TEST_CASE("a miss is explained by the alternative that came nearest") {
  const auto explanation =
      explain(R"({"s":["x"],"$or":[{"a":["1"],"b":["2"]},{"c":["3"],"d":["4"],"e":["5"]}]})",
              R"({"s":"x","c":"3","d":"4"})");
  CHECK(explanation.alternative_count == 2);
  CHECK(explanation.fields_matched == 3);
  CHECK(explanation.fields_total == 4);
  CHECK(explanation.first_missed()->path == "e");
  const auto matched = explain(R"({"$or":[{"a":["1"]},{"b":["2"]}]})", R"({"a":"x","b":"2"})");
  CHECK(matched.matched());
  CHECK(matched.fields.front().path == "b");
}

TEST_CASE("hints name the slip of a value that is nearly wanted") {
  struct Sample {
    std::string predicate;
    std::string value;
    std::string hint;
  };
  const auto sample = GENERATE(values<Sample>({
      {R"("Paid")", R"("paid")", R"(differ only in case: {"equals-ignore-case":"Paid"})"},
      {R"("paid")", R"("paid ")", "differ only in the blanks"},
      {R"("1")", "1", R"(The event has the number 1, the pattern wants the string "1")"},
      {"1", R"("1.0")", R"(The event has the string "1.0", the pattern wants 1)"},
      {"true", R"("true")", R"(The event has the string "true", the pattern wants true)"},
      {R"("null")", "null", "never equal"},
      {R"({"numeric":[">",1]})", R"("5")", "the pattern wants a number, without quotes"},
      {R"({"numeric":[">",0]})", "9007199254740993", "more digits than a double holds"},
      {R"({"prefix":"AB"})", R"("abc")", R"({"prefix":{"equals-ignore-case":"AB"}} would match)"},
      {R"({"suffix":"BC"})", R"("abc")", R"({"suffix":{"equals-ignore-case":"BC"}} would match)"},
      {R"({"prefix":"1"})", "12", "prefix matches strings only, and 12 is none"},
      {R"({"suffix":"2"})", "12", "suffix matches strings only"},
      {R"({"equals-ignore-case":"x"})", "true", "equals-ignore-case matches strings only"},
      {R"({"wildcard":"1*"})", "12", "wildcard matches strings only"},
      {R"({"wildcard":"A*c"})", R"("abc")", "tells capitals apart"},
      {R"("a*")", R"("abc")", R"(A star stands for itself here: {"wildcard":"a*"} would match)"},
      {R"({"prefix":"*b"})", R"("abc")", R"({"wildcard":"*b*"} would match)"},
      {R"({"cidr":"10.0.0.0/8"})", R"("10.0.0")", R"("10.0.0" is not an IP address)"},
      // Nothing near, nothing said.
      {R"("paid")", R"("open")", ""},
      {"1", R"("2")", ""},
      {R"({"numeric":[">",1]})", "0", ""},
      {R"({"numeric":[">",1]})", R"("many")", ""},
      {R"({"numeric":[">",1]})", R"("1")", ""},
      {R"({"cidr":"10.0.0.0/8"})", R"("11.0.0.1")", ""},
      {R"({"anything-but":"x"})", R"("x")", ""},
  }));
  const auto hint = hint_of(R"({"a":[)" + sample.predicate + "]}", R"({"a":)" + sample.value + "}");
  INFO(sample.predicate << " " << sample.value << ": " << hint);
  CHECK(sample.hint.empty() == hint.empty());
  CHECK(contains(hint, sample.hint));
}

TEST_CASE("hints name the place where a missing field may be") {
  CHECK(hint_of(R"({"status":["x"]})", R"({"detail":{"status":"x"}})") ==
        "The event has detail.status: write the pattern along that path.");
  CHECK(hint_of(R"({"detail":{"source":["x"]}})", R"({"source":"x","detail":{}})") ==
        "The event has source at its top level.");
  CHECK(hint_of(R"({"detailType":["x"]})", R"({"detail-type":"x"})") ==
        "The event spells it detail-type.");
  CHECK(hint_of(R"({"detail":{"order_id":["x"]}})", R"({"detail":{"orderId":"x"}})") ==
        "The event spells it detail.orderId.");
  CHECK(contains(hint_of(R"({"detail":{"a":["x"]}})", R"({"detail":"{\"a\":\"x\"}"})"),
                 "detail is a string that holds JSON"));
  CHECK(hint_of(R"({"detail":{"a":{"b":["x"]}}})", R"({"detail":{"a":"x"}})") ==
        "detail.a is a string, not an object.");
  CHECK(contains(hint_of(R"({"a":[{"anything-but":"x"}]})", R"({"b":1})"), R"({"exists":false})"));
  CHECK(hint_of(R"({"a":["x"]})", R"({"b":1})").empty());
}

TEST_CASE("what is no pattern is refused in the service's words") {
  const auto explanation = explain(R"({"a":[{"foo":1}]})", R"({"a":1})");
  CHECK(explanation.outcome == Outcome::invalid_pattern);
  CHECK(contains(explanation.problem, "Unrecognized match type foo"));
  CHECK(contains(to_json(explanation), R"("error":"invalid_pattern")"));
  CHECK(explain("{\"a\":[\"\xFF\"]}", "{}").problem == "The pattern is not valid UTF-8.");
}

TEST_CASE("what is no event is refused with the reason") {
  const auto problem_of = [](std::string_view event) {
    const auto explanation = explain(R"({"a":[1]})", event);
    CHECK(explanation.outcome == Outcome::invalid_event);
    CHECK(is_json(to_json(explanation)));
    return explanation.problem;
  };
  CHECK(problem_of("[1]") == "The event must be a JSON object.");
  CHECK(problem_of("") == "The event must be a JSON object.");
  CHECK(problem_of("\"{}\"") == "The event must be a JSON object.");
  CHECK(problem_of("{\"a\":\"\xC3\"}") == "The event is not valid UTF-8.");
  CHECK(contains(problem_of("{\"a\":1,\n}"), "not valid JSON at line 2, column 2"));
  CHECK(contains(problem_of(R"({"a":1)"), "not valid JSON"));
  CHECK(problem_of(R"({"a":1} x)") == "Something follows the event's object at line 1.");
  CHECK(problem_of(R"({"a":)" + std::string(100'000, '[')) ==
        "The event nests more than 1024 levels deep.");
}

TEST_CASE("long values, lists and patterns are cut and counted") {
  const std::string letters(100'000, 'x');
  const auto explanation =
      explain(R"({"a":[")" + letters + R"(y"]})", R"({"a":")" + letters + R"("})");
  REQUIRE(explanation.fields.size() == 1);
  const auto& field = explanation.fields.front();
  const std::size_t cut_max = ExplainLimits::text_bytes_max + 5;  // quotes and ellipsis
  CHECK(field.seen.front().size() == cut_max);
  CHECK(field.predicates.front().size() == cut_max);
  CHECK(field.seen.front().ends_with("\u2026\""));

  std::string wanted;
  std::string there;
  for (int i = 0; i < 1000; ++i) {
    wanted += (i == 0 ? "" : ",") + std::to_string(i);
    there += (i == 0 ? "" : ",") + std::to_string(i + 5000);
  }
  const auto many = miss_of(R"({"a":[)" + wanted + "]}", R"({"a":[)" + there + "]}");
  CHECK(many.predicates.size() == ExplainLimits::predicates_max);
  CHECK(many.predicate_count == 1000);
  CHECK(many.seen.size() == ExplainLimits::values_max);
  CHECK(many.seen_count == 1000);
  const auto listed = match_of(R"({"a":[{"anything-but":[)" + wanted + "]}]}", R"({"a":5000})");
  CHECK(contains(listed.predicates.front(), "980 more"));
  CHECK(is_json(listed.predicates.front()));

  std::string fields;
  for (int i = 0; i < 1000; ++i) {
    fields += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":[1]";
  }
  const auto wide = explain("{" + fields + "}", R"({"f999":1})");
  CHECK(wide.fields_total == 1000);
  CHECK(wide.fields_matched == 1);
  CHECK(wide.fields.size() == ExplainLimits::missed_fields_max + 1);
  CHECK(contains(to_text(wide), "and 979 more that miss"));
}

TEST_CASE("what is printed is valid UTF-8 without control characters, whatever the event holds") {
  const std::string event =
      "{\"a\":\"\\u001b[31m\\u0085\\u202e\\n\xF0\x9F\x98\x80\",\"b\\u0007\":{\"c\":1}}";
  const auto explanation = explain(R"({"a":["x"],"b\u0007":["y"]})", event);
  for (const std::string& text : {to_json(explanation), to_text(explanation)}) {
    CHECK(simdjson::validate_utf8(text.data(), text.size()));
    CHECK_FALSE(contains(text, "\x1b"));
    CHECK_FALSE(contains(text, "\x07"));
    CHECK_FALSE(contains(text, "\u202e"));
    CHECK(contains(text, "\\u001b[31m"));
    CHECK(contains(text, "\xF0\x9F\x98\x80"));
  }
  CHECK(is_json(to_json(explanation)));
}

TEST_CASE("an explanation as JSON has the members that the page on operations names") {
  CHECK(to_json(explain(R"({"a":["x"],"b":[{"prefix":"q"},1]})", R"({"a":"x","b":"Q"})")) ==
        R"({"matched":false,"fields_matched":1,"fields_total":2,"alternatives":1,)"
        R"("first_missed":"b","fields":[{"path":"a","matched":true,"by":["x"],"seen":["x"]},)"
        R"({"path":"b","matched":false,"reason":"other_value","wanted":[{"prefix":"q"},1],)"
        R"("seen":["Q"],"hint":"The prefix is there in another case: )"
        R"({\"prefix\":{\"equals-ignore-case\":\"q\"}} would match."}]})");
}

TEST_CASE("an explanation as text reads from top to bottom") {
  CHECK(to_text(explain(R"({"a":["x"],"long.path":[{"numeric":[">",1]},"y"]})",
                        R"({"a":"x","long":{"path":["1",0]}})")) ==
        "Did not match: 1 of 2 fields match.\n"
        "\n"
        "  \u2713 a          \"x\"  by \"x\"\n"
        "  \u2717 long.path  wants {\"numeric\":[\">\",1]} or \"y\"\n"
        "               finds \"1\", 0\n");
  CHECK(to_text(explain(R"({"$or":[{"a":["x"]},{"b":["x"]}]})", R"({"a":"x"})")) ==
        "Matched: its 1 field, in one of 2 ways through the $or.\n"
        "\n"
        "  \u2713 a  \"x\"  by \"x\"\n");
}

}  // namespace
}  // namespace signalbox::rules
