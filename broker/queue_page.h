// A page of an answer that lists queues by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/api/fields.h"
#include "broker/context.h"
#include "broker/queue.h"
#include "broker/result.h"

namespace signalbox::broker {

class QueuePage {
 public:
  static constexpr std::int64_t results_max = 1000;

  // Queues up to this name were on earlier pages; empty on the first.
  std::string after;

  // False: the page is full, and this queue is for the next one.
  bool add(const Queue& queue);
  // None when there is no next page, or the request did not ask for pages.
  std::optional<std::string> next_token() const;
  api::StringList urls(const Caller& caller) const;

 private:
  friend Result<QueuePage> queue_page(std::optional<std::int64_t> max_results,
                                      const std::optional<std::string>& next_token);
  std::int64_t count_max_ = results_max;
  bool has_pages_ = false;
  bool is_full_ = false;
  std::vector<const Queue*> queues_;
};

// From the members that such requests share. An error is the answer.
Result<QueuePage> queue_page(std::optional<std::int64_t> max_results,
                             const std::optional<std::string>& next_token);

}  // namespace signalbox::broker
