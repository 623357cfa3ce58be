// `signalbox events put`: one event of the command line, or a file of them.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "signalbox/events_client.h"
#include "signalbox/events_command.h"
#include "signalbox/events_text.h"

namespace signalbox {

namespace {

// An entry may have a megabyte, and as much again in escapes.
constexpr std::size_t line_bytes_max = 8 * 1024 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Lines as they come: what is there of a pipe is not kept until there is more.
class LineReader {
 public:
  LineReader() = default;
  ~LineReader() {
    if (fd_ > STDERR_FILENO) close(fd_);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // What is wrong, or empty.
  std::string open_file(const std::string& path) {
    path_ = path;
    fd_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd_ < 0 ? failure() : std::string();
  }
  // Whether the next line is there, or the end.
  bool has_line() const {
    if (buffer_.find('\n', start_) != std::string::npos) return true;
    pollfd input{fd_, POLLIN, 0};
    return poll(&input, 1, 0) > 0;
  }
  // False at the end, or when problem() says why there are no more.
  // Of a line that is too long only so much is kept.
  bool next(std::string& line) {
    auto end = buffer_.find('\n', start_);
    while (end == std::string::npos) {
      buffer_.erase(0, std::exchange(start_, 0));
      char chunk[64 * 1024];
      const ssize_t got = read(fd_, chunk, sizeof chunk);
      if (got < 0 && errno == EINTR && !was_interrupted()) continue;
      if (got < 0 && errno != EINTR) problem_ = failure();
      if (got <= 0) break;
      if (buffer_.size() > line_bytes_max) buffer_.resize(line_bytes_max + 1);
      const auto searched = buffer_.size();
      buffer_.append(chunk, static_cast<std::size_t>(got));
      end = buffer_.find('\n', searched);
    }
    line = buffer_.substr(start_, end - start_);
    if (std::exchange(is_first_, false) && line.starts_with(byte_order_mark)) {
      line.erase(0, byte_order_mark.size());
    }
    start_ = end == std::string::npos ? buffer_.size() : end + 1;
    return end != std::string::npos || (!line.empty() && problem_.empty());
  }
  const std::string& problem() const { return problem_; }

 private:
  std::string failure() const { return fmt::format("--file {}: {}.", path_, std::strerror(errno)); }

  std::string path_;
  int fd_ = -1;
  std::string buffer_;
  std::size_t start_ = 0;  // of the next line
  bool is_first_ = true;
  std::string problem_;
};

std::string entry_of_options(const EventsOptions& options, const std::string& detail) {
  JsonObject entry;
  entry.text_if("EventBusName", options.bus);
  entry.text("Source", *options.source).text("DetailType", *options.detail_type);
  entry.text("Detail", detail);
  if (!options.resources.empty()) {
    std::string list = "[";
    for (const auto& resource : options.resources) {
      if (list.size() > 1) list += ',';
      list += json_text(resource);
    }
    entry.raw("Resources", list + ']');
  }
  if (options.time) {
    const auto time = log_place_of(*options.time, system_now_ms()).value_or("");
    const bool is_number = time.find_first_not_of("0123456789.") == std::string::npos;
    is_number ? entry.raw("Time", time) : entry.text("Time", time);
  }
  return std::move(entry).take();
}

int put_one(const EventsOptions& options, EventPutter& putter, Progress& progress) {
  std::string detail = options.detail.value_or(options.file ? "" : "{}");
  if (options.file) {
    if (const auto problem = read_file("--file", *options.file, detail); !problem.empty()) {
      return complain(problem, status_bad_input);
    }
  }
  const std::string entry = entry_of_options(options, detail);
  if (!simdjson::validate_utf8(entry.data(), entry.size())) {
    return complain("the event is not UTF-8 text.", status_bad_input);
  }
  for (std::int64_t i = 0; i < options.count && !was_interrupted(); ++i) {
    if (!putter.add(entry, options.count == 1 ? "the event" : fmt::format("event {}", i + 1))) {
      return status_refused;
    }
    progress.show(put_summary(putter));
  }
  return putter.flush() ? status_done : status_refused;
}

int put_file(const EventsOptions& options, EventPutter& putter, Progress& progress) {
  LineReader reader;
  if (const auto problem = reader.open_file(*options.file); !problem.empty()) {
    return complain(problem, status_bad_input);
  }
  std::string line;
  for (std::size_t number = 1; !was_interrupted() && reader.next(line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string label = fmt::format("line {}", number);
    std::string entry;
    if (line.size() > line_bytes_max) {
      putter.refuse(label, fmt::format("is longer than {} bytes.", line_bytes_max));
    } else if (const auto problem = read_entry_line(line, options.bus, entry); !problem.empty()) {
      putter.refuse(label, problem);
    } else if (!putter.add(std::move(entry), label)) {
      return status_refused;
    }
    if (!reader.has_line() && !putter.flush()) return status_refused;
    progress.show(put_summary(putter));
  }
  if (!putter.flush()) return status_refused;
  return reader.problem().empty() ? status_done : complain(reader.problem(), status_bad_input);
}

}  // namespace

int run_events_put(const EventsOptions& options, BrokerClient& client) {
  const bool is_json = options.output == EventsOutput::json;
  const bool is_one = options.source && options.count == 1;
  if (const auto problem = check_bus(client, options.bus); !problem.empty()) {
    return complain(problem);
  }
  watch_interrupts();
  EventPutter putter(client, [&](std::string_view, std::string_view id) {
    if (is_json) {
      fmt::print("{}\n", std::move(JsonObject().text("EventId", id)).take());
    } else if (is_one) {
      fmt::print("{}\n", id);
    }
  });
  int status = 0;
  {
    Progress progress;
    status =
        options.source ? put_one(options, putter, progress) : put_file(options, putter, progress);
  }
  if (!is_json && !is_one) fmt::print("{}\n", put_summary(putter));
  if (status != status_done) return status;
  return putter.refused_count() > 0 || was_interrupted() ? status_refused : status_done;
}

}  // namespace signalbox
