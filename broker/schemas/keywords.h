// What each keyword of a schema means. Used by schema_compiler.cc alone.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/schemas/schema_compiler.h"

namespace signalbox::broker::schemas {

using boost::json::value;

// "/a" and "b/c" make "/a/b~1c".
std::string place_in(std::string_view place, std::string_view key);

// Compiles the schemas of one document into its nodes. Goes on after a problem, with whatever
// default; only the first one counts.
class SchemaCompiler {
 public:
  SchemaCompiler(const value& document, SchemaType type, CompiledSchema& out);

  // The schema that stands at that place of the document, and all that it refers to.
  const Node* compile(const value& schema, const std::string& place);
  // Once all are compiled: whether some schema refers to itself without looking into the value.
  void check_recursion();

  void fail(std::string place, std::string reason);
  const std::optional<SchemaProblem>& problem() const { return problem_; }

 private:
  using Read = void (SchemaCompiler::*)(Node& node, const value& given, const std::string& place);
  static const std::unordered_map<std::string_view, Read>& keywords();
  // Those that OpenAPI 3.1 has beside them, or with another meaning.
  static const std::unordered_map<std::string_view, Read>& keywords_of_3_1();
  Read find_keyword(std::string_view name) const;

  const Node* resolve(const value& reference, const std::string& place);
  void read_members(Node& node, const boost::json::object& schema);
  void read_exclusive(Node& node, const boost::json::object& schema, std::string_view keyword,
                      std::optional<Bound>& bound);

  // One a keyword.
  void read_type(Node& node, const value& given, const std::string& place);
  void read_enum(Node& node, const value& given, const std::string& place);
  void read_minimum(Node& node, const value& given, const std::string& place);
  void read_maximum(Node& node, const value& given, const std::string& place);
  void read_multiple_of(Node& node, const value& given, const std::string& place);
  void read_min_length(Node& node, const value& given, const std::string& place);
  void read_max_length(Node& node, const value& given, const std::string& place);
  void read_pattern(Node& node, const value& given, const std::string& place);
  void read_format(Node& node, const value& given, const std::string& place);
  void read_items(Node& node, const value& given, const std::string& place);
  void read_additional_items(Node& node, const value& given, const std::string& place);
  void read_min_items(Node& node, const value& given, const std::string& place);
  void read_max_items(Node& node, const value& given, const std::string& place);
  void read_unique_items(Node& node, const value& given, const std::string& place);
  void read_properties(Node& node, const value& given, const std::string& place);
  void read_required(Node& node, const value& given, const std::string& place);
  void read_pattern_properties(Node& node, const value& given, const std::string& place);
  void read_additional_properties(Node& node, const value& given, const std::string& place);
  void read_min_properties(Node& node, const value& given, const std::string& place);
  void read_max_properties(Node& node, const value& given, const std::string& place);
  void read_dependencies(Node& node, const value& given, const std::string& place);
  void read_all_of(Node& node, const value& given, const std::string& place);
  void read_any_of(Node& node, const value& given, const std::string& place);
  void read_one_of(Node& node, const value& given, const std::string& place);
  void read_not(Node& node, const value& given, const std::string& place);
  void read_definitions(Node& node, const value& given, const std::string& place);
  void read_const(Node& node, const value& given, const std::string& place);
  void read_prefix_items(Node& node, const value& given, const std::string& place);
  void read_items_of_3_1(Node& node, const value& given, const std::string& place);
  void add_value(Node& node, const value& given);

  std::uint8_t kind_of(const value& name, const std::string& place);
  std::optional<std::uint64_t> size_in(const value& given, const std::string& place);
  std::optional<Number> bound_in(const value& given, const std::string& place);
  Pattern pattern_in(std::string_view text, const std::string& place);
  std::vector<std::string> names_in(const value& given, const std::string& place);
  std::vector<const Node*> schemas_in(const value& given, const std::string& place);

  const value& document_;
  const SchemaType type_;
  const bool is_3_1_;  // OpenAPI's: schemas may be true or false, and have words beside $ref
  CompiledSchema& out_;
  std::unordered_map<std::string, Node*> by_place_;
  int depth_ = 0;
  std::size_t pattern_count_ = 0;
  int pattern_size_ = 0;  // of them all, in RE2's instructions
  std::optional<SchemaProblem> problem_;
};

}  // namespace signalbox::broker::schemas
