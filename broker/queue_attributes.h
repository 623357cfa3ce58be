// The attributes of a queue: one row each, with the service's ranges, defaults and errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/queue.h"
#include "broker/result.h"

namespace signalbox::broker {

enum class AttributeKind : std::uint8_t {
  number,
  boolean,
  text,           // kept and echoed
  redrive,        // RedrivePolicy
  redrive_allow,  // RedriveAllowPolicy
  policy,         // a JSON object, or nothing
  fifo,           // only where FifoQueue is true
  computed,       // read only
};

struct AttributeRow {
  std::string_view name;
  AttributeKind kind;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string_view default_text = {};  // empty: absent until set
  std::string_view other_text = {};    // fifo: the value that is not the default
};

// Null for a name the service does not know.
const AttributeRow* find_attribute(std::string_view name);

enum class QueueType : std::uint8_t { standard, fifo };

// Checks the given attributes by themselves; the dead-letter target is the broker's to look up.
Status check_attributes(const api::StringMap& given, QueueType type);
// FifoThroughputLimit asks something of DeduplicationScope; either may have been set before.
Status check_throughput_limit(const api::StringMap& set, const api::StringMap& given);
// Whether DeduplicationScope is messageGroup.
// Whether the RedriveAllowPolicy among a queue's attributes lets another use it for dead letters.
bool allows_source(const api::StringMap& attributes, std::string_view source_arn);

bool has_group_scope(const api::StringMap& attributes);

// The text GetQueueAttributes shows for a settable attribute: as set, or its default.
std::optional<std::string> attribute_text(const Queue& queue, const AttributeRow& row);

// What the broker acts on; the attributes have passed check_attributes.
QueueSettings settings_of(const api::StringMap& attributes);
Result<RedrivePolicy> read_redrive_policy(const std::string& text);

// All names in the order of the table.
template <class Visit>
void for_each_attribute(Visit&& visit);

extern const AttributeRow attribute_rows[];
extern const std::size_t attribute_row_count;

template <class Visit>
void for_each_attribute(Visit&& visit) {
  for (std::size_t i = 0; i < attribute_row_count; ++i) visit(attribute_rows[i]);
}

}  // namespace signalbox::broker
