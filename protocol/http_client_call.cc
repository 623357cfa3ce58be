#include "protocol/http_client_call.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace signalbox::protocol {

namespace {

namespace asio = boost::asio;
using broker::HttpTrouble;

constexpr std::size_t pieces = 2;  // of a request: head and body

bool is_token_byte(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

bool is_value_byte(char c) { return (c >= ' ' && c != '\x7f') || c == '\t' || c < 0; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// The headers that say where a request goes and where it ends are the client's alone: with them a
// caller could smuggle a second one in.
bool is_own_header(const std::string& lower_name) {
  constexpr std::string_view own[] = {"host",    "content-length", "transfer-encoding",
                                      "upgrade", "connection",     "expect",
                                      "te",      "trailer",        "keep-alive"};
  return std::find(std::begin(own), std::end(own), lower_name) != std::end(own);
}

// What is wrong with the request beside its URL, or empty.
std::string check(const HttpCall& call) {
  if (!is_token(call.method) || call.method == "CONNECT" || call.method == "TRACE") {
    return "The method is none that a target can be asked with.";
  }
  for (const auto& [name, value] : call.headers) {
    if (!is_token(name)) return "The name of a header is malformed.";
    if (is_own_header(lower(name))) return fmt::format("The header {} cannot be set.", name);
    if (!std::all_of(value.begin(), value.end(), is_value_byte)) {
      return fmt::format("The value of the header {} has control characters.", name);
    }
  }
  return {};
}

std::string head_of(const HttpCall& call, const HttpUrl& url) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", call.method,
                                 url.target, url.host_header);
  const bool has_body = !call.body.empty() || (call.method != "GET" && call.method != "HEAD");
  if (has_body) head += fmt::format("Content-Length: {}\r\n", call.body.size());
  bool has_agent = false;
  for (const auto& [name, value] : call.headers) {
    has_agent = has_agent || lower(name) == "user-agent";
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!has_agent) head += "User-Agent: Signalbox\r\n";
  return head += "\r\n";
}

bool is_end(const boost::system::error_code& error) {
  // Many servers end TLS without its goodbye. What says where an answer ends still holds then.
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

ClientShared::ClientShared(asio::io_context& io_context, HttpClientOptions options)
    : context(io_context),
      addresses{options.allows_loopback, options.allows_private},
      answer_bytes_max(options.answer_bytes_max),
      names(io_context, options.look_up ? std::move(options.look_up) : look_up_in_system) {}

asio::ssl::context& ClientShared::tls() {
  if (tls_context) return *tls_context;
  tls_context.emplace(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls_context->native_handle(), TLS1_2_VERSION);
  tls_context->set_verify_mode(asio::ssl::verify_peer);
  // Without authorities nothing verifies: the calls say so.
  boost::system::error_code ignored;
  tls_context->set_default_verify_paths(ignored);
  return *tls_context;
}

ClientCall::ClientCall(ClientShared& shared, HttpCall call, HttpClient::Done done)
    : shared_(shared),
      call_(std::move(call)),
      done_(std::move(done)),
      deadline_(shared.context),
      patience_(shared.context),
      socket_(shared.context),
      answer_(call_.answer_bytes_max > 0 ? call_.answer_bytes_max : shared.answer_bytes_max,
              call_.method == "HEAD") {}

void ClientCall::start() {
  auto problem = parse_http_url(call_.url, url_);
  if (problem.empty()) problem = check(call_);
  if (!problem.empty()) return fail(HttpTrouble::bad_url, std::move(problem));
  head_ = head_of(call_, url_);
  deadline_.expires_after(call_.timeout);
  deadline_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (error || self->is_over_) return;
    self->fail(HttpTrouble::timed_out,
               fmt::format("No answer from {} within {} ms: the time ran out while {}.",
                           self->peer(), self->call_.timeout.count(), self->step_));
  });
  look_up();
}

void ClientCall::look_up() {
  ErrorCode error;
  const auto literal = asio::ip::make_address(url_.host, error);
  if (!error) return on_found({{literal.to_string()}, false, {}});
  shared_.names.find(url_.host, [self = shared_from_this()](const LookedUp& found) {
    if (!self->is_over_) self->on_found(found);
  });
}

// All of them are checked, and one that is refused speaks for the name: who mixes them is up to
// something.
void ClientCall::on_found(const LookedUp& found) {
  if (found.addresses.empty()) {
    return fail(found.is_unknown ? HttpTrouble::unknown_host : HttpTrouble::connection_failed,
                fmt::format("The name {} cannot be looked up: {}.", url_.host, found.problem));
  }
  for (const auto& text : found.addresses) {
    ErrorCode error;
    const auto address = asio::ip::make_address(text, error);
    const auto refusal =
        error ? fmt::format("{} is no address.", text) : shared_.addresses.check(address);
    if (!refusal.empty()) {
      return fail(HttpTrouble::address_refused,
                  fmt::format("The target {} is not connected to: {}", peer(), refusal));
    }
    endpoints_.emplace_back(address, url_.port);
  }
  step_ = "connecting";
  connect();
}

// One after the other, each with its share of the time: an address that swallows everything, as
// those of IPv6 do on many networks, leaves time for the next.
void ClientCall::connect() {
  const auto left_count = static_cast<int>(endpoints_.size() - endpoint_);
  if (left_count > 1) {
    patience_.expires_after((deadline_.expiry() - std::chrono::steady_clock::now()) / left_count);
    patience_.async_wait(
        [self = shared_from_this(), waits_for = endpoint_](const ErrorCode& error) {
          if (error || self->is_over_ || self->endpoint_ != waits_for || self->is_connected_)
            return;
          ErrorCode ignored;
          self->socket_.close(ignored);
        });
  }
  socket_.async_connect(endpoints_[endpoint_], [self = shared_from_this()](const ErrorCode& error) {
    if (!self->is_over_) self->on_connect_ended(error);
  });
}

void ClientCall::on_connect_ended(const ErrorCode& error) {
  patience_.cancel();
  ErrorCode ignored;
  if (error && ++endpoint_ < endpoints_.size()) {
    socket_.close(ignored);
    return connect();
  }
  if (error) {
    return fail(HttpTrouble::connection_failed,
                fmt::format("{} cannot be reached: {}.", peer(), error.message()));
  }
  is_connected_ = true;
  socket_.set_option(Tcp::no_delay(true), ignored);
  if (url_.is_tls) {
    shake_hands();
  } else {
    exchange();
  }
}

void ClientCall::shake_hands() {
  step_ = "agreeing on TLS";
  tls_.emplace(socket_, shared_.tls());
  SSL* const ssl = tls_->native_handle();
  ErrorCode not_literal;
  asio::ip::make_address(url_.host, not_literal);
  if (not_literal) {
    SSL_set_tlsext_host_name(ssl, url_.host.c_str());
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, url_.host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), url_.host.c_str());
  }
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this()](const ErrorCode& error) {
                          if (!self->is_over_) self->on_hands_shaken(error);
                        });
}

void ClientCall::on_hands_shaken(const ErrorCode& error) {
  if (!error) return exchange();
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict != X509_V_OK) {
    return fail(HttpTrouble::tls_failed,
                fmt::format("The certificate of {} is not trusted: {}.", peer(),
                            X509_verify_cert_error_string(verdict)));
  }
  fail(HttpTrouble::tls_failed, fmt::format("TLS with {} failed: {}.", peer(), error.message()));
}

// Both at once: a server may answer, and close, before it has read everything.
void ClientCall::exchange() {
  step_ = "waiting for the answer";
  write();
  read();
}

void ClientCall::write() {
  const std::array<asio::const_buffer, pieces> request{asio::buffer(head_),
                                                       asio::buffer(call_.body)};
  // That it failed is learned by the read, unless there is an answer all the same.
  const auto written = [self = shared_from_this()](const ErrorCode&, std::size_t) {};
  if (tls_) {
    asio::async_write(*tls_, request, written);
  } else {
    asio::async_write(socket_, request, written);
  }
}

void ClientCall::read() {
  auto on_bytes = [self = shared_from_this()](const ErrorCode& error, std::size_t count) {
    if (!self->is_over_) self->on_read(error, count);
  };
  if (tls_) {
    tls_->async_read_some(asio::buffer(received_), std::move(on_bytes));
  } else {
    socket_.async_read_some(asio::buffer(received_), std::move(on_bytes));
  }
}

void ClientCall::on_read(const ErrorCode& error, std::size_t count) {
  if (error && !is_end(error)) {
    return fail(HttpTrouble::connection_failed,
                fmt::format("The connection to {} broke: {}.", peer(), error.message()));
  }
  using Step = HttpAnswerReader::Step;
  if (!error) step_ = "its answer came";
  const auto step = error ? answer_.end() : answer_.feed({received_.data(), count});
  switch (step) {
    case Step::need_more: return read();
    case Step::done: return finish(answer_.take(std::chrono::system_clock::now()));
    case Step::failed:
      return fail(error ? HttpTrouble::connection_failed : HttpTrouble::bad_answer,
                  fmt::format("The answer of {} {}", peer(), answer_.problem()));
  }
}

void ClientCall::fail(HttpTrouble trouble, std::string detail) {
  finish(HttpFailure{trouble, std::move(detail)});
}

void ClientCall::finish(HttpOutcome outcome) {
  const auto self = shared_from_this();
  const auto done = std::move(done_);
  drop();
  done(std::move(outcome));
}

void ClientCall::drop() {
  const auto self = shared_from_this();
  is_over_ = true;
  done_ = nullptr;
  deadline_.cancel();
  patience_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  shared_.calls.erase(self);
}

std::string ClientCall::peer() const {
  const bool is_v6 = url_.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", url_.host, is_v6 ? "]" : "", url_.port);
}

}  // namespace signalbox::protocol
