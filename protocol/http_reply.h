// The bytes of a reply's head, written by hand: Beast's serializer costs more than the rest of a
// request. Pure functions but for the clock in DateText.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "protocol/http_server.h"

namespace signalbox::protocol {

// "OK" for 200; empty for a status without a name here.
std::string_view reason_phrase(unsigned status);

// The Date header's value, formatted once a second. One thread.
class DateText {
 public:
  std::string_view at(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

enum class ConnectionHeader { none, close, keep_alive };

// Appends status line, headers and the empty line. Control characters in a given header become
// spaces, so that no value taken from a request can start a header of its own.
void append_reply_head(std::string& out, const HttpReply& reply, ConnectionHeader connection,
                       std::string_view date);

// Whether a reply of this status may have a body (RFC 9110, 6.4.1).
constexpr bool status_allows_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace signalbox::protocol
