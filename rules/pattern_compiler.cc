#include "rules/pattern_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/json_token_reader.h"
#include "rules/pattern_limits.h"
#include "rules/utf8.h"
#include "rules/value_compiler.h"

namespace signalbox::rules {
namespace {

// Names that the objects of `$or` may not use for fields, so that `$or` over match expressions can
// get a meaning one day.
constexpr std::array reserved_in_or = std::to_array<std::string_view>({"exactly",
                                                                       "equals-ignore-case",
                                                                       "prefix",
                                                                       "suffix",
                                                                       "anything-but",
                                                                       "exists",
                                                                       "wildcard",
                                                                       "numeric",
                                                                       "cidr",
                                                                       "=",
                                                                       "<",
                                                                       "<=",
                                                                       ">",
                                                                       ">=",
                                                                       "regex",
                                                                       "not-wildcard",
                                                                       "not-equals-ignore-case",
                                                                       "date-after",
                                                                       "date-on-or-after",
                                                                       "date-before",
                                                                       "date-on-or-before",
                                                                       "in-date-range",
                                                                       "ip-address-in-range",
                                                                       "ip-address-not-in-range"});

class PatternCompiler {
 public:
  PatternCompiler(std::string_view text, Dialect dialect, std::size_t alternatives_max)
      : reader_(text),
        values_(reader_, dialect),
        dialect_(dialect),
        alternatives_max_(alternatives_max) {}

  std::optional<PatternModel> compile();

  const std::string& error() const { return reader_.error(); }
  bool met_or() const { return met_or_; }

 private:
  // One way through the $or of the pattern: path id and field index of each field.
  using Alternative = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  struct Scope {
    enum class Kind { object, or_object, or_array };
    Kind kind;
    std::size_t path_length;  // of the scope's own path
    bool at_root;             // no name leads to it
    std::size_t entry_count = 0;
    // Of an or_array: the alternatives before it, of which each branch starts with a copy, and
    // those of the branches read so far.
    std::vector<Alternative> before;
    std::vector<Alternative> branches;
  };

  bool refuse(std::string_view reason) {
    reader_.fail(reason);
    return false;
  }
  bool read_object_entry();
  bool read_or_entry();
  bool read_field(std::string path);
  bool close_object();
  std::string joined_path(std::string_view name, bool first) const;
  PatternModel finish();

  JsonTokenReader reader_;
  ValueCompiler values_;
  const Dialect dialect_;
  const std::size_t alternatives_max_;
  bool met_or_ = false;
  std::vector<Scope> scopes_;
  std::string path_;
  std::vector<FieldPattern> fields_;
  std::unordered_map<std::string, std::uint32_t> path_ids_;
  std::vector<Alternative> alternatives_{Alternative{}};
};

std::optional<PatternModel> PatternCompiler::compile() {
  if (reader_.next() != Token::start_object) {
    refuse("Filter is not an object");
    return std::nullopt;
  }
  scopes_.push_back({Scope::Kind::object, 0, true, 0, {}, {}});
  while (!scopes_.empty()) {
    const bool in_array = scopes_.back().kind == Scope::Kind::or_array;
    if (in_array ? !read_or_entry() : !read_object_entry()) {
      return std::nullopt;
    }
  }
  return finish();
}

bool PatternCompiler::read_object_entry() {
  Scope& scope = scopes_.back();
  if (reader_.next() == Token::end_object) {
    return scope.entry_count > 0 ? close_object() : refuse("Empty objects are not allowed");
  }
  if (reader_.failed()) {
    return false;
  }
  ++scope.entry_count;
  path_.resize(scope.path_length);
  const Scope::Kind kind = scope.kind;
  const bool at_root = scope.at_root;
  const std::string name = reader_.text();
  if (kind == Scope::Kind::or_object &&
      std::find(reserved_in_or.begin(), reserved_in_or.end(), name) != reserved_in_or.end()) {
    return refuse(
        fmt::format("{} is Ruler reserved fieldName which cannot be used inside $or.", name));
  }
  const bool is_or = name == "$or" && dialect_ == Dialect::current;
  met_or_ = met_or_ || is_or;
  const Token token = reader_.next();
  if (is_or) {
    if (token != Token::start_array) {
      return refuse("It must be an Array followed with $or.");
    }
    scopes_.push_back(
        {Scope::Kind::or_array, path_.size(), at_root, 0, std::move(alternatives_), {}});
    return true;
  }
  if (token == Token::start_object) {
    path_ = joined_path(name, at_root);
    scopes_.push_back({kind, path_.size(), false, 0, {}, {}});
    return true;
  }
  if (token == Token::start_array) {
    // Unlike an object's, and unlike in events, a field's name takes no dot behind an empty path.
    return read_field(joined_path(name, path_.empty()));
  }
  return refuse(fmt::format("\"{}\" must be an object or an array", name));
}

bool PatternCompiler::read_or_entry() {
  Scope& scope = scopes_.back();
  switch (reader_.next()) {
    case Token::end_array:
      if (scope.entry_count < 2) {
        return refuse("There must have at least 2 Objects in $or relationship.");
      }
      alternatives_ = std::move(scope.branches);
      scopes_.pop_back();
      return true;
    case Token::start_object: {
      ++scope.entry_count;
      alternatives_ = scope.before;
      const std::size_t path_length = scope.path_length;
      const bool at_root = scope.at_root;
      path_.resize(path_length);
      scopes_.push_back({Scope::Kind::or_object, path_length, at_root, 0, {}, {}});
      return true;
    }
    default: return refuse("Only JSON object is allowed in array of $or relationship.");
  }
}

// Leaves an object; one that is a branch of an $or hands its alternatives over.
bool PatternCompiler::close_object() {
  scopes_.pop_back();
  if (scopes_.empty() || scopes_.back().kind != Scope::Kind::or_array) {
    return true;
  }
  auto& branches = scopes_.back().branches;
  std::move(alternatives_.begin(), alternatives_.end(), std::back_inserter(branches));
  if (branches.size() > alternatives_max_) {
    return refuse(fmt::format("Rule is too complex - more than {} combinations of $or branches",
                              alternatives_max_));
  }
  return true;
}

// Reads the values of the field at the path and puts it into every alternative, in place of an
// earlier field of that path.
bool PatternCompiler::read_field(std::string path) {
  FieldPattern field;
  field.path = path;
  if (!values_.read_values(field)) {
    return false;
  }
  const auto next_id = static_cast<std::uint32_t>(path_ids_.size());
  const std::uint32_t path_id = path_ids_.emplace(std::move(path), next_id).first->second;
  const auto index = static_cast<std::uint32_t>(fields_.size());
  fields_.push_back(std::move(field));
  for (Alternative& alternative : alternatives_) {
    const auto same = std::find_if(alternative.begin(), alternative.end(),
                                   [&](const auto& entry) { return entry.first == path_id; });
    if (same != alternative.end()) {
      same->second = index;
    } else {
      alternative.emplace_back(path_id, index);
    }
  }
  return true;
}

std::string PatternCompiler::joined_path(std::string_view name, bool first) const {
  return first ? std::string(name) : fmt::format("{}.{}", path_, name);
}

PatternModel PatternCompiler::finish() {
  PatternModel model;
  for (const Alternative& alternative : alternatives_) {
    auto& indices = model.alternatives.emplace_back();
    for (const auto& [path_id, index] : alternative) {
      indices.push_back(index);
    }
    std::sort(indices.begin(), indices.end(), [&](std::uint32_t a, std::uint32_t b) {
      return utf16_less(fields_[a].path, fields_[b].path);
    });
  }
  model.fields = std::move(fields_);
  return model;
}

}  // namespace

std::optional<PatternModel> compile_pattern(std::string_view text, PatternError& error,
                                            const PatternLimits& limits) {
  PatternCompiler compiler(text, Dialect::current, limits.combinations_max);
  auto model = compiler.compile();
  // Where `$or` cannot be the operator it is a field like any other.
  if (!model && compiler.met_or()) {
    model = PatternCompiler(text, Dialect::older, limits.combinations_max).compile();
  }
  error.reason = model ? reason_past_limits(*model, limits) : compiler.error();
  return error.reason.empty() ? std::move(model) : std::nullopt;
}

}  // namespace signalbox::rules
