// What only a FIFO queue has in memory.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "broker/clock.h"
#include "broker/deduplication.h"
#include "broker/message.h"

namespace signalbox::broker {

// How many messages were sent lately, by the second: a delay hides the last of them.
class RecentSends {
 public:
  void add(std::int64_t sent_ms, std::uint64_t count = 1);
  void remove(std::int64_t sent_ms);                       // it was taken out before it was due
  std::uint64_t count_since(std::int64_t since_ms) const;  // sent later than that

 private:
  std::deque<std::pair<std::int64_t, std::uint64_t>> by_second_;
};

// Receives by ReceiveRequestAttemptId, so that one whose answer was lost can be asked for again.
class ReceiveAttempts {
 public:
  struct Attempt {
    Time at;
    std::vector<HandedOut> handed_out;
  };
  // Null: none of the last five minutes.
  const Attempt* find(const std::string& id, Time now) const;
  void add(const std::string& id, Time now, std::vector<HandedOut> handed_out);

 private:
  std::map<std::string, Attempt> by_id_;
  std::deque<std::pair<Time, std::string>> by_age_;
};

struct Fifo {
  Deduplication deduplication;
  RecentSends recent_sends;
  ReceiveAttempts attempts;
  // Whether the same deduplication id in another group is another message. Fixed at creation, as
  // recorded of the service.
  bool deduplicates_by_group = false;
  // Whether there may be records of acceptances: then a deadline will remove them.
  bool has_acceptances = false;
};

}  // namespace signalbox::broker
