// Reads a pattern text token by token and knows where it stands: line, column and the words a
// client of the service sees when the text is not JSON.
//
// The service reads patterns with a lazy streaming parser, and its error positions show it: after a
// name the reader has already looked at the value's first token, and a string is read to its end
// only when its text is asked for. The reader does the same, so that positions come out the same.
//
// Threads: none; a reader belongs to the compile call that made it. The text must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::rules {

enum class Token : std::uint8_t {
  end_of_input,  // also after an error
  start_object,
  end_object,
  start_array,
  end_array,
  name,
  string,
  integer,
  decimal,  // a number with a fraction or an exponent
  literal_true,
  literal_false,
  literal_null,
};

inline bool is_number(Token token) { return token == Token::integer || token == Token::decimal; }

class JsonTokenReader {
 public:
  // Deepest nesting of objects and arrays, and longest number; the same as the service's parser.
  static constexpr std::size_t service_depth_max = 1000;
  static constexpr std::size_t number_length_max = 1000;

  explicit JsonTokenReader(std::string_view text, std::size_t depth_max = service_depth_max)
      : text_(text), depth_max_(depth_max) {}

  // The next token, or end_of_input at the end and after the text turned out not to be JSON.
  Token next();
  Token current() const { return current_; }

  // The text of the current name, string (escapes resolved), number or literal (as written), or the
  // bracket.
  // Empty, with failed() set, when the string is not valid.
  const std::string& text();

  bool failed() const { return !error_.empty(); }
  // The reason with its position suffix; empty while nothing failed.
  const std::string& error() const { return error_; }

  // Where the reader stands; after an error, where it stopped reading.
  std::size_t line() const { return at_.line; }
  std::size_t column() const;

  // Fails at the place the reader stands now, in the given words.
  void fail(std::string_view reason);
  // Says the place once more behind an error that has one, and once behind one that has none: the
  // service does so for what it refuses inside some lists.
  void repeat_position();
  // Fails without a place, as the service does where its matcher refuses a value after parsing.
  void fail_without_position(std::string_view reason);

 private:
  struct Position {
    std::size_t offset = 0;  // bytes into the text
    std::size_t line = 1;
    std::size_t line_start = 0;  // offset of the line's first byte
  };
  struct Scope {
    bool is_array;
    Position start;
    bool has_entries = false;
  };

  static constexpr std::string_view value_expected =
      "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

  bool skip_one_space();
  bool skip_whitespace();  // false at the end of the text
  bool read_separator();
  bool read_name();
  Token read_value();
  Token close_scope(char close);
  Token open_scope(bool is_array, Position start);
  Token read_literal(std::string_view literal, Token token);
  Token read_number();
  bool read_fraction(std::size_t& at);
  bool read_exponent(std::size_t& at);
  Token fail_odd_value(Position start);
  bool read_string(std::string& out, std::string_view where);
  bool read_escape(std::string& out);
  bool read_hex4(std::uint32_t& unit);
  void append_unit(std::string& out, std::uint32_t unit);

  std::string source() const;
  std::string place(const Position& at) const;
  std::size_t column(const Position& at) const;
  std::string describe_char(std::size_t offset) const;
  void fail_at(const Position& at, std::string_view reason);
  void fail_at(std::size_t offset, std::string_view reason);
  // Each says what is wrong and moves behind it.
  void fail_unexpected(std::string_view expectation);
  void fail_in_number(std::size_t culprit, std::string_view expectation);
  void fail_not_a_number(std::size_t start, std::size_t end);
  void fail_end_in_scope();

  const std::string_view text_;
  const std::size_t depth_max_;
  Position at_;
  std::vector<Scope> scopes_;
  Token current_ = Token::end_of_input;
  Token after_name_ = Token::end_of_input;  // the value token read together with a name
  bool string_pending_ = false;             // at_ stands just behind a string's opening quote
  std::uint32_t high_surrogate_ = 0;        // of the string being read; 0: none waiting
  std::string value_;                       // of the current name, string, number or literal
  std::string pending_value_;               // of after_name_
  std::string error_;
};

}  // namespace signalbox::rules
