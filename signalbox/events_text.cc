#include "signalbox/events_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "signalbox/command_line.h"
#include "signalbox/queue_text.h"

namespace signalbox {

namespace {

// In characters, so that an event is a line or two of most terminals.
constexpr std::size_t detail_length_max = 80;
constexpr std::array<std::string_view, 7> entry_members{
    "Source", "DetailType", "Detail", "Resources", "Time", "EventBusName", "TraceHeader"};

// Without what would begin another line.
std::string on_one_line(std::string_view text) {
  std::string out = for_terminal(text);
  for (char& c : out) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return out;
}

// At most so many characters, of which the last says that there were more.
std::string shortened(std::string text, std::size_t length_max) {
  std::size_t length = 0;
  std::size_t cut = 0;  // behind length_max - 1 characters
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (++length == length_max) cut = i;
    if (length > length_max) return text.substr(0, cut) + "…";
  }
  return text;
}

const JsonMember* find(const std::vector<JsonMember>& members, std::string_view name) {
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const JsonMember& each) { return each.name == name; });
  return at == members.end() ? nullptr : &*at;
}

// Empty when it is not there, or no string.
std::string text_of(const std::vector<JsonMember>& members, std::string_view name) {
  const JsonMember* member = find(members, name);
  return member == nullptr ? "" : member->text.value_or("");
}

std::string entry_of(const std::vector<JsonMember>& event, const std::optional<std::string>& bus) {
  JsonObject entry;
  entry.text_if("EventBusName", bus);
  constexpr std::pair<std::string_view, std::string_view> names[] = {{"source", "Source"},
                                                                     {"detail-type", "DetailType"},
                                                                     {"resources", "Resources"},
                                                                     {"time", "Time"}};
  for (const auto& [name, wanted] : names) {
    if (const auto* member = find(event, name)) entry.raw(wanted, member->raw);
  }
  if (const auto* detail = find(event, "detail")) entry.text("Detail", detail->raw);
  return std::move(entry).take();
}

bool read_members(std::string_view json, std::vector<JsonMember>& members) {
  namespace ondemand = simdjson::ondemand;
  ondemand::parser parser;
  const simdjson::padded_string padded(json);
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) return false;
  for (auto field : object) {
    std::string_view name;
    ondemand::value value;
    ondemand::json_type type{};
    if (field.unescaped_key().get(name) || field.value().get(value) || value.type().get(type)) {
      return false;
    }
    JsonMember& member = members.emplace_back();
    member.name = name;
    if (type == ondemand::json_type::string) {
      member.raw = value.raw_json_token();
      std::string_view text;
      if (value.get_string().get(text)) return false;
      member.text = text;
    } else {
      std::string_view raw;
      if (simdjson::to_json_string(value).get(raw)) return false;
      member.raw = raw;
    }
    member.raw.erase(member.raw.find_last_not_of(" \t\r\n") + 1);
  }
  const char* rest = nullptr;  // an error at the end of the text
  return document.current_location().get(rest) != simdjson::SUCCESS;
}

}  // namespace

bool read_json_object(std::string_view json, std::vector<JsonMember>& members) {
  members.clear();
  // A value that nobody has looked at is checked by the full parser; it gives up only on numbers
  // that no type of it holds.
  simdjson::dom::parser parser;
  const auto error = parser.parse(json.data(), json.size()).error();
  return (error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR) &&
         read_members(json, members);
}

std::string event_line(std::string_view event_json, bool is_coloured) {
  std::vector<JsonMember> event;
  if (!read_json_object(event_json, event)) return on_one_line(event_json) + '\n';
  const auto member = [&](std::string_view name) { return on_one_line(text_of(event, name)); };
  const auto* detail = find(event, "detail");
  const auto coloured = [&](std::string_view code, const std::string& text) {
    return is_coloured ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
  };
  return fmt::format(
      "{}  {}  {}  {}  {}\n", coloured("2", member("time")), coloured("36", member("source")),
      coloured("1", member("detail-type")), member("id"),
      shortened(on_one_line(detail == nullptr ? "" : detail->raw), detail_length_max));
}

std::string entry_of_event(std::string_view event_json, const std::optional<std::string>& bus) {
  std::vector<JsonMember> event;
  read_json_object(event_json, event);
  return entry_of(event, bus);
}

std::string read_entry_line(std::string_view line, const std::optional<std::string>& bus,
                            std::string& entry) {
  std::vector<JsonMember> members;
  if (!read_json_object(line, members)) {
    return "not a JSON object: a line is an entry of PutEvents, or an event.";
  }
  if (find(members, "detail-type") != nullptr) {
    entry = entry_of(members, bus);
    return {};
  }
  JsonObject made;
  if (find(members, "EventBusName") == nullptr) made.text_if("EventBusName", bus);
  for (const auto& [name, raw, text] : members) {
    if (std::find(entry_members.begin(), entry_members.end(), name) == entry_members.end()) {
      return fmt::format("an entry has no member {}: it has {}.", shortened(on_one_line(name), 40),
                         fmt::join(entry_members, ", "));
    }
    if (name == "Detail" && !text) {
      made.text(name, raw);
    } else {
      made.raw(name, raw);
    }
  }
  entry = std::move(made).take();
  return {};
}

}  // namespace signalbox
