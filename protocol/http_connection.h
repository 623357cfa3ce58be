// One client connection: an explicit state machine over callbacks, one request at a time.
//
// Lives on one io thread and is touched by no other. Kept alive by its thread's list, its pending
// operations and the exchange being answered; closed at once by close(), after which it only waits
// for those to let go.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http_io_thread.h"
#include "protocol/http_parser.h"
#include "protocol/http_server.h"

namespace signalbox::protocol {

// Bytes received and not yet parsed. Never moved while a read into its free space is pending.
class InputBuffer {
 public:
  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t room() const { return capacity_ - end_; }
  char* free_space() { return data_.get() + end_; }
  void commit(std::size_t count) { end_ += count; }
  void consume(std::size_t count) { begin_ += count; }
  void clear() { begin_ = end_ = 0; }
  // Makes room for `count` bytes more, by moving what is held to the front and growing if need be.
  void reserve_room(std::size_t count);
  // Gives memory back when empty and larger than `capacity`.
  void shrink(std::size_t capacity);

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using TimePoint = IoThread::Clock::time_point;

  explicit Connection(std::shared_ptr<IoThread> thread);
  ~Connection();

  void start(UniqueFd socket, int family, std::shared_ptr<const std::string> prefix);
  void close();
  void drain();
  // The sweep: cheap question, then what to do about it.
  bool is_due(TimePoint now) const;
  void on_due();

  // From the exchange.
  void reply(HttpReply&& reply);
  void watch_disconnect(std::function<void()> gone);
  void abandoned();
  const std::shared_ptr<IoThread>& thread() const { return thread_; }

  std::size_t slot = 0;  // the thread's list keeps it

 private:
  enum class Phase {
    idle,       // nothing received of the next request
    head,       // receiving a request's head
    body,       // receiving its body
    answering,  // the handler has it
    writing,    // its reply is on the way
    lingering,  // reply sent, sending side shut down: reading until the client is done
    closed,
  };

  HttpShared& shared() const { return thread_->shared(); }
  void advance();
  bool parse();
  void begin_body();
  bool admit_body();
  void release_body();
  void dispatch();
  void refuse(unsigned status, std::string_view reason);
  void read();
  void on_read(std::size_t count);
  void on_read_end(const boost::system::error_code& error);
  void client_gone();
  void send(HttpReply&& reply);
  void write();
  void on_written(std::size_t count);
  std::array<boost::asio::const_buffer, 2> unwritten() const;
  void finish_write();
  void begin_close();
  std::uint64_t linger_bytes_max() const;
  bool is_body_slow(TimePoint now) const;
  bool has_hung_up() const;

  const std::shared_ptr<IoThread> thread_;
  std::optional<boost::asio::ip::tcp::socket> socket_;
  std::shared_ptr<const std::string> prefix_;  // of its requests' targets; may be null
  Phase phase_ = Phase::idle;
  TimePoint deadline_{};
  RequestParser parser_;
  InputBuffer input_;
  bool is_reading_ = false;     // a read into input_ is pending
  bool is_input_over_ = false;  // the client has shut down its sending side
  bool is_advancing_ = false;
  bool close_after_reply_ = false;
  bool client_asked_close_ = false;
  bool is_http_1_0_ = false;
  bool is_head_method_ = false;
  TimePoint body_begin_{};
  std::uint64_t body_bytes_received_ = 0;
  std::uint64_t body_bytes_counted_ = 0;  // what this body holds of shared().body_bytes
  std::uint64_t lingered_bytes_ = 0;
  std::function<void()> gone_;
  std::function<void()> unwritten_;
  std::string head_;  // the reply's head, and its body too when that is small
  std::string body_;
  std::size_t written_bytes_ = 0;
};

}  // namespace signalbox::protocol
