#include "broker/queue_page.h"

#include <fmt/format.h>

#include "broker/page_token.h"
#include "broker/queue_url.h"

namespace signalbox::broker {

Result<QueuePage> queue_page(std::optional<std::int64_t> max_results,
                             const std::optional<std::string>& next_token) {
  QueuePage page;
  page.has_pages_ = max_results.has_value();
  page.count_max_ = max_results.value_or(QueuePage::results_max);
  if (page.count_max_ < 1 || page.count_max_ > QueuePage::results_max) {
    return Error{
        ErrorCode::invalid_parameter_value,
        fmt::format("Value {} for parameter MaxResults is invalid. Reason: MaxResults must "
                    "be an integer between 1 and 1000.",
                    page.count_max_)};
  }
  if (next_token) {
    const auto token = read_page_token(*next_token);
    if (!token) return Error{ErrorCode::invalid_parameter_value, "Invalid or expired next token."};
    page.after = *token;
  }
  return page;
}

bool QueuePage::add(const Queue& queue) {
  is_full_ = static_cast<std::int64_t>(queues_.size()) == count_max_;
  if (!is_full_) queues_.push_back(&queue);
  return !is_full_;
}

std::optional<std::string> QueuePage::next_token() const {
  if (!has_pages_ || !is_full_) return std::nullopt;
  return make_page_token(queues_.back()->name);
}

api::StringList QueuePage::urls(const Caller& caller) const {
  api::StringList urls;
  for (const Queue* queue : queues_) {
    urls.push_back(make_queue_url(caller.base_url, queue->world->account, queue->name));
  }
  return urls;
}

}  // namespace signalbox::broker
