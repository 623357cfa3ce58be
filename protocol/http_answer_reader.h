// The bytes of an answer, as they come, to a status, the headers that matter and a bounded body.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/http_client.h"

namespace signalbox::protocol {

class HttpAnswerReader {
 public:
  HttpAnswerReader(std::size_t body_bytes_max, bool is_for_head_method);
  ~HttpAnswerReader();

  enum class Step { need_more, done, failed };
  // Step::done as well once the body is longer than is read.
  Step feed(std::string_view bytes);
  // The server has closed the connection.
  Step end();

  // Of Step::failed: what is wrong, for a sentence that begins with "The answer of HOST".
  const std::string& problem() const { return problem_; }
  // Of Step::done.
  HttpAnswer take(std::chrono::system_clock::time_point now);

 private:
  struct Parsing;  // Beast's parser, which takes seconds to compile: in one file only

  void begin();
  Step fail(std::string problem);

  const std::size_t body_bytes_max_;
  const bool is_for_head_method_;
  std::unique_ptr<Parsing> parsing_;
  std::string unparsed_;
  int interim_count_ = 0;
  std::size_t received_bytes_ = 0;
  std::string problem_;
};

}  // namespace signalbox::protocol
