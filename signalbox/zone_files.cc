#include "signalbox/zone_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace signalbox {

namespace {

constexpr const char* folder = "/usr/share/zoneinfo/";
constexpr std::uintmax_t file_bytes_max = 64 * 1024;

// A client's text becomes part of a path: nothing in it may lead out of the folder. The other
// folders inside hold the zones once more, some with leap seconds.
bool is_zone_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  return !name.empty() && name.front() != '/' && std::all_of(name.begin(), name.end(), is_fine) &&
         !name.starts_with("right/") && !name.starts_with("posix/");
}

}  // namespace

std::optional<std::string> read_zone_file(const std::string& name) {
  if (!is_zone_name(name)) return std::nullopt;
  const std::filesystem::path path = folder + name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  if (std::filesystem::file_size(path, error) > file_bytes_max || error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace signalbox
