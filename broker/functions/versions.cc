// Versions: what a function was when it was published, kept and invoked beside it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "broker/functions/functions.h"
#include "broker/page_token.h"
#include "broker/record_fields.h"

namespace signalbox::broker::functions {

namespace keys = storage::keys;

std::optional<std::int64_t> version_number(std::string_view qualifier) {
  std::int64_t number = 0;
  const char* const past_last = qualifier.data() + qualifier.size();
  const auto [end, error] = std::from_chars(qualifier.data(), past_last, number);
  const bool is_whole = error == std::errc() && end == past_last;
  if (!is_whole || number < 0 || (qualifier.size() > 1 && qualifier.front() == '0')) {
    return std::nullopt;
  }
  return number;
}

Function* qualified(Function& latest, const std::optional<std::string>& qualifier) {
  if (!qualifier || *qualifier == functions::latest) return &latest;
  const auto number = version_number(*qualifier);
  if (!number) {
    const Alias* const alias = alias_named(latest, qualifier);
    return alias == nullptr ? nullptr : qualified(latest, alias->config.function_version);
  }
  const auto at = latest.versions.find(*number);
  return at == latest.versions.end() ? nullptr : &at->second;
}

wire::FunctionConfiguration shown(const Function& function,
                                  const std::optional<std::string>& qualifier) {
  wire::FunctionConfiguration config = function.config;
  if (qualifier) {
    config.function_arn =
        fmt::format("{}:{}", latest_of(function).config.function_arn.value_or(""), *qualifier);
  }
  return config;
}

std::int64_t at_work(const Function& latest) {
  std::size_t count = latest.pending.size() + latest.running_count;
  for (const auto& [number, version] : latest.versions) {
    count += version.pending.size() + version.running_count;
  }
  return static_cast<std::int64_t>(count);
}

namespace {

// What makes a version another one.
std::string content_of(const Function& function, const std::optional<std::string>& description) {
  wire::FunctionConfiguration config = function.config;
  config.description = description;
  config.function_arn.reset();
  config.version.reset();
  config.last_modified.reset();
  config.revision_id.reset();
  RecordWriter record;
  record.optional(function.image_uri);
  write_fields(record, config);
  return record.take();
}

bool is_unchanged(const Function& latest, const Function& version) {
  return content_of(latest, latest.config.description) ==
         content_of(version, version.latest_description);
}

}  // namespace

const Function& Functions::publish(Function& latest, const std::optional<std::string>& description,
                                   Context& ctx) {
  const auto newest = latest.versions.find(latest.last_version);
  if (newest != latest.versions.end() && is_unchanged(latest, newest->second)) {
    return newest->second;
  }
  const std::int64_t number = ++latest.last_version;
  Function& version = latest.versions[number];
  version.id = host_.new_id(ctx);
  by_id_[version.id] = &version;
  version.world = latest.world;
  version.latest = &latest;
  version.latest_description = latest.config.description;
  version.code_number = latest.code_number;
  version.image_uri = latest.image_uri;
  version.config = latest.config;
  version.config.version = fmt::to_string(number);
  version.config.function_arn = shown(latest, version.config.version).function_arn;
  version.config.revision_id = format_uuid(ctx.ids.uuid());
  if (description) version.config.description = description;
  store(version, ctx);
  store(latest, ctx);
  return version;
}

Result<wire::FunctionConfiguration> Functions::publish_version(
    const wire::PublishVersionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Function* const latest, find_latest(request.function_name, ctx));
  SIGNALBOX_TRY(check_revision(request.revision_id, latest->config.revision_id));
  const std::string code_sha256 = latest->config.code_sha256.value_or("");
  if (!request.code_sha256.value_or("").empty() && *request.code_sha256 != code_sha256) {
    return Error{ErrorCode::invalid_parameter_value,
                 fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST "
                             "({}). Please try again with the CodeSHA256 in $LATEST.",
                             *request.code_sha256, code_sha256)};
  }
  return publish(*latest, request.description, ctx).config;
}

Status Functions::delete_version(Function& latest, const std::string& qualifier, Context& ctx) {
  if (qualifier == functions::latest) {
    return Error{ErrorCode::invalid_parameter_value,
                 "$LATEST version cannot be deleted without deleting the function."};
  }
  const auto number = version_number(qualifier);
  if (!number) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Only versions are deleted by their qualifier. Please use DeleteAlias."};
  }
  const auto at = latest.versions.find(*number);
  if (at == latest.versions.end()) return ok();  // as the service does
  if (const auto aliases = aliases_of(latest, *at->second.config.version); !aliases.empty()) {
    return Error{
        ErrorCode::conflict,
        fmt::format("Unable to delete version because the following aliases reference it: [{}]",
                    aliases)};
  }
  end_all_of(at->second, ctx);
  const auto code_number = at->second.code_number;
  latest.versions.erase(at);
  const bool is_shared =
      code_number == latest.code_number ||
      std::any_of(latest.versions.begin(), latest.versions.end(),
                  [&](const auto& other) { return other.second.code_number == code_number; });
  if (!is_shared) ctx.batch.erase(keys::function_code(latest.id, code_number));
  return ok();
}

namespace {

constexpr std::int64_t page_max = 50;

// A page of functions' versions. Its marker is the last one's name and number; $LATEST has 0.
struct VersionsPage {
  std::int64_t limit = page_max;
  std::vector<wire::FunctionConfiguration> configs = {};
  std::string last = {};
  bool has_more = false;

  // False: the page is full.
  bool add(const Function& function, std::int64_t number) {
    has_more = static_cast<std::int64_t>(configs.size()) >= limit;
    if (has_more) return false;
    configs.push_back(shown(function, function.config.version));
    last = fmt::format("{}:{}", *function.config.function_name, number);
    return true;
  }
  // Those with a greater number.
  bool add_all(const Function& latest, std::int64_t after) {
    if (after < 0 && !add(latest, 0)) return false;
    return std::all_of(latest.versions.upper_bound(std::max<std::int64_t>(after, 0)),
                       latest.versions.end(),
                       [&](const auto& version) { return add(version.second, version.first); });
  }
  std::optional<std::string> next_marker() const {
    return has_more ? std::optional(make_page_token(last)) : std::nullopt;
  }
};

struct Place {
  std::string name = {};
  std::int64_t number = -1;  // nothing of that one was shown
};

Result<Place> place_after(const std::optional<std::string>& marker) {
  if (!marker) return Place{};
  const auto text = read_page_token(*marker).value_or("");
  const auto colon = text.rfind(':');
  const auto number =
      colon == std::string::npos ? std::nullopt : version_number(text.substr(colon + 1));
  if (!number) {
    return Error{ErrorCode::invalid_parameter_value, "The Marker provided is not valid."};
  }
  return Place{text.substr(0, colon), *number};
}

}  // namespace

Result<wire::ListVersionsByFunctionResponse> Functions::list_versions_by_function(
    const wire::ListVersionsByFunctionRequest& request, Context& ctx) {
  SIGNALBOX_TRY(const Function* const latest, find_latest(request.function_name, ctx));
  SIGNALBOX_TRY(const Place after, place_after(request.marker));
  VersionsPage page{.limit = std::min(request.max_items.value_or(page_max), page_max)};
  page.add_all(*latest, after.number);
  return wire::ListVersionsByFunctionResponse{page.next_marker(), std::move(page.configs)};
}

Result<wire::ListFunctionsResponse> Functions::list_all_versions(
    const ByName& functions, const wire::ListFunctionsRequest& request) {
  SIGNALBOX_TRY(const Place after, place_after(request.marker));
  VersionsPage page{.limit = std::min(request.max_items.value_or(page_max), page_max)};
  for (auto at = functions.lower_bound(after.name); at != functions.end(); ++at) {
    if (!page.add_all(at->second, at->first == after.name ? after.number : -1)) break;
  }
  return wire::ListFunctionsResponse{page.next_marker(), std::move(page.configs)};
}

}  // namespace signalbox::broker::functions
