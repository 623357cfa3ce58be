#include "broker/schemas/schema_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "broker/schemas/json_document.h"
#include "broker/schemas/keywords.h"
#include "broker/schemas/references.h"

namespace signalbox::broker::schemas {

namespace {

namespace json = boost::json;

constexpr int schema_depth_max = 128;

// The meta schemas that a draft-04 schema may name.
bool is_draft_4(std::string_view uri) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!uri.starts_with(scheme)) continue;
    uri.remove_prefix(scheme.size());
    return uri == "json-schema.org/draft-04/schema" || uri == "json-schema.org/draft-04/schema#" ||
           uri == "json-schema.org/schema" || uri == "json-schema.org/schema#";
  }
  return false;
}

}  // namespace

std::string_view name_of(SchemaType type) {
  return type == SchemaType::open_api_3 ? "OpenApi3" : "JSONSchemaDraft4";
}

std::optional<SchemaType> parse_schema_type(std::string_view name) {
  for (const auto type : {SchemaType::open_api_3, SchemaType::json_schema_draft_4}) {
    if (name == name_of(type)) return type;
  }
  return std::nullopt;
}

std::string SchemaProblem::text() const {
  return place.empty() ? reason : fmt::format("{}: {}", place, reason);
}

std::string place_in(std::string_view place, std::string_view key) {
  std::string longer(place);
  longer += '/';
  for (const char c : key) {
    if (c == '~') {
      longer += "~0";
    } else if (c == '/') {
      longer += "~1";
    } else {
      longer += c;
    }
  }
  return longer;
}

SchemaCompiler::SchemaCompiler(const value& document, SchemaType type, CompiledSchema& out)
    : document_(document),
      type_(type),
      is_3_1_(type == SchemaType::open_api_3 &&
              text_of_member(document, "openapi").value_or("").starts_with("3.1")),
      out_(out) {}

void SchemaCompiler::fail(std::string place, std::string reason) {
  if (!problem_) problem_ = SchemaProblem{std::move(place), std::move(reason)};
}

const Node* SchemaCompiler::compile(const value& schema, const std::string& place) {
  const auto [at, is_new] = by_place_.try_emplace(place, nullptr);
  if (!is_new) return at->second;
  Node& node = *out_.nodes.emplace_back(std::make_unique<Node>());
  at->second = &node;
  node.place = place;
  if (is_3_1_ && schema.is_bool()) {
    if (!schema.get_bool()) node.kinds = 0;
    return &node;
  }
  if (!schema.is_object()) {
    fail(place, "must be a schema, which is an object.");
    return &node;
  }
  if (depth_ == schema_depth_max) {
    fail(place, fmt::format("schemas may be nested {} levels deep.", schema_depth_max));
    return &node;
  }
  ++depth_;
  const auto& members = schema.get_object();
  const auto* reference = members.if_contains("$ref");
  const Node* const referred =
      reference == nullptr ? nullptr : resolve(*reference, place_in(place, "$ref"));
  if (reference != nullptr && !is_3_1_) {
    node.reference = referred;
  } else {
    if (referred != nullptr) node.all_of.push_back(referred);
    read_members(node, members);
  }
  --depth_;
  return &node;
}

const Node* SchemaCompiler::resolve(const value& reference, const std::string& place) {
  if (!reference.is_string()) {
    fail(place, "must be a string.");
    return nullptr;
  }
  const std::string_view text = view_of(reference.get_string());
  if (auto problem = problem_of_reference(document_, text); !problem.empty()) {
    fail(place, std::move(problem));
    return nullptr;
  }
  const std::string pointer = pointer_of(text);
  return compile(*value_at(document_, pointer), pointer);
}

void SchemaCompiler::check_recursion() {
  enum class Mark : std::uint8_t { under_way, done };
  std::unordered_map<const Node*, Mark> marks;
  // Through the schemas that look at the same value.
  const std::function<void(const Node*)> visit = [&](const Node* node) {
    if (node == nullptr || problem_) return;
    const auto [at, is_new] = marks.try_emplace(node, Mark::under_way);
    if (!is_new) {
      if (at->second == Mark::under_way) {
        fail(node->place, "refers to itself without looking any further into the value.");
      }
      return;
    }
    visit(node->reference);
    for (const auto* list : {&node->all_of, &node->any_of, &node->one_of}) {
      for (const Node* each : *list) visit(each);
    }
    visit(node->none_of);
    for (const auto& dependency : node->dependencies) visit(dependency.node);
    marks[node] = Mark::done;
  };
  for (const auto& node : out_.nodes) visit(node.get());
}

namespace {

// What the service calls the schema of the whole event.
constexpr std::string_view envelope_name = "AWSEvent";
constexpr std::string_view source_keyword = "x-amazon-events-source";
constexpr std::string_view detail_type_keyword = "x-amazon-events-detail-type";

// Whether the schema, or one that it is made of, describes what only an envelope has.
bool describes_envelope(const json::value& document, const json::value& schema, int depth = 0) {
  constexpr int depth_max = 8;
  if (depth == depth_max) return false;
  const auto* properties = member_of(schema, "properties");
  if (properties != nullptr && member_of(*properties, "detail") != nullptr &&
      member_of(*properties, "detail-type") != nullptr) {
    return true;
  }
  if (const auto reference = text_of_member(schema, "$ref")) {
    const auto* found = value_at(document, pointer_of(*reference));
    return found != nullptr && describes_envelope(document, *found, depth + 1);
  }
  const auto* parts = member_of(schema, "allOf");
  const auto* list = parts == nullptr ? nullptr : parts->if_array();
  return list != nullptr && std::any_of(list->begin(), list->end(), [&](const json::value& part) {
           return describes_envelope(document, part, depth + 1);
         });
}

// Of the whole event when it says so, or when it describes one.
void describe_root(const json::value& document, const json::value& schema, CompiledSchema& out) {
  out.source = text_of_member(schema, source_keyword);
  out.detail_type = text_of_member(schema, detail_type_keyword);
  out.is_of_envelope =
      out.source.has_value() || out.detail_type.has_value() || describes_envelope(document, schema);
}

void compile_draft_4(const json::value& document, SchemaCompiler& compiler, CompiledSchema& out) {
  if (const auto* uri = member_of(document, "$schema")) {
    if (!uri->is_string() || !is_draft_4(std::string(view_of(uri->get_string())))) {
      compiler.fail("/$schema", "must be http://json-schema.org/draft-04/schema#.");
    }
  }
  out.root = compiler.compile(document, "");
  describe_root(document, document, out);
}

void check_open_api(const json::value& document, SchemaCompiler& compiler) {
  const auto version = text_of_member(document, "openapi");
  if (!version || !version->starts_with("3.")) {
    compiler.fail("/openapi", "must be the version of OpenAPI, 3.0.0 or later.");
  }
  const auto* info = member_of(document, "info");
  if (info == nullptr || !info->is_object()) {
    compiler.fail("/info", "must be an object with title and version.");
    return;
  }
  for (const std::string_view name : {"title", "version"}) {
    if (!text_of_member(*info, name)) compiler.fail(place_in("/info", name), "must be a string.");
  }
  const auto* paths = member_of(document, "paths");
  if (paths == nullptr ? version && version->starts_with("3.0") : !paths->is_object()) {
    compiler.fail("/paths", "must be an object; events have none: {}.");
  }
}

// The schema of the event: AWSEvent, as the service names it; else the one that says which events
// it is of; else the first that no other one refers to.
const json::key_value_pair* find_root(const json::object& schemas, const CompiledSchema& out) {
  if (const auto at = schemas.find(to_json(envelope_name)); at != schemas.end()) return at;
  for (const auto& each : schemas) {
    if (member_of(each.value(), detail_type_keyword) != nullptr) return &each;
  }
  std::unordered_set<std::string_view> referred_to;
  for (const auto& node : out.nodes) {
    if (node->reference != nullptr) referred_to.insert(node->reference->place);
    for (const Node* each : node->all_of) referred_to.insert(each->place);
  }
  for (const auto& each : schemas) {
    const std::string place = place_in("/components/schemas", view_of(each.key()));
    if (!referred_to.contains(place)) return &each;
  }
  return schemas.begin();
}

void compile_open_api(const json::value& document, SchemaCompiler& compiler, CompiledSchema& out) {
  check_open_api(document, compiler);
  const auto* components = member_of(document, "components");
  const auto* schemas = components == nullptr ? nullptr : member_of(*components, "schemas");
  if (schemas == nullptr) return;
  if (!schemas->is_object()) {
    compiler.fail("/components/schemas", "must be an object of schemas.");
    return;
  }
  for (const auto& each : schemas->get_object()) {
    const std::string_view name = view_of(each.key());
    compiler.compile(each.value(), place_in("/components/schemas", name));
  }
  if (schemas->get_object().empty()) return;
  const auto* root = find_root(schemas->get_object(), out);
  const std::string_view name = view_of(root->key());
  out.root = compiler.compile(root->value(), place_in("/components/schemas", name));
  describe_root(document, root->value(), out);
  out.is_of_envelope = out.is_of_envelope || name == envelope_name;
}

}  // namespace

Compiled compile_schema(std::string_view content, SchemaType type) {
  json::error_code error;
  const json::value document = parse_document(content, error);
  if (error) return SchemaProblem{"", "the content is not JSON: " + error.message() + "."};
  if (!document.is_object()) return SchemaProblem{"", "the content is not a JSON object."};
  auto out = std::make_shared<CompiledSchema>();
  SchemaCompiler compiler(document, type, *out);
  if (type == SchemaType::open_api_3) {
    compile_open_api(document, compiler, *out);
  } else {
    compile_draft_4(document, compiler, *out);
  }
  if (!compiler.problem()) compiler.check_recursion();
  if (compiler.problem()) return *compiler.problem();
  if (auto problem = find_bad_reference(document)) return *std::move(problem);
  return std::shared_ptr<const CompiledSchema>(std::move(out));
}

}  // namespace signalbox::broker::schemas
