// The rows of the settings table, shared by the parser and the printers. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "signalbox/settings.h"

namespace signalbox {

enum class SettingKind : std::uint8_t {
  number,  // a whole number within the bounds
  bytes,   // the same, and KiB, MiB or GiB may follow
  toggle,  // on or off; a bare flag means on
  text,    // whatever `accepted` says
  list,    // text, repeatable; commas separate values
};

struct SettingRow {
  std::string_view group;
  std::string_view name;         // --name, SIGNALBOX_NAME, and the key in a file
  std::string_view placeholder;  // what stands for the value in the help
  SettingKind kind;
  std::string_view default_text;
  std::uint64_t min;  // numbers and bytes only
  std::uint64_t max;
  std::string_view accepted;  // text and list: completes "must be ..."
  std::string_view sentence;
  // Exactly one is set. Numbers arrive within their bounds; text answers false when it is not
  // what `accepted` says. A list's `first` value replaces what stood there.
  void (*store_number)(Settings&, std::uint64_t) = nullptr;
  void (*store_toggle)(Settings&, bool) = nullptr;
  bool (*store_text)(Settings&, std::string_view value, bool first) = nullptr;
};

std::span<const SettingRow> settings_table();
const SettingRow* find_setting(std::string_view name);

// Stores one value. Empty on success, else what the value must be.
std::string store_setting(const SettingRow& row, Settings& settings, std::string_view value,
                          bool first);

// "a whole number from 1 to 65536", "on or off", ...
std::string accepted_values(const SettingRow& row);

// "SIGNALBOX_DATA_DIR" of "data-dir"
std::string variable_name(std::string_view setting_name);

// Splits at commas, trims blanks, and leaves empty parts out.
std::vector<std::string_view> split_list(std::string_view values);
std::string_view trim(std::string_view text);

}  // namespace signalbox
