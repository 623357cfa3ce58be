#include "rules/value_compiler.h"

#include <fmt/format.h>

#include <limits>

#include "rules/comparable_number.h"

namespace signalbox::rules {
namespace {

constexpr std::string_view one_key = "Only one key allowed in match expression";
constexpr std::string_view too_many = "Too many elements in numeric expression";

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string_view affix_name(IgnoreCase::Where where) {
  return where == IgnoreCase::Where::prefix ? "prefix" : "suffix";
}

ValueMatcher affix(std::string_view text, IgnoreCase::Where where) {
  if (where == IgnoreCase::Where::prefix) {
    return Prefix{fmt::format("\"{}", text)};
  }
  return Suffix{fmt::format("{}\"", text)};
}

bool wildcard(std::string_view text, std::vector<ValueMatcher>& out, std::string& error) {
  std::vector<std::string> pieces;
  if (!Wildcard::parse(text, pieces, error)) {
    return false;
  }
  pieces.front().insert(0, "\"");
  pieces.back() += '"';
  out.emplace_back(Wildcard(std::move(pieces)));
  return true;
}

}  // namespace

bool ValueCompiler::refuse(std::string_view reason) {
  reader_.fail(reason);
  return false;
}

bool ValueCompiler::expect_string(std::string_view refusal) {
  if (reader_.next() != Token::string) {
    return refuse(refusal);
  }
  reader_.text();
  return !reader_.failed();
}

bool ValueCompiler::expect_end_of_expression(std::string_view refusal) {
  return reader_.next() == Token::end_object || refuse(refusal);
}

bool ValueCompiler::read_values(FieldPattern& out) {
  bool any = false;
  for (Token token = reader_.next(); token != Token::end_array; token = reader_.next()) {
    any = true;
    switch (token) {
      case Token::start_object:
        if (!read_expression(out)) {
          return false;
        }
        break;
      case Token::string: out.any_of.push_back(ExactText{quoted(reader_.text())}); break;
      case Token::integer:
      case Token::decimal:
        if (const auto number = comparable_number(reader_.text())) {
          out.any_of.push_back(EqualNumber{*number});
        } else {
          out.any_of.push_back(ExactText{reader_.text()});
        }
        break;
      case Token::literal_true:
      case Token::literal_false:
      case Token::literal_null: out.any_of.push_back(ExactText{reader_.text()}); break;
      default: return refuse("Match value must be String, number, true, false, or null");
    }
  }
  return any || refuse("Empty arrays are not allowed");
}

bool ValueCompiler::read_expression(FieldPattern& out) {
  if (reader_.next() != Token::name) {
    return refuse("Match expression name not found");
  }
  const std::string name = reader_.text();
  if (name == "exactly") {
    return read_exactly(out);
  }
  if (name == "prefix") {
    return read_affix(out, IgnoreCase::Where::prefix);
  }
  if (name == "suffix") {
    return read_affix(out, IgnoreCase::Where::suffix);
  }
  if (name == "numeric") {
    return read_numeric(out);
  }
  if (name == "anything-but") {
    return read_anything_but(out);
  }
  if (name == "exists") {
    return read_exists(out);
  }
  if (name == "wildcard") {
    return read_wildcard(out);
  }
  if (name == "equals-ignore-case") {
    return read_equals_ignore_case(out);
  }
  if (name == "cidr") {
    return read_cidr(out);
  }
  return refuse(fmt::format("Unrecognized match type {}", name));
}

bool ValueCompiler::read_exactly(FieldPattern& out) {
  if (!expect_string("exact match pattern must be a string")) {
    return false;
  }
  out.any_of.push_back(ExactText{quoted(reader_.text())});
  return expect_end_of_expression(one_key);
}

bool ValueCompiler::read_affix(FieldPattern& out, IgnoreCase::Where where) {
  const Token token = reader_.next();
  if (token == Token::start_object) {
    return read_affix_ignore_case(out, where);
  }
  if (token != Token::string) {
    return refuse(fmt::format("{} match pattern must be a string", affix_name(where)));
  }
  out.any_of.push_back(affix(reader_.text(), where));
  return expect_end_of_expression(one_key);
}

bool ValueCompiler::read_affix_ignore_case(FieldPattern& out, IgnoreCase::Where where) {
  const bool is_prefix = where == IgnoreCase::Where::prefix;
  if (reader_.next() != Token::name) {
    return refuse(fmt::format("{} expression name not found", is_prefix ? "Prefix" : "Suffix"));
  }
  if (reader_.text() != "equals-ignore-case") {
    return refuse(fmt::format("Unsupported {} pattern: {}", affix_name(where), reader_.text()));
  }
  if (!expect_string("equals-ignore-case match pattern must be a string")) {
    return false;
  }
  const std::string text = is_prefix ? "\"" + reader_.text() : reader_.text() + "\"";
  out.any_of.push_back(IgnoreCase{IgnoreCaseText(text), where});
  return expect_end_of_expression(one_key) && expect_end_of_expression(one_key);
}

bool ValueCompiler::read_equals_ignore_case(FieldPattern& out) {
  if (!expect_string("equals-ignore-case match pattern must be a string")) {
    return false;
  }
  out.any_of.push_back(
      IgnoreCase{IgnoreCaseText(quoted(reader_.text())), IgnoreCase::Where::whole});
  return expect_end_of_expression(one_key);
}

bool ValueCompiler::read_wildcard(FieldPattern& out) {
  if (!expect_string("wildcard match pattern must be a string")) {
    return false;
  }
  std::string error;
  if (!wildcard(reader_.text(), out.any_of, error)) {
    return refuse(error);
  }
  return expect_end_of_expression(one_key);
}

bool ValueCompiler::read_cidr(FieldPattern& out) {
  if (!expect_string("prefix match pattern must be a string")) {
    return false;
  }
  IpRange range;
  std::string error;
  if (!IpRange::parse(reader_.text(), range, error)) {
    reader_.fail_without_position(error);
    return false;
  }
  out.any_of.emplace_back(std::move(range));
  return expect_end_of_expression(one_key);
}

bool ValueCompiler::read_exists(FieldPattern& out) {
  const Token token = reader_.next();
  if (token != Token::literal_true && token != Token::literal_false) {
    return refuse("exists match pattern must be either true or false.");
  }
  (token == Token::literal_true ? out.exists : out.absent) = true;
  return expect_end_of_expression(one_key);
}

// --- numeric ------------------------------------------------------------------------------------

bool ValueCompiler::comparable(std::string_view text, double& number) {
  const auto compared = comparable_number(text);
  if (!compared) {
    return refuse(fmt::format("Cannot compare number : {}", text));
  }
  number = *compared;
  return true;
}

bool ValueCompiler::read_numeric(FieldPattern& out) {
  if (reader_.next() != Token::start_array) {
    return refuse("Value of numeric must be an array.");
  }
  return read_numeric_array(out) && expect_end_of_expression(too_many);
}

bool ValueCompiler::read_numeric_array(FieldPattern& out) {
  constexpr double lowest = std::numeric_limits<double>::lowest();
  constexpr double highest = std::numeric_limits<double>::max();
  if (reader_.next() != Token::string) {
    return refuse(fmt::format("Invalid member in numeric match: {}", reader_.text()));
  }
  const std::string op = reader_.text();
  const bool is_number_next = is_number(reader_.next());
  const bool has_top = op == "=" || op == "<" || op == "<=";
  if (!has_top && op != ">" && op != ">=") {
    return refuse(fmt::format("Unrecognized numeric range operator: {}", op));
  }
  if (!is_number_next) {
    return refuse(fmt::format("Value of {} must be numeric", op == "=" ? "equals" : op.c_str()));
  }
  const std::string text = reader_.text();
  double number = 0;
  if (has_top) {
    if (reader_.next() != Token::end_array) {
      return refuse(too_many);
    }
    if (!comparable(text, number)) {
      return false;
    }
    if (op == "=") {
      out.any_of.push_back(EqualNumber{number});
    } else {
      out.any_of.push_back(NumberRange{lowest, number, false, op == "<"});
    }
    return true;
  }
  NumberRange range{0, highest, op == ">", false};
  const bool bounded = reader_.next() != Token::end_array;
  if (bounded ? !read_upper_bound(range, text) : !comparable(text, range.bottom)) {
    return false;
  }
  out.any_of.push_back(range);
  return true;
}

// The `<` part of a range, the reader standing on its operator.
bool ValueCompiler::read_upper_bound(NumberRange& range, std::string_view bottom_text) {
  if (reader_.current() != Token::string) {
    return refuse(fmt::format("Bad value in numeric range: {}", reader_.text()));
  }
  const std::string op = reader_.text();
  if (op != "<" && op != "<=") {
    return refuse(fmt::format("Bad numeric range operator: {}", op));
  }
  if (!is_number(reader_.next())) {
    return refuse(fmt::format("Value of {} must be numeric", op));
  }
  const std::string top_text = reader_.text();
  if (reader_.next() != Token::end_array) {
    return refuse("Too many terms in numeric range expression");
  }
  range.top_open = op == "<";
  if (!comparable(bottom_text, range.bottom) || !comparable(top_text, range.top)) {
    return false;
  }
  return range.bottom < range.top || refuse("Bottom must be less than top");
}

// --- anything-but -------------------------------------------------------------------------------

bool ValueCompiler::read_anything_but(FieldPattern& out) {
  Matchers none_of;
  switch (reader_.next()) {
    case Token::start_object:
      if (!read_anything_but_object(none_of)) {
        return false;
      }
      break;
    case Token::start_array:
      if (!read_anything_but_list(none_of)) {
        return false;
      }
      break;
    case Token::string: none_of.push_back(ExactText{quoted(reader_.text())}); break;
    case Token::integer:
    case Token::decimal: {
      const auto number = comparable_number(reader_.text());
      if (!number) {
        reader_.fail_without_position(fmt::format("Cannot compare number : {}", reader_.text()));
        return false;
      }
      none_of.push_back(EqualNumber{*number});
      break;
    }
    default: return refuse("Value of anything-but must be an array or single string/number value.");
  }
  if (!expect_end_of_expression(too_many)) {
    return false;
  }
  out.none_of.push_back(std::move(none_of));
  return true;
}

bool ValueCompiler::refuse_in_list(std::string_view reason) {
  reader_.fail(reason);
  reader_.repeat_position();
  return false;
}

bool ValueCompiler::read_anything_but_list(Matchers& out) {
  bool strings = false;
  bool numbers = false;
  for (Token token = reader_.next(); token != Token::end_array; token = reader_.next()) {
    if (token == Token::string) {
      strings = true;
      out.push_back(ExactText{quoted(reader_.text())});
    } else if (is_number(token)) {
      numbers = true;
      double number = 0;
      if (!comparable(reader_.text(), number)) {
        return false;
      }
      out.push_back(EqualNumber{number});
    } else {
      return refuse_in_list("Inside anything but list, start|null|boolean is not supported.");
    }
  }
  return strings != numbers ||
         refuse(
             "Inside anything but list, either all values are number or string, mixed type is not "
             "supported");
}

bool ValueCompiler::read_anything_but_object(Matchers& out) {
  if (reader_.next() != Token::name) {
    return refuse("Anything-But expression name not found");
  }
  const std::string name = reader_.text();
  const bool lists = dialect_ == Dialect::current || name == "equals-ignore-case";
  if (name != "prefix" && name != "suffix" && name != "equals-ignore-case" &&
      (name != "wildcard" || dialect_ == Dialect::older)) {
    return refuse(fmt::format("Unsupported anything-but pattern: {}", name));
  }
  const Token token = reader_.next();
  std::vector<std::string> texts;
  if (token == Token::start_array && lists) {
    while (reader_.next() != Token::end_array) {
      const auto refusal = anything_but_item_refusal(name);
      if (!refusal.empty()) {
        return refuse_in_list(refusal);
      }
      texts.push_back(reader_.text());
    }
    // The service's matcher breaks on an empty list; say the plain thing instead.
    if (texts.empty()) {
      return refuse("Empty arrays are not allowed");
    }
  } else if (token == Token::string || is_number(token)) {
    const auto refusal = anything_but_item_refusal(name);
    if (!refusal.empty()) {
      return refuse(refusal);
    }
    texts.push_back(reader_.text());
  } else {
    return refuse("Value of anything-but must be an array or single string/number value.");
  }
  return add_anything_but_texts(name, texts, out) && expect_end_of_expression(too_many);
}

// Why the token the reader stands on is nothing for anything-but's `expression`; empty when it is
// fine.
std::string_view ValueCompiler::anything_but_item_refusal(std::string_view expression) {
  const bool is_string = reader_.current() == Token::string;
  if (expression == "equals-ignore-case") {
    return is_string ? ""
                     : "Inside anything-but/equals-ignore-case list, number|start|null|boolean is "
                       "not supported.";
  }
  if (expression == "wildcard") {
    return is_string ? "" : "wildcard match pattern must be a string";
  }
  if (!is_string) {
    return "prefix/suffix match pattern must be a string";
  }
  return reader_.text().empty() ? "Null prefix/suffix not allowed" : "";
}

bool ValueCompiler::add_anything_but_texts(std::string_view expression,
                                           const std::vector<std::string>& texts, Matchers& out) {
  for (const std::string& text : texts) {
    if (expression == "equals-ignore-case") {
      out.push_back(IgnoreCase{IgnoreCaseText(quoted(text)), IgnoreCase::Where::whole});
    } else if (expression == "wildcard") {
      std::string error;
      if (!wildcard(text, out, error)) {
        return refuse(error);
      }
    } else {
      out.push_back(affix(
          text, expression == "prefix" ? IgnoreCase::Where::prefix : IgnoreCase::Where::suffix));
    }
  }
  return true;
}

}  // namespace signalbox::rules
