// Lines of logfmt on standard error, one an event.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace shop {

// Fields with an empty value are left out.
void log_line(std::string_view service, std::string_view level, std::string_view message,
              std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {});

}  // namespace shop
