// The syntax of rate and cron expressions.
#include "broker/events_schedule.h"

#include <catch2/catch.hpp>

namespace signalbox::broker {

TEST_CASE("schedule expressions the service takes are taken", "[events]") {
  for (const auto* text : {"rate(1 minute)",
                           "rate(5 minutes)",
                           "rate(1 hour)",
                           "rate(2 hours)",
                           "rate(1 day)",
                           "rate(10 days)",
                           "cron(0 12 * * ? *)",
                           "cron(0/15 * * * ? *)",
                           "cron(0 18 ? * MON-FRI *)",
                           "cron(0 8 1 * ? *)",
                           "cron(0/5 8-17 ? * MON-FRI *)",
                           "cron(15 10 ? * 6L 2002-2005)",
                           "cron(0 20-2 * * ? *)",
                           "cron(0 9 ? * 2#1 *)",
                           "cron(0 0 L * ? *)",
                           "cron(0 0 LW * ? *)",
                           "cron(0 0 15W * ? *)",
                           "cron(0 0 1,15 JAN,JUL ? 2022)",
                           "cron(0 0 ? * SUN *)",
                           "cron(0,30 7 ? * * *)"}) {
    INFO(text);
    CHECK(is_schedule_expression(text));
  }
}

TEST_CASE("schedule expressions the service refuses are refused", "[events]") {
  for (const auto* text : {"",
                           "NOT",
                           "rate",
                           "rate()",
                           "rate(5)",
                           "rate(0 minutes)",
                           "rate(1 minutes)",
                           "rate(5 minute)",
                           "rate(-1 minutes)",
                           "rate(5 seconds)",
                           "rate(5 minutes",
                           "rate( 5 minutes)",
                           "rate(1.5 hours)",
                           "cron(0 1 * * * *)",
                           "cron(71 12 * * ? *)",
                           "cron(0 12 * * ?)",
                           "cron(0 12 ? * ? *)",
                           "cron(7 20 * * 1-7 *)",
                           "cron(0 24 * * ? *)",
                           "cron(0 12 32 * ? *)",
                           "cron(0 12 * 13 ? *)",
                           "cron(0 12 ? * 8 *)",
                           "cron(0 12 * * ? 1969)",
                           "cron(0 9 ? * 2#1,3#2 *)",
                           "cron(0 9 ? * 2#6 *)",
                           "cron(0/0 9 ? * * *)",
                           "cron(0 L * * ? *)",
                           "cron(0 12 * * ? *) ",
                           "cron(- 12 * * ? *)",
                           "cron(, 12 * * ? *)"}) {
    INFO(text);
    CHECK_FALSE(is_schedule_expression(text));
  }
}

}  // namespace signalbox::broker
