#include "protocol/json_codec.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "broker/api/events.h"
#include "broker/api/lambda_aliases.h"
#include "broker/api/sqs.h"
#include "broker/base64.h"

using namespace signalbox;
using namespace signalbox::broker::api;
using protocol::decode_json;

namespace {

template <class T>
struct Decoded {
  T value;
  broker::MissingMembers missing;
  std::optional<protocol::DecodeError> error;
};

template <class T>
Decoded<T> decode(std::string_view body) {
  Decoded<T> result;
  result.error = decode_json(body, result.value, result.missing);
  return result;
}

template <class T>
std::string message_of(std::string_view body) {
  const auto result = decode<T>(body);
  return result.error ? result.error->message : "accepted";
}

template <class T>
std::string encode(const T& value) {
  std::string out;
  protocol::encode_json(value, out);
  return out;
}

template <class T>
bool is_malformed(std::string_view body) {
  const auto result = decode<T>(body);
  return result.error && result.error->message.empty() && !result.error->detail.empty();
}

std::optional<std::int64_t> time_of(std::string_view json) {
  const auto body = R"({"Entries":[{"Time":)" + std::string(json) + "}]}";
  const auto result = decode<PutEventsRequest>(body);
  if (result.error) return std::nullopt;
  return result.value.entries.at(0).time.value().ms;
}

}  // namespace

TEST_CASE("a JSON body fills a request by the names of its members", "[json]") {
  const auto result = decode<SendMessageRequest>(
      R"({"QueueUrl":"http://h/000000000000/q","MessageBody":"h\u00e9llo \ud83d\ude00\n",)"
      R"("DelaySeconds":5,"MessageAttributes":{"n":{"DataType":"Binary","BinaryValue":"AP8="},)"
      R"("s":{"StringValue":"v","DataType":"String"}}})");
  REQUIRE_FALSE(result.error);
  CHECK(result.missing.empty());
  CHECK(result.value.message_body == "h\xc3\xa9llo \xf0\x9f\x98\x80\n");
  CHECK(result.value.delay_seconds == 5);
  REQUIRE(result.value.message_attributes.size() == 2);
  CHECK(result.value.message_attributes.at("n").binary_value->bytes == std::string("\0\xff", 2));
  CHECK(result.value.message_attributes.at("s").string_value == "v");
  CHECK_FALSE(result.value.message_group_id);
}

TEST_CASE("an empty body, a blank body and an empty object are the same request", "[json]") {
  for (const std::string_view body : {"", "  \r\n", "{}", " { } "}) {
    const auto result = decode<ListQueuesRequest>(body);
    CHECK_FALSE(result.error);
    CHECK(result.missing.empty());
    CHECK_FALSE(result.value.max_results);
  }
}

TEST_CASE("null and unknown members are absent", "[json]") {
  const auto result = decode<SendMessageRequest>(
      R"({"QueueUrl":"u","MessageBody":"b","DelaySeconds":null,"Extra":[1,{"a":null}],)"
      R"("MessageAttributes":{"a":{"DataType":"String","StringValue":"v","X":{}},"gone":null}})");
  REQUIRE_FALSE(result.error);
  CHECK_FALSE(result.value.delay_seconds);
  CHECK(result.value.message_attributes.size() == 1);
}

TEST_CASE("of a member given twice the last counts", "[json]") {
  const auto result = decode<GetQueueAttributesRequest>(
      R"({"QueueUrl":"a","AttributeNames":["x","y"],"QueueUrl":"b","AttributeNames":["z"]})");
  REQUIRE_FALSE(result.error);
  CHECK(result.value.queue_url == "b");
  CHECK(result.value.attribute_names == StringList{"z"});
}

TEST_CASE("missing required members are listed, outer ones first", "[json]") {
  const auto result = decode<PutTargetsRequest>(R"({"Targets":[{"Arn":"a"},{"Id":"i"},null]})");
  REQUIRE_FALSE(result.error);
  std::vector<std::string> paths;
  for (const auto& member : result.missing) paths.push_back(member.path);
  CHECK(paths == std::vector<std::string>{"rule", "targets.1.member.id", "targets.2.member.arn",
                                          "targets.3.member"});

  const auto batch = decode<SendMessageBatchRequest>(
      R"({"QueueUrl":"u","Entries":[{"Id":"1","MessageBody":"b"},{"MessageBody":"c"}]})");
  REQUIRE(batch.missing.size() == 1);
  CHECK(batch.missing[0].parameter == "SendMessageBatchRequestEntry.2.Id");
  const auto none = decode<SendMessageBatchRequest>(R"({"QueueUrl":"u","Entries":null})");
  REQUIRE(none.missing.size() == 1);
  CHECK(none.missing[0].entries);
}

TEST_CASE("a member of the wrong type is refused in the service's words", "[json]") {
  CHECK(message_of<SendMessageRequest>(R"({"MessageBody":5})") ==
        "NUMBER_VALUE can not be converted to a String");
  CHECK(message_of<SendMessageRequest>(R"({"MessageBody":5.5})") ==
        "DECIMAL_VALUE can not be converted to a String");
  CHECK(message_of<SendMessageRequest>(R"({"MessageBody":true})") ==
        "TRUE_VALUE can not be converted to a String");
  CHECK(message_of<SendMessageRequest>(R"({"MessageBody":{}})") ==
        "Start of structure or map found where not expected.");
  CHECK(message_of<SendMessageRequest>(R"({"MessageBody":[]})") ==
        "Start of list found where not expected");
  CHECK(message_of<SendMessageRequest>(R"({"DelaySeconds":"5"})") ==
        "STRING_VALUE can not be converted to an Integer");
  CHECK(message_of<SendMessageRequest>(R"({"DelaySeconds":false})") ==
        "FALSE_VALUE can not be converted to an Integer");
  CHECK(message_of<SendMessageRequest>(R"({"MessageAttributes":[]})") ==
        "Start of list found where not expected");
  CHECK(message_of<SendMessageRequest>(R"({"MessageAttributes":{"a":"b"}})") ==
        "Expected map or null");
  CHECK(message_of<GetQueueAttributesRequest>(R"({"AttributeNames":"All"})") ==
        "Expected list or null");
  CHECK(message_of<GetQueueAttributesRequest>(R"({"AttributeNames":{"a":1}})") ==
        "Start of structure or map found where not expected.");
  CHECK(message_of<DeleteRuleRequest>(R"({"Force":"true"})") ==
        "STRING_VALUE can not be converted to a Boolean");
  CHECK(message_of<SendMessageRequest>(
            R"({"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"not base64"}}})") ==
        "STRING_VALUE can not be converted to a Blob");
  CHECK(message_of<SendMessageRequest>("[]") == "Start of list found where not expected");
  CHECK(message_of<SendMessageRequest>("\"text\"") == "Expected map or null");
  CHECK(message_of<SendMessageRequest>("null") == "Expected map or null");
}

TEST_CASE("integers may have an integral fraction and must fit 64 bits", "[json]") {
  const auto delay = [](std::string_view number) {
    const auto body = R"({"DelaySeconds":)" + std::string(number) + "}";
    const auto result = decode<SendMessageRequest>(body);
    return result.error ? std::nullopt : result.value.delay_seconds;
  };
  CHECK(delay("5.0") == 5);
  CHECK(delay("1e2") == 100);
  CHECK(delay("-0") == 0);
  CHECK(delay("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(delay("5.5"));
  CHECK_FALSE(delay("9223372036854775808"));
  CHECK_FALSE(delay("99999999999999999999999"));
  CHECK_FALSE(delay("1e300"));
}

TEST_CASE("a body of very many entries is refused before it takes memory", "[json]") {
  const auto entries = [](std::size_t count) {
    std::string body = R"({"QueueUrl":"u","Entries":[{})";
    for (std::size_t i = 1; i < count; ++i) body += ",{}";
    return body + "]}";
  };
  const auto most = decode<SendMessageBatchRequest>(entries(protocol::json::entry_count_max));
  CHECK_FALSE(most.error);
  CHECK(most.missing.size() == broker::missing_member_count_max);
  CHECK(is_malformed<SendMessageBatchRequest>(entries(protocol::json::entry_count_max + 1)));
  CHECK(is_malformed<SendMessageBatchRequest>(entries(1'000'000)));
}

TEST_CASE("a body that is not JSON is refused without a message", "[json]") {
  for (const std::string_view body : {"{",
                                      "}",
                                      "{\"QueueUrl\":}",
                                      "{\"QueueUrl\":\"a\"",
                                      "{\"QueueUrl\":\"a\"}x",
                                      "{}{}",
                                      "{\"QueueUrl\" \"a\"}",
                                      "{'QueueUrl':'a'}",
                                      "{\"QueueUrl\":\"a\",}",
                                      "nul",
                                      "{\"a\":01}",
                                      "{\"a\":NaN}",
                                      "{\"a\":1.}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\t\"}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\\udc00\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":\"\xed\xa0\x80\"}",
                                      "\xef\xbb\xbf{}",
                                      "{\"\\ud800\":1}",
                                      "{\"a\":tru}",
                                      "Action=SendMessage"}) {
    INFO(body);
    CHECK(is_malformed<SendMessageRequest>(body));
  }
  CHECK(is_malformed<SendMessageRequest>(std::string_view("{\"a\":\"\0\"}", 9)));
  CHECK(is_malformed<SendMessageRequest>(std::string_view("{}\0", 3)));
  CHECK(is_malformed<SendMessageRequest>(R"({"a":)" + std::string(100'000, '[')));
  const auto deep = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  CHECK_FALSE(is_malformed<SendMessageRequest>(deep(1000)));
  CHECK(is_malformed<SendMessageRequest>(deep(1100)));
}

TEST_CASE("an escaped NUL is left to the operation", "[json]") {
  const auto result = decode<SendMessageRequest>(R"({"MessageBody":"a\u0000b"})");
  REQUIRE_FALSE(result.error);
  CHECK(result.value.message_body == std::string("a\0b", 3));
}

TEST_CASE("timestamps are epoch seconds or RFC 3339 text", "[json]") {
  CHECK(time_of("1767323045") == 1767323045000);
  CHECK(time_of("1767323045.678") == 1767323045678);
  CHECK(time_of("1.767323045678E9") == 1767323045678);
  CHECK(time_of("0") == 0);
  CHECK(time_of("-1.5") == -1500);
  CHECK(time_of(R"("2026-01-02T03:04:05Z")") == 1767323045000);
  CHECK(time_of(R"("2026-01-02T03:04:05.6789Z")") == 1767323045678);
  CHECK(time_of(R"("2026-01-02T05:04:05.5+02:00")") == 1767323045500);
  CHECK(time_of(R"("2026-01-01T21:04:05-06:00")") == 1767323045000);
  for (const std::string_view bad :
       {R"("")", R"("yesterday")", R"("2026-01-02")", R"("2026-02-30T00:00:00Z")",
        R"("2026-13-01T00:00:00Z")", R"("2026-01-02T24:00:00Z")", R"("2026-01-02T03:04:05")",
        R"("2026-01-02T03:04:05Zx")", R"("2026-01-02T03:04:05.Z")", "1e300", "-1e12", "true", "[]",
        R"("0000-01-01T00:00:00+23:59")"}) {
    INFO(bad);
    CHECK_FALSE(time_of(bad));
  }
}

TEST_CASE("encoding follows the model's order and leaves absent members out", "[json]") {
  SendMessageResponse sent;
  sent.md5_of_message_body = "5d41402abc4b2a76b9719d911017c592";
  sent.message_id = "id";
  CHECK(encode(sent) ==
        R"({"MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592","MessageId":"id"})");
  CHECK(encode(ReceiveMessageResponse{}) == "{}");
  CHECK(encode(Empty{}) == "{}");
  PutEventsResponse put;
  put.failed_entry_count = 1;
  put.entries.resize(2);
  put.entries[0].event_id = "e";
  put.entries[1].error_code = "MalformedDetail";
  CHECK(encode(put) ==
        R"({"FailedEntryCount":1,"Entries":[{"EventId":"e"},{"ErrorCode":"MalformedDetail"}]})");
  CHECK(encode(TestEventPatternResponse{.result = true}) == R"({"Result":true})");
  MessageAttributeValue binary;
  binary.binary_value = Blob{std::string("\0\xff\x10", 3)};
  binary.data_type = "Binary";
  CHECK(encode(binary) == R"({"BinaryValue":"AP8Q","DataType":"Binary"})");
}

TEST_CASE("timestamps are written as plain decimals", "[json]") {
  const auto text = [](std::int64_t ms) {
    std::string out;
    protocol::json::append(out, Timestamp{ms});
    return out;
  };
  CHECK(text(1767323045678) == "1767323045.678");
  CHECK(text(1767323045600) == "1767323045.6");
  CHECK(text(1767323045000) == "1767323045");
  CHECK(text(5) == "0.005");
  CHECK(text(0) == "0");
  CHECK(text(-1500) == "-1.5");
  CHECK(text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
}

TEST_CASE("strings are escaped wherever the special character stands", "[json]") {
  const auto quoted = [](std::string_view text) {
    std::string out;
    protocol::append_json_string(out, text);
    return out;
  };
  CHECK(quoted("") == R"("")");
  CHECK(quoted("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f") ==
        "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(quoted("\xe2\x80\xa8 \xc3\xa9") == "\"\xe2\x80\xa8 \xc3\xa9\"");
  // Every special character at every offset of the eight-byte scan, among every other byte value.
  for (int special = 0; special < 256; ++special) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(special);
      std::string expected;
      if (special == '"' || special == '\\') {
        expected = {'\\', static_cast<char>(special)};
      } else if (special < 0x20) {
        constexpr std::string_view short_forms = "btn\0fr";
        expected = special >= 8 && special <= 13 && special != 11
                       ? std::string{'\\', short_forms[static_cast<std::size_t>(special - 8)]}
                       : fmt::format("\\u{:04x}", special);
      } else {
        expected = static_cast<char>(special);
      }
      REQUIRE(quoted(text) == '"' + text.substr(0, at) + expected + text.substr(at + 1) + '"');
    }
  }
}

TEST_CASE("a message of a megabyte survives the JSON wire", "[json]") {
  std::string body;
  for (std::size_t i = 0; body.size() < 1'048'576; ++i) {
    body += i % 7 == 0 ? "\"quoted\"\r\n" : "plain \xe2\x82\xac text ";
  }
  SendMessageRequest request;
  request.queue_url = "u";
  request.message_body = body;
  const auto result = decode<SendMessageRequest>(encode(request));
  REQUIRE_FALSE(result.error);
  CHECK(result.value.message_body == body);
}

TEST_CASE("a number with a fraction is read and written as it is", "[json]") {
  using Routing = broker::api::lambda::AliasRoutingConfiguration;
  const auto body = R"({"AdditionalVersionWeights":{"1":0.1,"2":1,"3":1e-7}})";
  const auto result = decode<Routing>(body);
  REQUIRE_FALSE(result.error);
  CHECK(result.value.additional_version_weights ==
        std::map<std::string, double>{{"1", 0.1}, {"2", 1.0}, {"3", 1e-7}});
  CHECK(encode(result.value) == R"({"AdditionalVersionWeights":{"1":0.1,"2":1,"3":1e-07}})");
  for (const std::string bad : {"\"0.1\"", "true", "[]", "{}"}) {
    INFO(bad);
    CHECK(decode<Routing>(R"({"AdditionalVersionWeights":{"1":)" + bad + "}}").error);
  }
  CHECK(message_of<Routing>(R"({"AdditionalVersionWeights":{"1":"0.1"}})") ==
        "STRING_VALUE can not be converted to a Double");
}

TEST_CASE("base64 has one text form for a value", "[json]") {
  std::string bytes;
  for (int length = 0; length < 70; ++length) {
    std::string text;
    broker::append_base64(text, bytes);
    CHECK(broker::decode_base64(text) == bytes);
    bytes += static_cast<char>(length * 37 + 201);
  }
  std::string text;
  broker::append_base64(text, "hello!?>");
  CHECK(text == "aGVsbG8hPz4=");
  for (const std::string_view bad : {"a", "ab", "abc", "ab=c", "=abc", "ab==ab==", "a===", "YR==",
                                     "YWJ=", "ab c", "YQ==\n", "ab-_", "ab\xff\xff"}) {
    INFO(bad);
    CHECK_FALSE(broker::decode_base64(bad));
  }
}
