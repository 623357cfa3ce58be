#include "signalbox/workers/worker_log.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <filesystem>
#include <span>
#include <system_error>

namespace signalbox::workers {

namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::size_t bytes_of(const std::vector<broker::LogLine>& lines) {
  std::size_t bytes = 0;
  // About what the JSON around it takes as well.
  for (const auto& line : lines) bytes += line.message.size() + 50;
  return bytes;
}

// Of a line that is no UTF-8, what is ASCII: a log event is JSON.
void make_valid(std::string& line) {
  if (simdjson::validate_utf8(line)) return;
  std::string text;
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x80) {
      text += c;
    } else {
      text += "\uFFFD";
    }
  }
  line = std::move(text);
}

}  // namespace

void WorkerLog::append(const broker::LogGroup& group, std::vector<std::string> messages) {
  if (messages.empty()) return;
  std::vector<broker::LogLine> lines;
  lines.reserve(messages.size() + 1);
  const auto now = now_ms();
  for (auto& message : messages) lines.push_back({group, now, std::move(message)});
  const std::size_t bytes = bytes_of(lines);
  if (waiting_bytes_.load(std::memory_order_relaxed) + bytes > limits_.waiting_bytes_max) {
    dropped_.fetch_add(lines.size(), std::memory_order_relaxed);
    return;
  }
  if (const auto dropped = dropped_.exchange(0, std::memory_order_relaxed); dropped > 0) {
    lines.insert(lines.begin(),
                 {group, now,
                  fmt::format("signalbox: {} lines were dropped: workers wrote faster than the "
                              "disk does.",
                              dropped)});
  }
  waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  thread_.run([this, bytes, group, lines = std::move(lines)]() mutable {
    write(group, std::move(lines));
    waiting_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  });
}

void WorkerLog::write(const broker::LogGroup& group, std::vector<broker::LogLine> lines) {
  auto problem = rotate(group, bytes_of(lines));
  if (problem.empty()) problem = groups_.append(group, lines, LogGroups::Sync::no);
  if (!problem.empty() && problem_) problem_(std::move(problem));
}

std::string WorkerLog::rotate(const broker::LogGroup& group, std::uint64_t bytes) const {
  const auto path = groups_.path_of(group);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size == 0 || size + bytes <= limits_.file_bytes_max) return {};
  auto aside = path;
  aside.replace_extension(".1.jsonl");
  std::filesystem::rename(path, aside, error);
  if (!error) return {};
  return fmt::format("The log group's file {} cannot be put aside: {}.", path.string(),
                     error.message());
}

std::vector<std::string> WorkerOutput::take(std::string_view bytes) {
  std::vector<std::string> lines;
  const auto push = [&](std::string line) {
    make_valid(line);
    keep(line);
    lines.push_back(std::move(line));
  };
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    const auto room = line_bytes_max - rest_.size();
    if (part.size() > room) {
      rest_ += part.substr(0, room);
      bytes.remove_prefix(room);
      push(std::exchange(rest_, {}));
      continue;
    }
    rest_ += part;
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos) push(std::exchange(rest_, {}));
  }
  return lines;
}

std::vector<std::string> WorkerOutput::take_rest() {
  if (rest_.empty()) return {};
  make_valid(rest_);
  keep(rest_);
  return {std::exchange(rest_, {})};
}

void WorkerOutput::keep(std::string_view line) {
  tail_.append(line).append("\n");
  // Cut seldom: each cut moves what stays.
  if (tail_.size() > 16 * tail_bytes_max) tail_.erase(0, tail_.size() - tail_bytes_max);
}

std::string WorkerOutput::tail() const {
  return tail_.size() <= tail_bytes_max ? tail_ : tail_.substr(tail_.size() - tail_bytes_max);
}

}  // namespace signalbox::workers
