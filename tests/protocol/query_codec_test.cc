#include "protocol/query_codec.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "broker/api/iam_policies.h"
#include "broker/api/sqs.h"

using namespace signalbox;
using namespace signalbox::broker::api;
using protocol::QueryParameters;

namespace {

template <class T>
struct Decoded {
  T value;
  broker::MissingMembers missing;
  std::optional<protocol::DecodeError> error;
};

template <class T>
Decoded<T> decode(std::string_view body, std::string_view query = {}) {
  Decoded<T> result;
  QueryParameters parameters;
  result.error = QueryParameters::parse(body, query, parameters);
  if (!result.error)
    result.error = protocol::decode_query(parameters, result.value, result.missing);
  return result;
}

template <class T>
std::string reply(std::string_view action, const T& value) {
  std::string out;
  protocol::encode_query_reply(protocol::query_dialect(protocol::Service::sqs), action, value,
                               "r-1", out);
  return out;
}

std::string document(std::string_view action, std::string_view result) {
  return fmt::format(
      "<?xml version=\"1.0\"?><{0}Response "
      "xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{1}<ResponseMetadata><RequestId>r-1"
      "</RequestId></ResponseMetadata></{0}Response>",
      action, result);
}

bool is_refused(std::string_view body) {
  QueryParameters parameters;
  return QueryParameters::parse(body, {}, parameters).has_value();
}

}  // namespace

TEST_CASE("a form body fills a request by its flattened names", "[query]") {
  const auto result = decode<SendMessageRequest>(
      "Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fh%2F000000000000%2Fq"
      "&MessageBody=a+b%2Bc%0A%E2%82%AC&DelaySeconds=5"
      "&MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=7"
      "&MessageAttribute.1.Value.DataType=Number"
      "&MessageAttribute.2.Name=b.in&MessageAttribute.2.Value.BinaryValue=AP8%3D"
      "&MessageAttribute.2.Value.DataType=Binary"
      "&MessageSystemAttribute.1.Name=AWSTraceHeader"
      "&MessageSystemAttribute.1.Value.StringValue=Root%3D1"
      "&MessageSystemAttribute.1.Value.DataType=String");
  REQUIRE_FALSE(result.error);
  CHECK(result.missing.empty());
  const auto& request = result.value;
  CHECK(request.queue_url == "http://h/000000000000/q");
  CHECK(request.message_body == "a b+c\n\xe2\x82\xac");
  CHECK(request.delay_seconds == 5);
  REQUIRE(request.message_attributes.size() == 2);
  CHECK(request.message_attributes.at("n").string_value == "7");
  CHECK(request.message_attributes.at("n").data_type == "Number");
  CHECK(request.message_attributes.at("b.in").binary_value->bytes == std::string("\0\xff", 2));
  CHECK(request.message_system_attributes.at("AWSTraceHeader").string_value == "Root=1");
}

TEST_CASE("attributes and tags come as numbered pairs", "[query]") {
  const auto created = decode<CreateQueueRequest>(
      "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=3"
      "&Attribute.2.Name=RedrivePolicy&Attribute.2.Value="
      "&Tag.1.Key=team&Tag.1.Value=a%26b&Tag.2.Key=empty&Tag.2.Value=");
  REQUIRE_FALSE(created.error);
  CHECK(created.value.attributes == StringMap{{"DelaySeconds", "3"}, {"RedrivePolicy", ""}});
  CHECK(created.value.tags == StringMap{{"team", "a&b"}, {"empty", ""}});
  const auto untag = decode<UntagQueueRequest>("QueueUrl=u&TagKey.1=a&TagKey.2=b");
  CHECK(untag.value.tag_keys == StringList{"a", "b"});
}

TEST_CASE("other spellings of lists and maps are understood", "[query]") {
  CHECK(decode<GetQueueAttributesRequest>("AttributeName=All").value.attribute_names ==
        StringList{"All"});
  CHECK(decode<GetQueueAttributesRequest>("AttributeNames.member.1=A&AttributeNames.member.2=B")
            .value.attribute_names == StringList{"A", "B"});
  CHECK(decode<GetQueueAttributesRequest>("AttributeName.member.1=A").value.attribute_names ==
        StringList{"A"});
  CHECK(decode<SetQueueAttributesRequest>("Attribute.Name=X&Attribute.Value=Y").value.attributes ==
        StringMap{{"X", "Y"}});
  CHECK(decode<SetQueueAttributesRequest>("Attributes.entry.1.key=X&Attributes.entry.1.value=Y")
            .value.attributes == StringMap{{"X", "Y"}});
  CHECK(decode<TagQueueRequest>("Tags.entry.1.Key=X&Tags.entry.1.Value=Y").value.tags ==
        StringMap{{"X", "Y"}});
}

TEST_CASE("numbers in names only order the entries", "[query]") {
  const auto names = [](std::string_view body) {
    return decode<GetQueueAttributesRequest>(body).value.attribute_names;
  };
  CHECK(names("AttributeName.10=c&AttributeName.2=b&AttributeName.1=a") ==
        StringList{"a", "b", "c"});
  CHECK(names("AttributeName.999999999=z&AttributeName.7=y") == StringList{"y", "z"});
  CHECK(names("AttributeName.0=a&AttributeName.1=b") == StringList{"a", "b"});
  CHECK(names("AttributeName.1=a&AttributeName.99999999999999999999=lost&AttributeName.-1=lost") ==
        StringList{"a"});
}

TEST_CASE("a batch keeps its entries apart", "[query]") {
  const auto result = decode<SendMessageBatchRequest>(
      "QueueUrl=u&SendMessageBatchRequestEntry.2.Id=two&SendMessageBatchRequestEntry.2.MessageBody="
      "B"
      "&SendMessageBatchRequestEntry.1.Id=one&SendMessageBatchRequestEntry.1.MessageBody=A"
      "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=k"
      "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v"
      "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String"
      "&SendMessageBatchRequestEntry.10.Id=ten&SendMessageBatchRequestEntry.10.DelaySeconds=1");
  REQUIRE_FALSE(result.error);
  REQUIRE(result.value.entries.size() == 3);
  CHECK(result.value.entries[0].id == "one");
  CHECK(result.value.entries[0].message_attributes.at("k").string_value == "v");
  CHECK(result.value.entries[1].id == "two");
  CHECK(result.value.entries[2].delay_seconds == 1);
  REQUIRE(result.missing.size() == 1);
  CHECK(result.missing[0].parameter == "SendMessageBatchRequestEntry.10.MessageBody");
}

TEST_CASE("names that share a beginning are not mixed up", "[query]") {
  const auto result = decode<ReceiveMessageRequest>(
      "QueueUrl=u&QueueUrlX=no&AttributeName.1=a&AttributeName-x=no&AttributeNamer.1=no"
      "&MessageAttributeName.1=m&MessageSystemAttributeName.1=s&MaxNumberOfMessages=10"
      "&MaxNumberOfMessages.1=no");
  REQUIRE_FALSE(result.error);
  CHECK(result.value.attribute_names == StringList{"a"});
  CHECK(result.value.message_attribute_names == StringList{"m"});
  CHECK(result.value.message_system_attribute_names == StringList{"s"});
  CHECK(result.value.max_number_of_messages == 10);
}

TEST_CASE("of a parameter given twice the first counts, the body before the query", "[query]") {
  CHECK(decode<DeleteQueueRequest>("QueueUrl=a&QueueUrl=b").value.queue_url == "a");
  CHECK(decode<DeleteQueueRequest>("QueueUrl=a", "QueueUrl=b").value.queue_url == "a");
  CHECK(decode<DeleteQueueRequest>("", "QueueUrl=b").value.queue_url == "b");
}

TEST_CASE("missing parameters are named as the wire names them", "[query]") {
  const auto message = [](const broker::MissingMembers& missing) {
    const auto error = broker::missing_parameter(missing);
    return error ? error->message : "nothing missing";
  };
  CHECK(message(decode<SendMessageRequest>("MessageBody=b").missing) ==
        "The request must contain the parameter QueueUrl.");
  CHECK(message(decode<SendMessageRequest>("QueueUrl=u&MessageBody=b&MessageAttribute.3.Name=a")
                    .missing) ==
        "The request must contain the parameter MessageAttribute.3.Value.");
  CHECK(message(decode<SendMessageRequest>("QueueUrl=u&MessageBody=b&MessageAttribute.3.Name=a"
                                           "&MessageAttribute.3.Value.StringValue=v")
                    .missing) ==
        "The request must contain the parameter MessageAttribute.3.Value.DataType.");
  CHECK(message(decode<SetQueueAttributesRequest>("QueueUrl=u&Attribute.1.Value=b").missing) ==
        "The request must contain the parameter Attribute.1.Name.");
  // A batch without entries is for the operation to refuse.
  CHECK(message(decode<SendMessageBatchRequest>("QueueUrl=u").missing) == "nothing missing");
}

TEST_CASE("values of the wrong type are refused", "[query]") {
  for (const std::string_view bad :
       {"DelaySeconds=", "DelaySeconds=abc", "DelaySeconds=1.5", "DelaySeconds=5x",
        "DelaySeconds=%2B5", "DelaySeconds=0x10", "DelaySeconds=9223372036854775808"}) {
    INFO(bad);
    const auto result = decode<SendMessageRequest>(bad);
    REQUIRE(result.error);
    CHECK(result.error->message == "STRING_VALUE can not be converted to an Integer");
  }
  CHECK(decode<SendMessageRequest>("DelaySeconds=-5").value.delay_seconds == -5);
  CHECK(decode<SendMessageRequest>("MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=B"
                                   "&MessageAttribute.1.Value.BinaryValue=%25")
            .error);
}

TEST_CASE("malformed form data is refused", "[query]") {
  for (const std::string_view bad :
       {"a=%", "a=%2", "a=%zz", "%=a", "a=%ff", "a=%ed%a0%80", "%c0%80=1", "a=\xff", "a=%E2%82"}) {
    INFO(bad);
    CHECK(is_refused(bad));
  }
  for (const std::string_view fine : {"", "&", "&&a=b&", "=", "a", "a=", "a==b", "a=b=c", "...=1",
                                      "a.=1&.a=2&a..b=3", "a=%00", "{\"QueueUrl\":\"u\"}"}) {
    INFO(fine);
    CHECK_FALSE(is_refused(fine));
    CHECK_FALSE(decode<SendMessageBatchRequest>(fine).error);
  }
  std::string many;
  for (std::size_t i = 0; i < QueryParameters::parameter_count_max; ++i) many += "a&";
  CHECK_FALSE(is_refused(many));
  CHECK(is_refused(many + "a"));
}

TEST_CASE("a request to a queue's path names the queue", "[query]") {
  const auto url = [](std::string_view path) {
    return protocol::queue_url_of_path(path, "http://h:1").value_or("none");
  };
  CHECK(url("/000000000000/orders") == "http://h:1/000000000000/orders");
  CHECK(url("/queue/eu-west-1/000000000000/a.fifo") ==
        "http://h:1/queue/eu-west-1/000000000000/a.fifo");
  for (const std::string_view none :
       {"", "/", "/orders", "/00000000000/orders", "/0000000000000/orders", "/00000000000a/orders",
        "/000000000000/", "/000000000000/a/b", "/queue/000000000000/a", "/queue/", "/%zz"}) {
    INFO(none);
    CHECK(url(none) == "none");
  }
  QueryParameters parameters;
  REQUIRE_FALSE(QueryParameters::parse("Action=SendMessage&MessageBody=b", {}, parameters));
  parameters.set_default("QueueUrl", "http://h:1/000000000000/orders");
  parameters.set_default("Action", "Other");
  CHECK(parameters.find("QueueUrl") == "http://h:1/000000000000/orders");
  CHECK(parameters.find("Action") == "SendMessage");
  CHECK_FALSE(parameters.find("Actio"));
}

TEST_CASE("a Query reply is the action's document", "[query]") {
  CHECK(
      reply("CreateQueue", CreateQueueResponse{.queue_url = "http://h/1/q?a&b"}) ==
      document("CreateQueue",
               "<CreateQueueResult><QueueUrl>http://h/1/q?a&amp;b</QueueUrl></CreateQueueResult>"));
  CHECK(reply("DeleteQueue", Empty{}) == document("DeleteQueue", ""));
  CHECK(reply("ReceiveMessage", ReceiveMessageResponse{}) ==
        document("ReceiveMessage", "<ReceiveMessageResult/>"));
}

TEST_CASE("lists and maps are flattened in a Query reply", "[query]") {
  Message message;
  message.message_id = "m";
  message.receipt_handle = "h";
  message.md5_of_body = "5";
  message.body = "a<b>\r\n\"c\"";
  message.attributes = StringMap{{"SenderId", "x"}, {"SentTimestamp", "1"}};
  message.message_attributes.emplace();
  auto& attribute = (*message.message_attributes)["k"];
  attribute.binary_value = Blob{"hi"};
  attribute.data_type = "Binary";
  ReceiveMessageResponse response;
  response.messages = {message};
  CHECK(reply("ReceiveMessage", response) ==
        document("ReceiveMessage",
                 "<ReceiveMessageResult><Message><MessageId>m</MessageId>"
                 "<ReceiptHandle>h</ReceiptHandle><MD5OfBody>5</MD5OfBody>"
                 "<Body>a&lt;b&gt;&#xD;\n&quot;c&quot;</Body>"
                 "<Attribute><Name>SenderId</Name><Value>x</Value></Attribute>"
                 "<Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute>"
                 "<MessageAttribute><Name>k</Name><Value><BinaryValue>aGk=</BinaryValue>"
                 "<DataType>Binary</DataType></Value></MessageAttribute>"
                 "</Message></ReceiveMessageResult>"));
  CHECK(reply("ListQueues", ListQueuesResponse{.next_token = {}, .queue_urls = {{"a", "b"}}}) ==
        document(
            "ListQueues",
            "<ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></ListQueuesResult>"));
  CHECK(reply("ListQueueTags", ListQueueTagsResponse{.tags = {{{"k", "v"}}}}) ==
        document(
            "ListQueueTags",
            "<ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>"));
  DeleteMessageBatchResponse batch;
  batch.successful.emplace().push_back({.id = "a"});
  BatchResultErrorEntry failed;
  failed.id = "b";
  failed.code = "ReceiptHandleIsInvalid";
  batch.failed.emplace().push_back(failed);
  CHECK(reply("DeleteMessageBatch", batch) ==
        document("DeleteMessageBatch",
                 "<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>a</Id>"
                 "</DeleteMessageBatchResultEntry><BatchResultErrorEntry><Id>b</Id>"
                 "<SenderFault>true</SenderFault><Code>ReceiptHandleIsInvalid</Code>"
                 "</BatchResultErrorEntry></DeleteMessageBatchResult>"));
}

TEST_CASE("XML text carries every character XML can carry", "[query]") {
  const auto text = [](std::string_view raw) {
    std::string out;
    protocol::append_xml_text(out, raw);
    return out;
  };
  CHECK(text("") == "");
  CHECK(text("plain 'text' \t\n") == "plain 'text' \t\n");
  CHECK(text("&<>\"\r") == "&amp;&lt;&gt;&quot;&#xD;");
  CHECK(text("\xef\xbc\x81 \xf0\x9f\x98\x80") == "\xef\xbc\x81 \xf0\x9f\x98\x80");
  CHECK(text(std::string_view("a\0b\x01\x1f", 5)) ==
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(text("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("RFC 3339 text has the form the services print", "[query]") {
  const auto text = [](std::int64_t ms) {
    std::string out;
    protocol::append_rfc3339(out, Timestamp{ms});
    return out;
  };
  CHECK(text(1767323045678) == "2026-01-02T03:04:05.678Z");
  CHECK(text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(text(-1) == "1969-12-31T23:59:59.999Z");
  for (const auto ms : {protocol::timestamp_ms_min, protocol::timestamp_ms_max,
                        std::int64_t{951782400000}, std::int64_t{-62135596800000}}) {
    CHECK(protocol::parse_rfc3339(text(ms)) == Timestamp{ms});
  }
}

TEST_CASE("the service of a request is that of its signature, else of its version, else SQS",
          "[query]") {
  using protocol::Service;
  CHECK(protocol::query_service("iam", "2012-11-05") == Service::iam);
  CHECK(protocol::query_service("sts", "") == Service::sts);
  CHECK(protocol::query_service("", "2010-05-08") == Service::iam);
  CHECK(protocol::query_service("execute-api", "2011-06-15") == Service::sts);
  CHECK(protocol::query_service("", "2009-02-01") == Service::sqs);
  CHECK(protocol::query_service("events", "") == Service::sqs);
}

TEST_CASE("lists of IAM and STS are wrapped, and a name without value is a list of nothing",
          "[query]") {
  const auto request = decode<iam::TagRoleRequest>(
      "RoleName=r&Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c"
      "&Tags.member.2.Value=");
  CHECK(request.missing.empty());
  REQUIRE(request.value.tags.size() == 2);
  CHECK(request.value.tags[0].key == "a");
  CHECK(request.value.tags[1].value.empty());
  const auto none = decode<iam::TagRoleRequest>("RoleName=r&Tags=");
  CHECK(none.missing.empty());
  CHECK(none.value.tags.empty());

  iam::ListTagsResponse response;
  std::string out;
  const auto& dialect = protocol::query_dialect(protocol::Service::iam);
  protocol::encode_query_reply(dialect, "ListRoleTags", response, "r-1", out);
  CHECK(out.find("<Tags></Tags><IsTruncated>false</IsTruncated>") != std::string::npos);
  out.clear();
  response.tags = {{"a", "b"}, {"c", ""}};
  protocol::encode_query_reply(dialect, "ListRoleTags", response, "r-1", out);
  CHECK(out.find("<Tags><member><Key>a</Key><Value>b</Value></member><member><Key>c</Key>"
                 "<Value></Value></member></Tags>") != std::string::npos);
}

TEST_CASE("an answer of IAM says its namespace, whole seconds, and a result without members",
          "[query]") {
  std::string out;
  const auto& dialect = protocol::query_dialect(protocol::Service::iam);
  iam::PolicyVersionResponse response;
  response.policy_version.create_date.ms = 1'767'323'045'678;
  protocol::encode_query_reply(dialect, "GetPolicyVersion", response, "r-1", out);
  CHECK(out.find("xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"") != std::string::npos);
  CHECK(out.find("<CreateDate>2026-01-02T03:04:05Z</CreateDate>") != std::string::npos);
  out.clear();
  protocol::encode_query_reply(dialect, "UpdateRole", iam::UpdateRoleResponse{}, "r-1", out);
  CHECK(out.find("<UpdateRoleResult/>") != std::string::npos);
}
