// Unpacks a zip that anybody may have made into a folder, and nowhere else. Any thread; blocks on
// the disk.
//
// A name decides nothing: each part of it is opened below the folder without following a link, a
// file is only ever made new, and links are made last, once nothing is written any more. A link
// has to end inside the folder. What an entry claims to be or to hold is not believed: bytes are
// counted as they come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace signalbox::workers {

struct ZipLimits {
  std::uint64_t bytes_max = 250u << 20;  // unpacked, as the service has it
  // Files, links and folders, those included that only a name speaks of.
  std::size_t entries_max = 50'000;
};

// folder is there and empty. What is wrong, or nothing; after a problem it holds a part.
std::string unpack_zip(std::string_view zip, const std::filesystem::path& folder,
                       const ZipLimits& limits);

}  // namespace signalbox::workers
