// The system's time zones: files of the IANA database, as Debian's tzdata has them.
#pragma once

#include <optional>
#include <string>

namespace signalbox {

// The contents of a zone's file, by IANA name; nothing for a name that is none. Any thread; blocks
// on the disk.
std::optional<std::string> read_zone_file(const std::string& name);

}  // namespace signalbox
