#include "broker/identity/arns.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/api/iam.h"

namespace signalbox::broker::identity {

namespace {

// Takes what stands before the separator off the front; all of it when there is none.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

}  // namespace

bool is_account_number(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<EntityArn> parse_entity_arn(std::string_view arn, std::string_view kind) {
  std::string_view rest = arn;
  const bool is_arn = take(rest, ':') == "arn" && take(rest, ':').starts_with("aws");
  const bool is_iam = take(rest, ':') == "iam" && take(rest, ':').empty();
  EntityArn entity;
  entity.owner = take(rest, ':');
  const auto first_slash = rest.find('/');
  if (!is_arn || !is_iam || first_slash == std::string_view::npos) return std::nullopt;
  if (rest.substr(0, first_slash) != kind) return std::nullopt;
  const auto last_slash = rest.rfind('/');
  entity.path = rest.substr(first_slash, last_slash + 1 - first_slash);
  entity.name = rest.substr(last_slash + 1);
  const bool is_owner = is_account_number(entity.owner) || entity.owner == "aws";
  if (!is_owner || !api::iam::is_name(entity.name) || !api::iam::is_path(entity.path)) {
    return std::nullopt;
  }
  return entity;
}

std::string entity_arn(std::string_view account, std::string_view kind, std::string_view path,
                       std::string_view name) {
  return fmt::format("arn:aws:iam::{}:{}{}{}", account, kind, path, name);
}

std::string random_text(std::size_t size, std::string_view letters, IdSource& ids) {
  std::string text;
  std::uint64_t bits = 0;
  constexpr std::size_t letters_per_draw = 8;
  while (text.size() < size) {
    if (text.size() % letters_per_draw == 0) bits = ids.random_bits();
    text += letters[bits % letters.size()];
    bits /= letters.size();
  }
  return text;
}

std::string new_unique_id(std::string_view prefix, IdSource& ids) {
  return std::string(prefix) + random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ids);
}

}  // namespace signalbox::broker::identity
