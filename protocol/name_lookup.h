// Names to addresses without holding up the thread that asks.
//
// The system's lookup blocks, up to half a minute where a name server is silent, and cannot be
// cancelled. So each name under way has a thread of its own, which is let go rather than joined
// when nobody waits any more: a dead name holds up those who want it, and nobody else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocol/http_client.h"

namespace signalbox::protocol {

LookedUp look_up_in_system(const std::string& host);

// On the io_context's thread only, the constructor and destructor excepted.
class NameLookup {
 public:
  using Found = std::function<void(const LookedUp&)>;

  NameLookup(boost::asio::io_context& context, std::function<LookedUp(const std::string&)> look_up);
  // Whoever still waits is forgotten.
  ~NameLookup();

  void find(const std::string& host, Found found);

 private:
  struct Link;

  void start(const std::string& host);
  void ended(const std::string& host, const LookedUp& result);

  const std::shared_ptr<Link> link_;
  std::map<std::string, std::vector<Found>> waiting_;
  std::deque<std::string> in_line_;  // for want of threads
  std::size_t running_count_ = 0;
};

}  // namespace signalbox::protocol
