#include "protocol/http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

namespace signalbox::protocol {
namespace {

namespace http = boost::beast::http;
using BeastView = boost::beast::string_view;
using BeastError = boost::beast::error_code;

// A length that was only announced gets no more memory than this before its bytes arrive.
constexpr std::uint64_t body_reserve_bytes_max = 256 * 1024;
// Chunk extensions mean nothing here; a sender of many only burns time.
constexpr std::size_t chunk_extension_bytes_max = 16 * 1024;

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_token_char(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

struct Refused {
  unsigned status;
  std::string_view reason;
};

Refused refused_by_grammar(BeastError error) {
  if (error == http::error::bad_version) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (error == http::error::header_limit) return {431, "the headers are larger than the limit"};
  if (error == http::error::bad_method) return {400, "malformed method"};
  if (error == http::error::bad_target) return {400, "malformed request target"};
  if (error == http::error::bad_field) return {400, "malformed header name"};
  if (error == http::error::bad_value) return {400, "malformed header value"};
  if (error == http::error::bad_line_ending) return {400, "malformed line ending"};
  if (error == http::error::bad_content_length) return {400, "malformed Content-Length"};
  if (error == http::error::multiple_content_length) return {400, "more than one Content-Length"};
  if (error == http::error::bad_transfer_encoding) return {400, "malformed Transfer-Encoding"};
  if (error == http::error::bad_chunk) return {400, "malformed chunk"};
  if (error == http::error::bad_chunk_extension) return {400, "malformed chunk extension"};
  return {400, "malformed request"};
}

}  // namespace

// Fills the owner's request from Beast's callbacks and notes what decides the framing.
class RequestParser::Grammar {
 public:
  explicit Grammar(HttpRequest& request) : request_(request) {}

  void start(const Limits& limits) {
    facts_ = {};
    machine_.emplace(*this);
    // The head's size is checked before it comes here; the rest is for the trailers' names.
    machine_->header_limit(limits.header_bytes_max + 4);
    machine_->body_limit(limits.body_bytes_max);
    body_limit_ = {limits.body_bytes_max, "the body is larger than the limit"};
    own_body_limit_ = limits.own_body_limit;
  }

  // Returns the bytes used; `error` is need_more when the rest has to come.
  std::size_t put(std::string_view bytes, BeastError& error) {
    return machine_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  void read_on_eagerly() { machine_->eager(true); }
  void set_target_prefix(std::string_view prefix) { target_prefix_ = prefix; }
  bool is_done() const { return machine_->is_done(); }
  bool keep_alive() const { return machine_->keep_alive(); }

  struct Facts {
    int version = 0;
    unsigned host_count = 0;
    unsigned content_length_count = 0;
    unsigned transfer_encoding_count = 0;
    unsigned expect_count = 0;
    bool is_chunked = false;
    bool is_length_digits = false;
    bool expects_continue = false;
    bool head_done = false;
    std::size_t chunk_extension_bytes = 0;
  };
  const Facts& facts() const { return facts_; }
  const BodyLimit& body_limit() const { return body_limit_; }

 private:
  class Machine final : public http::basic_parser<true> {
   public:
    explicit Machine(Grammar& owner) : owner_(owner) {}

   private:
    void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                         BeastError&) override {
      owner_.request_.method.assign(method.data(), method.size());
      owner_.request_.target.assign(owner_.target_prefix_).append(target.data(), target.size());
      owner_.facts_.version = version;
      owner_.set_own_body_limit();
    }
    void on_response_impl(int, BeastView, int, BeastError&) override {}
    void on_field_impl(http::field field, BeastView name, BeastView value, BeastError&) override {
      owner_.add_field(field, view(name), view(value));
    }
    void on_header_impl(BeastError&) override { owner_.facts_.head_done = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError&) override {
      if (length) owner_.request_.body.reserve(std::min(*length, body_reserve_bytes_max));
    }
    std::size_t on_body_impl(BeastView bytes, BeastError&) override {
      owner_.request_.body.append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, BeastView extensions, BeastError& error) override {
      owner_.facts_.chunk_extension_bytes += extensions.size();
      if (owner_.facts_.chunk_extension_bytes > chunk_extension_bytes_max) {
        error = http::error::bad_chunk_extension;
      }
    }
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, BeastError&) override {
      owner_.request_.body.append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_finish_impl(BeastError&) override {}

    Grammar& owner_;
  };

  // Before the headers, and so before the length of the body is known.
  void set_own_body_limit() {
    if (own_body_limit_ == nullptr) return;
    const BodyLimit own = own_body_limit_(request_.method, request_.target);
    if (own.bytes == 0) return;
    body_limit_ = own;
    machine_->body_limit(own.bytes);
  }

  void add_field(http::field field, std::string_view name, std::string_view value) {
    // Trailers are dropped: merged into the headers they could undo what was checked there.
    if (facts_.head_done) return;
    if (field == http::field::host) ++facts_.host_count;
    if (field == http::field::content_length) {
      ++facts_.content_length_count;
      facts_.is_length_digits = is_digits(value);
    }
    if (field == http::field::transfer_encoding) {
      ++facts_.transfer_encoding_count;
      facts_.is_chunked = equals_ignoring_case(value, "chunked");
    }
    if (field == http::field::expect) {
      ++facts_.expect_count;
      facts_.expects_continue = equals_ignoring_case(value, "100-continue");
    }
    auto& header = request_.headers.emplace_back();
    header.first.resize(name.size());
    std::transform(name.begin(), name.end(), header.first.begin(), lower);
    header.second.assign(value);
  }

  HttpRequest& request_;
  Facts facts_;
  BodyLimit body_limit_;
  OwnBodyLimit own_body_limit_ = nullptr;
  std::string_view target_prefix_;
  std::optional<Machine> machine_;
};

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), grammar_(std::make_unique<Grammar>(request_)) {
  reset();
}

RequestParser::~RequestParser() = default;

void RequestParser::set_target_prefix(std::string_view prefix) {
  grammar_->set_target_prefix(prefix);
}

bool RequestParser::keep_alive() const { return grammar_->keep_alive(); }

std::uint64_t RequestParser::body_bytes_max() const { return grammar_->body_limit().bytes; }

HttpRequest RequestParser::take() {
  HttpRequest request = std::move(request_);
  reset();
  return request;
}

void RequestParser::reset() {
  request_ = {};
  grammar_->start(limits_);
  in_body_ = false;
  line_begin_ = scanned_bytes_ = head_bytes_ = 0;
  line_count_ = 0;
}

bool RequestParser::reject(unsigned status, std::string_view reason) {
  refusal_status_ = status;
  refusal_reason_ = reason;
  is_head_method_ = request_.method == "HEAD";
  return false;
}

RequestParser::Step RequestParser::refuse(unsigned status, std::string_view reason) {
  reject(status, reason);
  return Step::refused;
}

RequestParser::Step RequestParser::refuse_by_grammar(const BeastError& error) {
  if (error == http::error::body_limit) return refuse(413, grammar_->body_limit().reason);
  const auto refused = refused_by_grammar(error);
  return refuse(refused.status, refused.reason);
}

RequestParser::Step RequestParser::feed(std::string_view bytes, std::size_t& consumed_bytes) {
  consumed_bytes = 0;
  return in_body_ ? feed_body(bytes, consumed_bytes) : feed_head(bytes, consumed_bytes);
}

RequestParser::Step RequestParser::feed_head(std::string_view bytes, std::size_t& consumed_bytes) {
  // Clients of long ago send an empty line after a body (RFC 9112, 2.2).
  while (scanned_bytes_ == 0 && bytes.starts_with("\r\n")) {
    bytes.remove_prefix(2);
    consumed_bytes += 2;
  }
  if (bytes.empty() || bytes == "\r") return Step::need_more;
  if (!scan_head(bytes)) return Step::refused;
  if (head_bytes_ == 0) return Step::need_more;

  BeastError error;
  const auto used_bytes = grammar_->put(bytes.substr(0, head_bytes_), error);
  if (error) return refuse_by_grammar(error);
  // Beast and the scan must agree where the head ends: a difference would be a smuggler's door.
  if (used_bytes != head_bytes_) return refuse(400, "malformed headers");
  consumed_bytes += used_bytes;
  if (!check_framing()) return Step::refused;
  if (grammar_->is_done()) return Step::done;
  grammar_->read_on_eagerly();
  in_body_ = true;
  return Step::head_done;
}

RequestParser::Step RequestParser::feed_body(std::string_view bytes, std::size_t& consumed_bytes) {
  if (bytes.empty()) return Step::need_more;
  BeastError error;
  consumed_bytes = grammar_->put(bytes, error);
  if (error && error != http::error::need_more) return refuse_by_grammar(error);
  if (grammar_->is_done()) return Step::done;
  if (bytes.size() - consumed_bytes > limits_.header_bytes_max) {
    return refuse(431, "a chunk's size line or the trailers are larger than the limit");
  }
  return Step::need_more;
}

// Finds the end of the head line by line, and turns away early what the grammar would only notice
// with the whole head at hand, or would let pass.
bool RequestParser::scan_head(std::string_view bytes) {
  if (scanned_bytes_ == 0 && !check_first_byte(bytes.front())) return false;
  while (head_bytes_ == 0) {
    const auto newline = bytes.find('\n', scanned_bytes_);
    if (std::min(newline, bytes.size()) > limits_.header_bytes_max) {
      if (line_count_ == 0) return reject(414, "the request line is too long");
      return reject(431, "the headers are larger than the limit");
    }
    if (newline == std::string_view::npos) {
      scanned_bytes_ = bytes.size();
      return true;
    }
    if (newline == line_begin_ || bytes[newline - 1] != '\r') {
      return reject(400, "a line ends without CR before its LF");
    }
    const auto line = bytes.substr(line_begin_, newline - 1 - line_begin_);
    scanned_bytes_ = line_begin_ = newline + 1;
    if (line.empty()) {
      head_bytes_ = scanned_bytes_;
    } else if (!check_line(line)) {
      return false;
    }
  }
  return true;
}

bool RequestParser::check_first_byte(char first) {
  if (first == '\x16') {
    return reject(400, "this looks like TLS; the port speaks plain HTTP: use http://");
  }
  if (!is_token_char(first)) return reject(400, "malformed method");
  return true;
}

bool RequestParser::check_line(std::string_view line) {
  if (line_count_++ == 0) return check_request_line(line);
  if (line_count_ > limits_.header_count_max + 1) return reject(431, "too many headers");
  if (line.front() == ' ' || line.front() == '\t') {
    return reject(400, "a header is folded over several lines");
  }
  return true;
}

bool RequestParser::check_request_line(std::string_view line) {
  const auto first_space = line.find(' ');
  const auto last_space = line.rfind(' ');
  if (first_space == last_space || line.find(' ', first_space + 1) != last_space) {
    return reject(400, "malformed request line");
  }
  const auto version = line.substr(last_space + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return true;
  if (version.starts_with("HTTP/") && version.size() > 5 && is_digits(version.substr(5, 1))) {
    return reject(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return reject(400, "malformed request line");
}

// What the grammar leaves open: with these rules the length of a request has one reading.
bool RequestParser::check_framing() {
  const auto& facts = grammar_->facts();
  is_http_1_0_ = facts.version == 10;
  is_head_method_ = request_.method == "HEAD";
  expects_continue_ = facts.expects_continue && !is_http_1_0_;
  if (facts.host_count > 1) return reject(400, "more than one Host header");
  if (facts.host_count == 0 && !is_http_1_0_) return reject(400, "the Host header is missing");
  if (facts.content_length_count > 1) return reject(400, "more than one Content-Length");
  if (facts.content_length_count == 1 && !facts.is_length_digits) {
    return reject(400, "malformed Content-Length");
  }
  if (facts.transfer_encoding_count > 0) {
    if (facts.content_length_count > 0) {
      return reject(400, "both Content-Length and Transfer-Encoding");
    }
    if (facts.transfer_encoding_count > 1) {
      return reject(400, "more than one Transfer-Encoding");
    }
    if (is_http_1_0_) return reject(400, "Transfer-Encoding in an HTTP/1.0 request");
    if (!facts.is_chunked) return reject(501, "the only Transfer-Encoding known is chunked");
  }
  if (facts.expect_count > 0 && !facts.expects_continue) {
    return reject(417, "the only expectation known is 100-continue");
  }
  return true;
}

}  // namespace signalbox::protocol
