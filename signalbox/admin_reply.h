// The replies of the server's own paths: JSON, and errors as {"message":...}.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "protocol/http_server.h"
#include "protocol/json_codec.h"

namespace signalbox {

inline protocol::HttpReply json_reply(unsigned status, std::string body) {
  protocol::HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

// message is valid UTF-8.
inline protocol::HttpReply error_reply(unsigned status, std::string_view message) {
  std::string body = "{\"message\":";
  protocol::append_json_string(body, message);
  return json_reply(status, body += '}');
}

}  // namespace signalbox
