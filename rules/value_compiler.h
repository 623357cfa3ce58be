// Reads the array of one field of a pattern: its values and match expressions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/json_token_reader.h"
#include "rules/pattern_model.h"

namespace signalbox::rules {

// The older of the two dialects knows no lists inside anything-but's prefix and suffix and no
// wildcard there; it is used only for patterns the newer one refuses for their `$or`.
enum class Dialect { current, older };

class ValueCompiler {
 public:
  ValueCompiler(JsonTokenReader& reader, Dialect dialect) : reader_(reader), dialect_(dialect) {}

  // Reads from behind the array's opening bracket to behind its closing one. False when the reader
  // has failed: it holds the reason.
  bool read_values(FieldPattern& out);

 private:
  using Matchers = std::vector<ValueMatcher>;

  bool refuse(std::string_view reason);
  bool refuse_in_list(std::string_view reason);
  bool expect_string(std::string_view refusal);
  bool expect_end_of_expression(std::string_view refusal);

  bool read_expression(FieldPattern& out);
  bool read_exactly(FieldPattern& out);
  bool read_affix(FieldPattern& out, IgnoreCase::Where where);
  bool read_affix_ignore_case(FieldPattern& out, IgnoreCase::Where where);
  bool read_equals_ignore_case(FieldPattern& out);
  bool read_wildcard(FieldPattern& out);
  bool read_cidr(FieldPattern& out);
  bool read_exists(FieldPattern& out);

  bool read_numeric(FieldPattern& out);
  bool read_numeric_array(FieldPattern& out);
  bool read_upper_bound(NumberRange& range, std::string_view bottom_text);
  bool comparable(std::string_view text, double& number);

  bool read_anything_but(FieldPattern& out);
  bool read_anything_but_list(Matchers& out);
  bool read_anything_but_object(Matchers& out);
  std::string_view anything_but_item_refusal(std::string_view expression);
  bool add_anything_but_texts(std::string_view expression, const std::vector<std::string>& texts,
                              Matchers& out);

  JsonTokenReader& reader_;
  const Dialect dialect_;
};

}  // namespace signalbox::rules
