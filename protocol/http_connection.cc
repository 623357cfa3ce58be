#include "protocol/http_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <cstring>
#include <exception>
#include <utility>

#include "protocol/http_reply.h"

namespace signalbox::protocol {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t input_bytes_initial = 8 * 1024;
constexpr std::size_t input_bytes_kept = 16 * 1024;
constexpr std::size_t head_room_bytes = 2 * 1024;
constexpr std::size_t body_room_bytes = 64 * 1024;
// Read while a watched request is being answered; more than this waits in the kernel.
constexpr std::size_t read_ahead_bytes_max = 8 * 1024;
// A body up to this size is copied behind its head and goes out in a plain send.
constexpr std::size_t joined_body_bytes_max = 4 * 1024;
constexpr std::size_t head_bytes_kept = 16 * 1024;
// Smaller bodies are bounded by connections_max alone and cost no shared counting.
constexpr std::uint64_t counted_body_bytes_min = 64 * 1024;
// After the last reply, for a client that is still sending: without it the kernel answers the rest
// with a reset that can overtake the reply.
constexpr std::chrono::milliseconds linger_timeout{5'000};
constexpr std::uint64_t linger_bytes_min = 16 * 1024 * 1024;

constexpr auto no_deadline = Connection::TimePoint::max();

class AbandonTask final : public IoTask {
 public:
  explicit AbandonTask(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  void run() override { connection_->abandoned(); }

 private:
  std::shared_ptr<Connection> connection_;
};

// One per request, so that a late or second reply can never reach the connection's next request.
class HttpExchange final : public Exchange {
 public:
  explicit HttpExchange(std::shared_ptr<Connection> connection)
      : io_thread_(connection->thread()->index()), connection_(std::move(connection)) {}

  ~HttpExchange() override {
    if (!connection_) return;
    const auto thread = connection_->thread();
    thread->post(std::make_unique<AbandonTask>(std::move(connection_)));
  }

  void reply(HttpReply reply) override {
    if (!connection_) return;
    const auto connection = std::move(connection_);
    connection->reply(std::move(reply));
  }

  std::size_t io_thread() const override { return io_thread_; }

  void watch_disconnect(std::function<void()> gone) override {
    if (connection_) connection_->watch_disconnect(std::move(gone));
  }

 private:
  const std::size_t io_thread_;
  std::shared_ptr<Connection> connection_;  // until the reply
};

RequestParser::Limits parser_limits(const HttpServerOptions& options) {
  return {options.header_bytes_max, options.header_count_max, options.body_bytes_max,
          options.own_body_limit};
}

}  // namespace

void InputBuffer::reserve_room(std::size_t count) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (room() >= count) return;
  const auto held = size();
  if (capacity_ - held >= count) {
    std::memmove(data_.get(), data_.get() + begin_, held);
  } else {
    const auto capacity = std::max(capacity_ * 2, held + count);
    std::unique_ptr<char[]> data(new char[capacity]);  // uninitialised on purpose
    if (held > 0) std::memcpy(data.get(), data_.get() + begin_, held);
    data_ = std::move(data);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = held;
}

void InputBuffer::shrink(std::size_t capacity) {
  if (!empty() || capacity_ <= capacity) return;
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

Connection::Connection(std::shared_ptr<IoThread> thread)
    : thread_(std::move(thread)), parser_(parser_limits(thread_->shared().options)) {}

Connection::~Connection() = default;

void Connection::start(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix) {
  prefix_ = std::move(prefix);
  if (prefix_ != nullptr) parser_.set_target_prefix(*prefix_);
  socket_.emplace(thread_->context());
  error_code error;
  socket_->assign(family == AF_INET6 ? tcp::v6() : tcp::v4(), socket.get(), error);
  if (!error) {
    socket.release();
    socket_->non_blocking(true, error);
  }
  if (error || shared().is_draining) return close();
  deadline_ = thread_->deadline_after(shared().options.idle_timeout);
  read();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  phase_ = Phase::closed;
  release_body();
  error_code ignored;
  socket_->close(ignored);
  socket_.reset();
  thread_->remove(*this);
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
  if (const auto unwritten = std::exchange(unwritten_, nullptr)) unwritten();
}

void Connection::drain() {
  if (phase_ != Phase::idle) return;
  // A request that already arrived is still answered: only a read that has found nothing ends.
  error_code error;
  if (socket_->available(error) > 0) return;
  socket_->cancel(error);
}

// Parses and dispatches until bytes or the handler's reply are missing. A loop, because a thousand
// pipelined requests answered in place must not nest a thousand calls.
void Connection::advance() {
  if (is_advancing_) return;
  is_advancing_ = true;
  while ((phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) && parse()) {
  }
  is_advancing_ = false;
}

// Returns false when it has to wait for bytes.
bool Connection::parse() {
  if (phase_ == Phase::idle && !input_.empty()) {
    phase_ = Phase::head;
    deadline_ = thread_->deadline_after(shared().options.header_timeout);
  }
  std::size_t consumed_bytes = 0;
  const auto step = parser_.feed(input_.bytes(), consumed_bytes);
  input_.consume(consumed_bytes);
  if (phase_ == Phase::body) body_bytes_received_ += consumed_bytes;
  switch (step) {
    case RequestParser::Step::head_done: begin_body(); return true;
    case RequestParser::Step::done: dispatch(); return true;
    case RequestParser::Step::refused:
      refuse(parser_.refusal_status(), parser_.refusal_reason());
      return true;
    case RequestParser::Step::need_more: break;
  }
  if (is_input_over_) {
    close();
  } else if (phase_ != Phase::body || admit_body()) {
    read();
  }
  return false;
}

void Connection::begin_body() {
  phase_ = Phase::body;
  deadline_ = thread_->deadline_after(shared().options.body_timeout);
  body_begin_ = thread_->deadline_after({});
  body_bytes_received_ = 0;
  if (!parser_.expects_continue() || !input_.empty()) return;
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;
  const auto count = socket_->write_some(asio::buffer(go_on), error);
  // A client that leaves no room for these few bytes does not read its replies.
  if (error || count != go_on.size()) close();
}

bool Connection::admit_body() {
  const std::uint64_t held = parser_.body_bytes();
  if (held < counted_body_bytes_min) return true;
  const auto more = held - body_bytes_counted_;
  body_bytes_counted_ = held;
  const auto total = shared().body_bytes.fetch_add(more) + more;
  if (total <= shared().options.body_bytes_total_max) return true;
  refuse(503, "too many large request bodies are being received; try again");
  return false;
}

void Connection::release_body() {
  if (body_bytes_counted_ > 0) shared().body_bytes -= std::exchange(body_bytes_counted_, 0);
}

void Connection::dispatch() {
  client_asked_close_ = !parser_.keep_alive();
  close_after_reply_ = client_asked_close_;
  is_http_1_0_ = parser_.is_http_1_0();
  is_head_method_ = parser_.is_head_method();
  release_body();
  phase_ = Phase::answering;
  deadline_ = no_deadline;
  try {
    shared().handler(parser_.take(), std::make_shared<HttpExchange>(shared_from_this()));
  } catch (const std::exception& error) {
    if (phase_ == Phase::answering) refuse(500, error.what());
  }
}

void Connection::refuse(unsigned status, std::string_view reason) {
  release_body();
  if (phase_ != Phase::answering) {
    client_asked_close_ = false;
    is_http_1_0_ = false;
    is_head_method_ = parser_.is_head_method();
  }
  auto reply = shared().refusal(status, reason);
  reply.close = true;
  send(std::move(reply));
}

void Connection::reply(HttpReply&& reply) {
  assert(phase_ == Phase::closed || thread_->is_this_thread());
  if (phase_ == Phase::answering) {
    send(std::move(reply));
  } else if (reply.unwritten) {
    reply.unwritten();
  }
}

void Connection::abandoned() {
  if (phase_ == Phase::answering) refuse(500, "the request was let go without an answer");
}

void Connection::watch_disconnect(std::function<void()> gone) {
  assert(phase_ == Phase::closed || thread_->is_this_thread());
  if (phase_ != Phase::answering && phase_ != Phase::closed) return;
  gone_ = std::move(gone);
  if (phase_ == Phase::closed || is_input_over_) {
    // Not from in here: the caller may not be ready to be told yet.
    asio::post(thread_->context(), [self = shared_from_this()] { self->client_gone(); });
    return;
  }
  // The next request's read, only earlier: it ends when the client closes, needs no cancelling when
  // the reply comes, and what it finds of pipelined requests waits in input_.
  read();
}

void Connection::client_gone() {
  is_input_over_ = true;
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

void Connection::read() {
  if (is_reading_) return;
  if (phase_ == Phase::answering && input_.size() >= read_ahead_bytes_max) return;
  const bool is_large = (phase_ == Phase::body && body_bytes_received_ >= input_bytes_initial) ||
                        phase_ == Phase::lingering;
  input_.reserve_room(is_large ? body_room_bytes
                               : (input_.empty() ? input_bytes_initial : head_room_bytes));
  is_reading_ = true;
  socket_->async_read_some(asio::buffer(input_.free_space(), input_.room()),
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             self->is_reading_ = false;
                             if (self->phase_ == Phase::closed) return;
                             if (error) return self->on_read_end(error);
                             self->on_read(count);
                           });
}

void Connection::on_read(std::size_t count) {
  input_.commit(count);
  switch (phase_) {
    case Phase::idle:
    case Phase::head:
    case Phase::body: return advance();
    case Phase::answering:
      if (gone_) read();
      return;
    case Phase::lingering:
      lingered_bytes_ += input_.size();
      input_.clear();
      return lingered_bytes_ > linger_bytes_max() ? close() : read();
    case Phase::writing:
    case Phase::closed: return;
  }
}

void Connection::on_read_end(const error_code& error) {
  switch (phase_) {
    case Phase::idle:
    case Phase::head:
    case Phase::body:
    case Phase::lingering: return close();
    case Phase::answering:
      if (error != asio::error::eof) return close();
      return client_gone();
    case Phase::writing: is_input_over_ = true; return;
    case Phase::closed: return;
  }
}

void Connection::send(HttpReply&& reply) {
  gone_ = nullptr;
  unwritten_ = std::move(reply.unwritten);
  // The system would take the bytes, and nobody would read them.
  if (is_input_over_ && unwritten_) return close();
  if (reply.close || shared().is_draining) close_after_reply_ = true;
  const auto connection = close_after_reply_ ? ConnectionHeader::close
                          : is_http_1_0_     ? ConnectionHeader::keep_alive
                                             : ConnectionHeader::none;
  head_.clear();
  append_reply_head(head_, reply, connection, thread_->date());
  body_.clear();
  if (!is_head_method_ && status_allows_body(reply.status)) {
    if (reply.body.size() <= joined_body_bytes_max) {
      head_.append(reply.body);
    } else {
      body_ = std::move(reply.body);
    }
  }
  written_bytes_ = 0;
  phase_ = Phase::writing;
  deadline_ = thread_->deadline_after(shared().options.write_timeout);
  write();
}

void Connection::write() {
  while (written_bytes_ < head_.size() + body_.size()) {
    error_code error;
    written_bytes_ += body_.empty()
                          ? socket_->write_some(asio::buffer(head_) + written_bytes_, error)
                          : socket_->write_some(unwritten(), error);
    if (error == asio::error::would_block) {
      socket_->async_wait(tcp::socket::wait_write,
                          [self = shared_from_this()](const error_code& wait_error) {
                            if (self->phase_ == Phase::closed) return;
                            wait_error ? self->close() : self->write();
                          });
      return;
    }
    if (error) return close();
  }
  finish_write();
}

std::array<asio::const_buffer, 2> Connection::unwritten() const {
  const auto body_begin = written_bytes_ > head_.size() ? written_bytes_ - head_.size() : 0;
  return {asio::buffer(head_) + written_bytes_, asio::buffer(body_) + body_begin};
}

void Connection::finish_write() {
  unwritten_ = nullptr;
  // Memory of a rare large reply or request is not kept by ten thousand quiet connections.
  if (body_.capacity() > joined_body_bytes_max) body_ = {};
  if (head_.capacity() > head_bytes_kept) head_ = {};
  if (!is_reading_) input_.shrink(input_bytes_kept);
  if (close_after_reply_) return begin_close();
  phase_ = Phase::idle;
  deadline_ = thread_->deadline_after(shared().options.idle_timeout);
  advance();
}

// Enough for a body that was a little too large to be sent to its end.
std::uint64_t Connection::linger_bytes_max() const {
  return std::max(linger_bytes_min, 2 * parser_.body_bytes_max());
}

void Connection::begin_close() {
  if (is_input_over_ || (client_asked_close_ && input_.empty())) return close();
  error_code error;
  socket_->shutdown(tcp::socket::shutdown_send, error);
  if (error) return close();
  phase_ = Phase::lingering;
  deadline_ = thread_->deadline_after(linger_timeout);
  if (!is_reading_) input_.clear();
  read();
}

bool Connection::is_due(TimePoint now) const {
  if (now >= deadline_) return true;
  if (phase_ == Phase::body) return is_body_slow(now);
  return gone_ && !is_reading_ && has_hung_up();
}

void Connection::on_due() {
  switch (phase_) {
    case Phase::idle:
    case Phase::writing:
    case Phase::lingering: return close();
    case Phase::head: return refuse(408, "the headers took too long to arrive");
    case Phase::body: return refuse(408, "the body took too long to arrive");
    case Phase::answering: return client_gone();
    case Phase::closed: return;
  }
}

bool Connection::is_body_slow(TimePoint now) const {
  const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - body_begin_ - shared().options.body_rate_grace);
  if (late.count() <= 0) return false;
  const auto expected_bytes =
      static_cast<std::uint64_t>(late.count()) * shared().options.body_rate_min_bytes_per_s / 1000;
  return body_bytes_received_ < expected_bytes;
}

// For a watched request behind so many pipelined bytes that no read is left to notice.
bool Connection::has_hung_up() const {
  pollfd poll_fd{const_cast<tcp::socket&>(*socket_).native_handle(), POLLRDHUP, 0};
  return ::poll(&poll_fd, 1, 0) > 0;
}

}  // namespace signalbox::protocol
