// The names of roles and policies, and what is made at random for them. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/ids.h"

namespace signalbox::broker::identity {

// arn:aws:iam::OWNER:KIND/PATH/NAME. The views point into the text that was parsed.
struct EntityArn {
  std::string_view owner;  // an account, or "aws"
  std::string_view path;   // "/" or "/a/b/"
  std::string_view name;
};

// kind is "role" or "policy". Nothing: it is no such ARN.
std::optional<EntityArn> parse_entity_arn(std::string_view arn, std::string_view kind);
std::string entity_arn(std::string_view account, std::string_view kind, std::string_view path,
                       std::string_view name);

// "AROA" and the like, and 17 letters and digits.
std::string new_unique_id(std::string_view prefix, IdSource& ids);
std::string random_text(std::size_t size, std::string_view letters, IdSource& ids);

// 12 digits.
bool is_account_number(std::string_view text);

}  // namespace signalbox::broker::identity
