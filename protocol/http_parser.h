// Bytes to HttpRequest: Beast's HTTP/1 grammar behind a stricter door.
//
// Owns the state of one request being received; knows no sockets. The bytes stay the caller's: feed
// says how many it is done with. One thread at a time. What is refused here closes the connection,
// because where the next request would start is no longer certain.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "protocol/http_server.h"

namespace signalbox::protocol {

class RequestParser {
 public:
  enum class Step {
    need_more,  // all that can be used has been consumed
    head_done,  // the headers are accepted and a body follows: once per request
    done,       // take() has the request
    refused,    // refusal_status() and refusal_reason() say why
  };

  struct Limits {
    std::uint32_t header_bytes_max;
    std::uint32_t header_count_max;
    std::uint64_t body_bytes_max;
    OwnBodyLimit own_body_limit = nullptr;
  };

  explicit RequestParser(const Limits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // What the target of every request gets before it; outlives the parser. Before the first.
  void set_target_prefix(std::string_view prefix);

  // Parses from the front of `bytes`, which start with what earlier calls did not consume. A head
  // needs to lie in one piece, and so does a chunk's size line: give room for header_bytes_max + 4.
  Step feed(std::string_view bytes, std::size_t& consumed_bytes);
  // The request, after done; the parser is then ready for the next one.
  HttpRequest take();

  // After head_done or done, until take().
  bool keep_alive() const;
  bool is_http_1_0() const { return is_http_1_0_; }
  bool is_head_method() const { return is_head_method_; }
  bool expects_continue() const { return expects_continue_; }
  std::size_t body_bytes() const { return request_.body.size(); }
  // Of the request whose first line came last.
  std::uint64_t body_bytes_max() const;

  unsigned refusal_status() const { return refusal_status_; }
  std::string_view refusal_reason() const { return refusal_reason_; }

 private:
  class Grammar;

  Step feed_head(std::string_view bytes, std::size_t& consumed_bytes);
  Step feed_body(std::string_view bytes, std::size_t& consumed_bytes);
  bool scan_head(std::string_view bytes);
  bool check_first_byte(char first);
  bool check_line(std::string_view line);
  bool check_request_line(std::string_view line);
  bool check_framing();
  bool reject(unsigned status, std::string_view reason);  // always false
  Step refuse(unsigned status, std::string_view reason);
  Step refuse_by_grammar(const boost::system::error_code& error);
  void reset();

  const Limits limits_;
  std::unique_ptr<Grammar> grammar_;
  HttpRequest request_;
  unsigned refusal_status_ = 0;
  std::string_view refusal_reason_;  // static storage
  bool in_body_ = false;
  bool is_http_1_0_ = false;
  bool is_head_method_ = false;
  bool expects_continue_ = false;

  // The head's scan, kept between calls so that a slow head is not read again from its start.
  std::size_t line_begin_ = 0;
  std::size_t scanned_bytes_ = 0;
  std::size_t head_bytes_ = 0;  // 0 until the empty line is found
  std::uint32_t line_count_ = 0;
};

}  // namespace signalbox::protocol
