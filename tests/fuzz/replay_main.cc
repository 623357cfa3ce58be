// Stands in for libFuzzer where the compiler has none: runs every file of the folders that are
// given, then so many random changes of them. The same options, as far as they go:
//
//   match_fuzz [-runs=N] [-seed=N] [-dict=FILE] FOLDER...
//
// It knows nothing of coverage. The input at work when something fails is written to crash-input.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::string current_input;

void save_input(int signal_number) {
  if (std::FILE* file = std::fopen("crash-input", "wb")) {
    std::fwrite(current_input.data(), 1, current_input.size(), file);
    std::fclose(file);
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void run(std::string input) {
  current_input = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current_input.data()),
                         current_input.size());
}

// The words of a libFuzzer dictionary: one "word" a line, with \" \\ and \xAB in it.
std::vector<std::string> read_dictionary(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('"');
    const std::size_t last = line.rfind('"');
    if (line.starts_with('#') || first == last) {
      continue;
    }
    std::string& word = words.emplace_back();
    for (std::size_t i = first + 1; i < last; ++i) {
      if (line[i] == '\\' && line[i + 1] == 'x') {
        word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
        i += 3;
      } else {
        i += line[i] == '\\' ? 1 : 0;
        word += line[i];
      }
    }
  }
  return words;
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, const std::vector<std::string>& corpus,
          const std::vector<std::string>& words)
      : random_(seed), corpus_(corpus), words_(words) {}

  std::string next() {
    std::string out = corpus_[below(corpus_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      change(out);
    }
    return out;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = 1 + below(8);
    switch (below(7)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, text.substr(below(text.size() + 1), length)); break;
      case 2: text.insert(at, 1, static_cast<char>(random_())); break;
      case 3:
        if (at < text.size()) {
          text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        }
        break;
      case 4:
        text.replace(at, below(4), words_.empty() ? "{" : words_[below(words_.size())]);
        break;
      case 5: splice_at_zero(text); break;
      default: {
        const std::string& other = corpus_[below(corpus_.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }

  // The pattern of this with the event of another.
  void splice_at_zero(std::string& text) {
    const std::string& other = corpus_[below(corpus_.size())];
    const std::size_t end = text.find('\0');
    const std::size_t other_end = other.find('\0');
    if (end != text.npos && other_end != other.npos) {
      text = text.substr(0, end) + other.substr(other_end);
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& corpus_;
  const std::vector<std::string>& words_;
};

}  // namespace

int main(int argument_count, char** arguments) {
  std::uint64_t run_count = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> words;
  std::vector<std::string> corpus;
  for (int i = 1; i < argument_count; ++i) {
    const std::string argument = arguments[i];
    if (argument.starts_with("-runs=")) {
      run_count = std::stoull(argument.substr(6));
    } else if (argument.starts_with("-seed=")) {
      seed = std::stoull(argument.substr(6));
    } else if (argument.starts_with("-dict=")) {
      words = read_dictionary(argument.substr(6));
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "match_fuzz: %s: no such option\n", arguments[i]);
      return 2;
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::directory_iterator(argument)) {
        std::ifstream file(entry.path(), std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      }
    } else {
      std::ifstream file(argument, std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "match_fuzz: no inputs\n");
    return 2;
  }
  std::sort(corpus.begin(), corpus.end());  // a folder has no order
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) {
    std::signal(number, save_input);
  }
  for (const std::string& input : corpus) {
    run(input);
  }
  Mutator mutator(seed, corpus, words);
  for (std::uint64_t i = 0; i < run_count; ++i) {
    run(mutator.next());
  }
  std::printf("%zu inputs and %llu changes of them\n", corpus.size(),
              static_cast<unsigned long long>(run_count));
  return 0;
}
