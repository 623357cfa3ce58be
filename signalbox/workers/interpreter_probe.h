// Whether an interpreter that PATH has does run: version managers put programs there for versions
// that are not installed, and some find theirs by HOME alone, which workers do not have. Blocks
// until the program has told its version. One thread.
#pragma once

#include <set>
#include <string>

namespace signalbox::workers {

class InterpreterProbe {
 public:
  // path, home: PATH and HOME of the workers.
  InterpreterProbe(std::string path, std::string home)
      : path_(std::move(path)), home_(std::move(home)) {}

  // One that has run once is not asked again; one that has not may be there later.
  bool runs(const std::string& program);

 private:
  const std::string path_;
  const std::string home_;
  std::set<std::string> working_;
};

}  // namespace signalbox::workers
