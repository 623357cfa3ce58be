// One exchange of the HTTP client: an explicit state machine over callbacks.
//
// Lives on the client's thread. Kept alive by the client's list and its pending operations; it is
// over exactly once, by an answer, a failure, its deadline or the client's end, and then only waits
// for those operations to let go.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "protocol/address_rule.h"
#include "protocol/http_answer_reader.h"
#include "protocol/http_client.h"
#include "protocol/http_url.h"
#include "protocol/name_lookup.h"

namespace signalbox::protocol {

class ClientCall;

// What all calls of one client share.
struct ClientShared {
  ClientShared(boost::asio::io_context& context, HttpClientOptions options);
  // Made with the first call that needs it: it reads the system's authorities.
  boost::asio::ssl::context& tls();

  boost::asio::io_context& context;
  const AddressRule addresses;
  const std::size_t answer_bytes_max;
  NameLookup names;
  std::optional<boost::asio::ssl::context> tls_context;
  std::unordered_set<std::shared_ptr<ClientCall>> calls;
};

class ClientCall : public std::enable_shared_from_this<ClientCall> {
 public:
  ClientCall(ClientShared& shared, HttpCall call, HttpClient::Done done);

  void start();
  // Ends it without a word.
  void drop();

 private:
  using ErrorCode = boost::system::error_code;
  using Tcp = boost::asio::ip::tcp;
  using TlsStream = boost::asio::ssl::stream<Tcp::socket&>;

  void look_up();
  void on_found(const LookedUp& found);
  void connect();
  void on_connect_ended(const ErrorCode& error);
  void shake_hands();
  void on_hands_shaken(const ErrorCode& error);
  void exchange();
  void write();
  void read();
  void on_read(const ErrorCode& error, std::size_t count);

  void succeed();
  void fail(broker::HttpTrouble trouble, std::string detail);
  void finish(HttpOutcome outcome);
  std::string peer() const;

  ClientShared& shared_;  // not touched once the call is over
  const HttpCall call_;
  HttpClient::Done done_;
  bool is_over_ = false;
  bool is_connected_ = false;
  std::string_view step_ = "looking up its name";  // for whoever reads of a timeout
  HttpUrl url_;
  std::string head_;
  std::vector<Tcp::endpoint> endpoints_;  // all checked
  std::size_t endpoint_ = 0;              // the one being connected to
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer patience_;  // with that one
  Tcp::socket socket_;
  std::optional<TlsStream> tls_;
  std::array<char, 8 * 1024> received_;
  HttpAnswerReader answer_;
};

}  // namespace signalbox::protocol
