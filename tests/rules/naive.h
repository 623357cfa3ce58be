// What a pattern means, said as plainly as possible: the measure for the matchers of rules/, of
// which it uses nothing. Takes valid patterns only, and its time.
//
// Case is known of ASCII letters and of the few others that naive.cc lists.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/rules/json_tree.h"

namespace signalbox::rules::reference {

// The leaves of an event.
class NaiveEvent {
 public:
  // Which element of which array; arrays are numbered as they come.
  using Elements = std::map<int, std::size_t>;
  struct Leaf {
    std::u16string path;
    const Json* value;
    Elements elements;  // that are objects or arrays; plain ones are not told apart
  };

  explicit NaiveEvent(Json event);

  const std::vector<Leaf>& leaves() const { return leaves_; }

 private:
  void add_leaves(const Json& value, const std::string& path, bool at_root,
                  const Elements& elements);

  std::shared_ptr<const Json> event_;
  std::vector<Leaf> leaves_;
  int array_count_ = 0;
};

class NaivePattern {
 public:
  explicit NaivePattern(Json pattern);

  bool matches(const NaiveEvent& event) const;

 private:
  // By path, in the order in which fields are visited; of each the array of values it wants.
  using Fields = std::map<std::u16string, const Json*>;

  void add_object(const Json& object, const std::string& path, bool at_root,
                  std::vector<Fields>& ways) const;

  std::shared_ptr<const Json> pattern_;
  bool or_is_field_;
  std::vector<Fields> ways_;  // through the $or of the pattern
};

// Whether the evaluator knows the cases of the letter; false for letters it merely takes to have
// none.
bool is_case_known(std::uint32_t letter);

// Whether the number is one that some double holds exactly as written; if so, that double.
bool is_comparable(const std::string& text, double& number);

}  // namespace signalbox::rules::reference
