// What a mapping makes of a queue's messages: the records of the event that its function gets, and
// what the function's answer says of each. Pure, but for the reading; any thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/context.h"
#include "broker/functions/invocation.h"
#include "broker/message.h"
#include "rules/rules.h"

namespace signalbox::broker::functions {

// The largest event of a batch.
constexpr std::size_t batch_bytes_max = 6u << 20;

struct BatchMessage {
  HandedOut handed;
  // Which receive it came with: what a FIFO queue hands out at once is done in its order.
  std::uint64_t receive = 0;
  IdBytes id{};
  std::string record;  // JSON
};

// A mapping's filters: a message passes that any of them matches, or all if there are none.
using Filters = std::vector<std::shared_ptr<const rules::Pattern>>;

// Reads messages that were received, and makes their records.
class BatchReading final : public Reading {
 public:
  BatchReading(std::vector<BatchMessage> received, Filters filters, std::string queue_arn,
               std::string region);
  bool read(const storage::View& view) override;

  std::vector<BatchMessage> passed;
  std::vector<BatchMessage> filtered;  // without records

 private:
  const std::vector<BatchMessage> received_;  // without ids and records
  const Filters filters_;
  const std::string queue_arn_;
  const std::string region_;
};

// The event: {"Records":[...]}.
std::string event_of(const std::vector<BatchMessage>& messages);

// The ids of the messages that have failed; nothing: the batch has, whole. is_partial: the mapping
// lets its function report failures, otherwise its answer does not matter.
std::optional<std::set<std::string>> failed_messages(const Outcome& outcome, bool is_partial,
                                                     const std::set<std::string>& batch_ids);

}  // namespace signalbox::broker::functions
