// What values have been seen in one place of an event: their kinds, the members of objects, the
// elements of arrays. Grows with each value it is shown, so that a schema made of it accepts all of
// them. Plain values.
#pragma once

#include <simdjson.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "broker/schemas/schema_node.h"

namespace signalbox::broker::schemas {

struct Member;

class Shape {
 public:
  // Objects with more different members than this are maps: their members' names are data.
  static constexpr std::size_t members_max = 200;
  // Below this nothing is looked at: anything goes.
  static constexpr int depth_max = 30;

  Shape();
  Shape(const Shape&);
  Shape(Shape&&) noexcept;
  Shape& operator=(Shape) noexcept;
  ~Shape();

  // True: something is new, so that a schema made before may not accept the value.
  bool add(simdjson::dom::element value);

  // As the schema of OpenAPI 3 that accepts what has been seen, and back. What from_schema() does
  // not know (only to_schema()'s own words are) becomes: anything.
  boost::json::value to_schema() const;
  static Shape from_schema(const boost::json::value& schema);

  // Which kinds have been seen, of schema_node.h's kind; 0: none.
  std::uint8_t kinds() const { return kinds_; }
  // Anything goes.
  void widen();
  // Anything goes below so many levels.
  void limit_depth(int levels);

 private:
  using Members = std::map<std::string, Member, std::less<>>;

  bool add(simdjson::dom::element value, int depth);
  bool add_kind(std::uint8_t kind);
  bool add_object(simdjson::dom::object object, int depth);
  bool add_array(simdjson::dom::array array, int depth);
  bool add_string(std::string_view text);
  void merge(Shape other);
  void become_map();
  boost::json::value schema_of(std::uint8_t kind) const;
  boost::json::value object_schema() const;
  void read_kind(const boost::json::object& schema);
  void read_object(const boost::json::object& schema);

  std::uint8_t kinds_ = 0;
  bool is_anything_ = false;
  bool are_date_times_ = true;        // all strings so far
  bool has_objects_ = false;          // at least one: what its members are is known
  std::unique_ptr<Members> members_;  // of objects; null: they are a map, or none was seen
  std::unique_ptr<Shape> elements_;   // of arrays, or of maps' members
  std::unique_ptr<Shape> map_values_;
};

struct Member {
  Shape shape;
  bool is_required = true;  // in all objects so far
};

}  // namespace signalbox::broker::schemas
