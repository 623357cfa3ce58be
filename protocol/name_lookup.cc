#include "protocol/name_lookup.h"

#include <fmt/format.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace signalbox::protocol {

namespace {

// Names under way at a time; the next ones wait in line, under the deadlines of their calls.
constexpr std::size_t running_max = 64;

}  // namespace

// What a thread may still touch when its lookup ends, be that after everybody has gone.
struct NameLookup::Link {
  std::function<LookedUp(const std::string&)> look_up;
  std::mutex mutex;
  boost::asio::io_context* context = nullptr;  // null: nobody waits any more
  NameLookup* owner = nullptr;                 // on the context's thread
};

LookedUp look_up_in_system(const std::string& host) {
  LookedUp result;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failure != 0) {
    result.is_unknown = failure == EAI_NONAME || failure == EAI_NODATA;
    result.problem = failure == EAI_SYSTEM ? std::generic_category().message(errno)
                                           : std::string(::gai_strerror(failure));
    return result;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      result.addresses.emplace_back(text);
    }
  }
  return result;
}

NameLookup::NameLookup(boost::asio::io_context& context,
                       std::function<LookedUp(const std::string&)> look_up)
    : link_(std::make_shared<Link>()) {
  link_->look_up = std::move(look_up);
  link_->context = &context;
  link_->owner = this;
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(link_->mutex);
  link_->context = nullptr;
  link_->owner = nullptr;
}

void NameLookup::find(const std::string& host, Found found) {
  auto& line = waiting_[host];
  line.push_back(std::move(found));
  if (line.size() > 1) return;
  if (running_count_ < running_max) {
    start(host);
  } else {
    in_line_.push_back(host);
  }
}

void NameLookup::start(const std::string& host) {
  ++running_count_;
  // Signals belong to the threads of whoever runs the server.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto tell = [link = link_, host](LookedUp result) {
    const std::lock_guard lock(link->mutex);
    if (link->context == nullptr) return;
    boost::asio::post(*link->context, [link, host, result = std::move(result)] {
      if (link->owner != nullptr) link->owner->ended(host, result);
    });
  };
  try {
    std::thread([link = link_, host, tell] { tell(link->look_up(host)); }).detach();
  } catch (const std::system_error& error) {
    tell({{}, false, error.what()});
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void NameLookup::ended(const std::string& host, const LookedUp& result) {
  --running_count_;
  if (!in_line_.empty()) {
    start(in_line_.front());
    in_line_.pop_front();
  }
  const auto line = waiting_.extract(host);
  for (const auto& found : line.mapped()) found(result);
}

}  // namespace signalbox::protocol
