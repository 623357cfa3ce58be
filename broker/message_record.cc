#include "broker/message_record.h"

#include <algorithm>
#include <cstring>

namespace signalbox::broker {

namespace {

constexpr unsigned char format_version = 1;
enum class Kind : unsigned char { message = 0, redirect = 1 };
enum class Section : unsigned char {
  sender_id = 1,
  trace_header = 2,
  group_id = 3,
  dead_letter_source_arn = 4,
  event_id = 5,
  bus_arn = 6,
  rule_arn = 7,
  target_id = 8,
  source_queue = 9,
  attribute_name = 10,  // followed by its type and value sections
  attribute_type = 11,
  attribute_string = 12,
  attribute_binary = 13,
  deduplication_id = 14,
  shown_sent = 15,
};

// Offsets in the fixed head.
constexpr std::size_t at_version = 0, at_kind = 1, at_receive_count = 4, at_sent = 8,
                      at_first_received = 16, at_id = 24, at_md5 = 40, at_body_slot = 56,
                      at_sections_bytes = 64;

template <class T>
void store(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

template <class T>
T fetch(std::string_view in, std::size_t at) {
  T value;
  std::memcpy(&value, in.data() + at, sizeof value);
  return value;
}

void append_section(std::string& out, Section tag, std::string_view bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  char head[5];
  head[0] = static_cast<char>(tag);
  std::memcpy(head + 1, &length, 4);
  out.append(head, sizeof head);
  out.append(bytes);
}

void append_text(std::string& out, Section tag, std::string_view text) {
  if (!text.empty()) append_section(out, tag, text);
}

std::string fixed_head(Kind kind) {
  std::string out(message_head_bytes, '\0');
  out[at_version] = static_cast<char>(format_version);
  out[at_kind] = static_cast<char>(kind);
  return out;
}

// Adds one section to the record; false when the section is unknown or out of place.
bool take_section(MessageRecord& record, Section tag, std::string_view bytes,
                  api::MessageAttributeValue*& attribute) {
  switch (tag) {
    case Section::sender_id: record.sender_id = bytes; return true;
    case Section::trace_header: record.trace_header = bytes; return true;
    case Section::group_id: record.group_id = bytes; return true;
    case Section::deduplication_id: record.deduplication_id = bytes; return true;
    case Section::shown_sent:
      if (bytes.size() != sizeof(std::int64_t)) return false;
      record.shown_sent_ms = fetch<std::int64_t>(bytes, 0);
      return true;
    case Section::dead_letter_source_arn: record.dead_letter_source_arn = bytes; return true;
    case Section::event_id: record.origin.event_id = bytes; return true;
    case Section::bus_arn: record.origin.bus_arn = bytes; return true;
    case Section::rule_arn: record.origin.rule_arn = bytes; return true;
    case Section::target_id: record.origin.target_id = bytes; return true;
    case Section::source_queue: record.origin.source_queue = bytes; return true;
    case Section::attribute_name: attribute = &record.attributes[std::string(bytes)]; return true;
    case Section::attribute_type:
    case Section::attribute_string:
    case Section::attribute_binary: break;
    default: return false;
  }
  if (attribute == nullptr) return false;
  if (tag == Section::attribute_type) attribute->data_type = bytes;
  if (tag == Section::attribute_string) attribute->string_value = std::string(bytes);
  if (tag == Section::attribute_binary) attribute->binary_value = api::Blob{std::string(bytes)};
  return true;
}

}  // namespace

std::string encode_message_head(const MessageRecord& record) {
  std::string out = fixed_head(Kind::message);
  store(out, at_receive_count, record.receive_count);
  store(out, at_sent, record.sent_ms);
  store(out, at_first_received, record.first_received_ms);
  std::memcpy(out.data() + at_id, record.id.data(), record.id.size());
  std::memcpy(out.data() + at_md5, record.body_md5.data(), record.body_md5.size());
  append_text(out, Section::sender_id, record.sender_id);
  append_text(out, Section::trace_header, record.trace_header);
  append_text(out, Section::group_id, record.group_id);
  append_text(out, Section::deduplication_id, record.deduplication_id);
  if (record.shown_sent_ms) {
    const std::int64_t ms = *record.shown_sent_ms;
    append_section(out, Section::shown_sent, {reinterpret_cast<const char*>(&ms), sizeof ms});
  }
  append_text(out, Section::dead_letter_source_arn, record.dead_letter_source_arn);
  append_text(out, Section::event_id, record.origin.event_id);
  append_text(out, Section::bus_arn, record.origin.bus_arn);
  append_text(out, Section::rule_arn, record.origin.rule_arn);
  append_text(out, Section::target_id, record.origin.target_id);
  append_text(out, Section::source_queue, record.origin.source_queue);
  for (const auto& [name, value] : record.attributes) {
    append_section(out, Section::attribute_name, name);
    append_section(out, Section::attribute_type, value.data_type);
    if (value.string_value) append_section(out, Section::attribute_string, *value.string_value);
    if (value.binary_value) {
      append_section(out, Section::attribute_binary, value.binary_value->bytes);
    }
  }
  store(out, at_sections_bytes, static_cast<std::uint32_t>(out.size() - message_head_bytes));
  return out;
}

void stamp_sent_ms(char* head, std::int64_t sent_ms) {
  std::memcpy(head + at_sent, &sent_ms, sizeof sent_ms);
}

std::string encode_redirect(Slot body, std::int64_t sent_ms, std::int64_t first_received_ms,
                            std::uint32_t receive_count) {
  std::string out = fixed_head(Kind::redirect);
  store(out, at_receive_count, receive_count);
  store(out, at_sent, sent_ms);
  store(out, at_first_received, first_received_ms);
  store(out, at_body_slot, body.bits());
  return out;
}

std::optional<MessageHead> read_message_head(std::string_view value) {
  if (value.size() < message_head_bytes) return std::nullopt;
  if (static_cast<unsigned char>(value[at_version]) != format_version) return std::nullopt;
  MessageHead head;
  head.redirect = value[at_kind] == static_cast<char>(Kind::redirect);
  head.receive_count = fetch<std::uint32_t>(value, at_receive_count);
  head.sent_ms = fetch<std::int64_t>(value, at_sent);
  head.first_received_ms = fetch<std::int64_t>(value, at_first_received);
  head.body = Slot::from_bits(fetch<std::uint64_t>(value, at_body_slot));
  return head;
}

std::optional<StoredMessage> read_message(std::string_view value) {
  const auto head = read_message_head(value);
  if (!head || head->redirect) return std::nullopt;
  StoredMessage stored;
  auto& record = stored.record;
  record.receive_count = head->receive_count;
  record.sent_ms = head->sent_ms;
  record.first_received_ms = head->first_received_ms;
  std::memcpy(record.id.data(), value.data() + at_id, record.id.size());
  std::memcpy(record.body_md5.data(), value.data() + at_md5, record.body_md5.size());
  const std::size_t sections_bytes = fetch<std::uint32_t>(value, at_sections_bytes);
  if (sections_bytes > value.size() - message_head_bytes) return std::nullopt;
  std::string_view sections = value.substr(message_head_bytes, sections_bytes);
  stored.body = value.substr(message_head_bytes + sections_bytes);
  api::MessageAttributeValue* attribute = nullptr;
  while (!sections.empty()) {
    if (sections.size() < 5) return std::nullopt;
    const auto tag = static_cast<Section>(sections[0]);
    const auto length = fetch<std::uint32_t>(sections, 1);
    if (length > sections.size() - 5) return std::nullopt;
    if (!take_section(record, tag, sections.substr(5, length), attribute)) return std::nullopt;
    sections.remove_prefix(5 + length);
  }
  return stored;
}

std::string_view read_group_id(std::string_view value) {
  if (value.size() < message_head_bytes) return {};
  std::string_view sections =
      value.substr(message_head_bytes, fetch<std::uint32_t>(value, at_sections_bytes));
  while (sections.size() >= 5) {
    const auto length = fetch<std::uint32_t>(sections, 1);
    if (static_cast<Section>(sections[0]) == Section::group_id) return sections.substr(5, length);
    sections.remove_prefix(std::min<std::size_t>(5 + std::size_t{length}, sections.size()));
  }
  return {};
}

std::optional<std::string> moved_record(std::string_view value, const Move& move) {
  auto stored = read_message(value);
  if (!stored) return std::nullopt;
  MessageRecord& record = stored->record;
  record.receive_count = move.receive_count;
  record.first_received_ms = move.first_received_ms;
  record.dead_letter_source_arn = move.source_arn;
  record.origin.source_queue = move.source_arn;
  if (move.to_fifo) {
    if (!record.shown_sent_ms) record.shown_sent_ms = record.sent_ms;
    record.deduplication_id = format_uuid(record.id);
  }
  std::string out = encode_message_head(record);
  out.append(stored->body);
  return out;
}

std::string redriven_record(const StoredMessage& stored, const IdBytes& id,
                            std::string_view source_arn) {
  MessageRecord record = stored.record;
  record.id = id;
  record.receive_count = 0;
  record.first_received_ms = 0;
  record.shown_sent_ms.reset();
  record.dead_letter_source_arn.clear();
  record.origin.source_queue = source_arn;
  std::string out = encode_message_head(record);
  out.append(stored.body);
  return out;
}

}  // namespace signalbox::broker
