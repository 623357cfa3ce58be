// The syntax of schedule expressions.
#pragma once

#include <string_view>

namespace signalbox::broker {

// rate(value unit) or cron(minutes hours day-of-month month day-of-week year), as rules take them.
bool is_schedule_expression(std::string_view text);

}  // namespace signalbox::broker
