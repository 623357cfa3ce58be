// How `signalbox events` reads and shows events. Numbers and everything else in a detail stay as
// they are written. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

struct JsonMember {
  std::string name;
  std::string raw;                  // the value as it is written
  std::optional<std::string> text;  // of a string
};
// False: it is not a JSON object.
bool read_json_object(std::string_view json, std::vector<JsonMember>& members);

// An event on one line: time, source, detail-type, id and as much of the detail as fits.
std::string event_line(std::string_view event_json, bool is_coloured);

// What PutEvents takes, from an event as targets get it: all but its id, account and region.
std::string entry_of_event(std::string_view event_json, const std::optional<std::string>& bus);

// What PutEvents takes, from a line of a file: an entry, whose Detail may be an object, or an
// event. bus counts where the line names none. What is wrong with the line, or empty.
std::string read_entry_line(std::string_view line, const std::optional<std::string>& bus,
                            std::string& entry);

}  // namespace signalbox
