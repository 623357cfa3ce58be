#include "broker/api/scheduler.h"

#include <algorithm>

#include "broker/api/events.h"

namespace signalbox::broker::api::scheduler {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }

// One or more of letters, digits and others.
bool is_made_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

// Takes the parts of arn:PARTITION:SERVICE:REGION:ACCOUNT: off the front. The region may be a local
// one, which need not look like Amazon's; a role has none.
bool take_arn(std::string_view& text, std::string_view service, bool has_region = true) {
  const auto take_part = [&] {
    const auto part = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
  };
  if (take_part() != "arn" || !take_part().starts_with("aws") || take_part() != service) {
    return false;
  }
  const auto region = take_part();
  const auto account = take_part();
  return region.empty() != has_region && account.size() == 12 &&
         std::all_of(account.begin(), account.end(), is_digit);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

bool is_schedule_name(std::string_view text) { return is_made_of(text, "-_."); }
bool is_token(std::string_view text) { return is_made_of(text, "-_"); }

bool is_group_arn(std::string_view text) {
  return take_arn(text, "scheduler") && take(text, "schedule-group/") && is_schedule_name(text);
}

bool is_role_arn(std::string_view text) {
  return take_arn(text, "iam", false) && take(text, "role/") && is_made_of(text, "_+=,.@/-");
}

bool is_kms_key_arn(std::string_view text) {
  if (!take_arn(text, "kms") || !(take(text, "key/") || take(text, "alias/"))) return false;
  return text.empty() || is_made_of(text, "-_");
}

bool is_dead_letter_arn(std::string_view text) {
  return take_arn(text, "sqs") && is_made_of(text, "-_");
}

// The pattern's second half, a path into the input, is a special case of its first but for "$".
bool is_event_source(std::string_view text) {
  if (text.starts_with("aws.")) return false;
  return !text.empty() &&
         (text == "$" || text.starts_with("$.") || is_made_of(text.substr(0, 1), "/.-_"));
}

bool is_metadata_key(std::string_view text) {
  return !text.empty() && text.find('/') == std::string_view::npos;
}

bool is_parameter_name(std::string_view text) { return text.empty() || is_made_of(text, "-_"); }

}  // namespace signalbox::broker::api::scheduler
