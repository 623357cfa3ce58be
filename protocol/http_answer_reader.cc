#include "protocol/http_answer_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <utility>

#include "protocol/retry_after.h"

namespace signalbox::protocol {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::uint32_t head_bytes_max = 16 * 1024;
// What may wait to be understood: a head, or the line that begins a chunk.
constexpr std::size_t unparsed_bytes_max = 32 * 1024;
constexpr int interim_max = 16;
constexpr std::string_view first_bytes = "HTTP/";

std::string_view field(const http::fields& fields, http::field name) {
  const auto value = fields[name];
  return {value.data(), value.size()};
}

// Keeps what there is room for and takes the rest for granted: Beast's own string body would
// reserve whatever Content-Length says.
struct BoundedBody {
  struct value_type {  // NOLINT: Beast's names
    std::string text;
    std::size_t bytes_max = 0;
    bool is_cut = false;
  };

  class reader {  // NOLINT
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, beast::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& error) {
      error = {};
      std::size_t count = 0;
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        const auto kept = std::min(buffer.size(), body_.bytes_max - body_.text.size());
        body_.text.append(static_cast<const char*>(buffer.data()), kept);
        body_.is_cut = body_.is_cut || kept < buffer.size();
        count += buffer.size();
      }
      return count;
    }
    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace

struct HttpAnswerReader::Parsing {
  http::parser<false, BoundedBody> parser;
};

HttpAnswerReader::HttpAnswerReader(std::size_t body_bytes_max, bool is_for_head_method)
    : body_bytes_max_(body_bytes_max), is_for_head_method_(is_for_head_method) {
  begin();
}

HttpAnswerReader::~HttpAnswerReader() = default;

void HttpAnswerReader::begin() {
  parsing_ = std::make_unique<Parsing>();
  auto& parser = parsing_->parser;
  parser.header_limit(head_bytes_max);
  parser.body_limit(boost::none);
  parser.eager(true);
  parser.skip(is_for_head_method_);
  parser.get().body().bytes_max = body_bytes_max_;
}

HttpAnswerReader::Step HttpAnswerReader::fail(std::string problem) {
  problem_ = std::move(problem);
  return Step::failed;
}

HttpAnswerReader::Step HttpAnswerReader::feed(std::string_view bytes) {
  // At once: what speaks another protocol may wait for us to go on.
  const auto expected = first_bytes.substr(std::min(received_bytes_, first_bytes.size()));
  const auto compared = std::min(expected.size(), bytes.size());
  if (bytes.substr(0, compared) != expected.substr(0, compared)) return fail("is not HTTP.");
  received_bytes_ += bytes.size();
  unparsed_ += bytes;
  while (!unparsed_.empty()) {
    beast::error_code error;
    const auto used = parsing_->parser.put(boost::asio::buffer(unparsed_), error);
    unparsed_.erase(0, used);
    if (error && error != http::error::need_more) {
      return fail(fmt::format("is not HTTP: {}.", error.message()));
    }
    if (parsing_->parser.is_header_done() && parsing_->parser.get().body().is_cut)
      return Step::done;
    if (!parsing_->parser.is_done()) {
      if (unparsed_.size() > unparsed_bytes_max) return fail("is not HTTP: a line has no end.");
      return Step::need_more;
    }
    const auto status = parsing_->parser.get().result_int();
    if (status >= 200) return Step::done;
    // Interim answers say that one will come; nobody asked for another protocol.
    if (status == 101) return fail("switches to another protocol, which nobody asked for.");
    if (++interim_count_ > interim_max) return fail("is nothing but interim answers.");
    begin();
  }
  return Step::need_more;
}

HttpAnswerReader::Step HttpAnswerReader::end() {
  if (!parsing_->parser.got_some()) return fail("did not come: the connection was closed.");
  beast::error_code error;
  parsing_->parser.put_eof(error);
  if (error) return fail("was cut off: the connection was closed in the middle of it.");
  return Step::done;
}

HttpAnswer HttpAnswerReader::take(std::chrono::system_clock::time_point now) {
  auto& message = parsing_->parser.get();
  HttpAnswer answer;
  answer.status = static_cast<int>(message.result_int());
  const auto retry_after = field(message, http::field::retry_after);
  answer.retry_after = parse_retry_after(retry_after, field(message, http::field::date), now);
  answer.body = std::move(message.body().text);
  answer.is_cut = message.body().is_cut;
  return answer;
}

}  // namespace signalbox::protocol
