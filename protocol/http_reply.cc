#include "protocol/http_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace signalbox::protocol {
namespace {

void append_clean(std::string& out, std::string_view text) {
  const auto begin = out.size();
  out.append(text);
  for (auto at = begin; at < out.size(); ++at) {
    const auto c = static_cast<unsigned char>(out[at]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) out[at] = ' ';
  }
}

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";
  }
}

std::string_view DateText::at(std::time_t now) {
  if (now == second_) return text_;
  // Not strftime: its names follow the locale, the header's do not.
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  text_.clear();
  fmt::format_to(std::back_inserter(text_), "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                 days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900,
                 utc.tm_hour, utc.tm_min, utc.tm_sec);
  second_ = now;
  return text_;
}

void append_reply_head(std::string& out, const HttpReply& reply, ConnectionHeader connection,
                       std::string_view date) {
  out.append("HTTP/1.1 ");
  append_number(out, reply.status);
  out.push_back(' ');
  out.append(reason_phrase(reply.status));
  if (status_allows_body(reply.status)) {
    if (!reply.content_type.empty()) {
      out.append("\r\nContent-Type: ");
      append_clean(out, reply.content_type);
    }
    out.append("\r\nContent-Length: ");
    append_number(out, reply.body.size());
  }
  out.append("\r\nDate: ");
  out.append(date);
  if (connection == ConnectionHeader::close) out.append("\r\nConnection: close");
  if (connection == ConnectionHeader::keep_alive) out.append("\r\nConnection: keep-alive");
  for (const auto& [name, value] : reply.headers) {
    out.append("\r\n");
    append_clean(out, name);
    out.append(": ");
    append_clean(out, value);
  }
  out.append("\r\n\r\n");
}

}  // namespace signalbox::protocol
