#include "signalbox/log_writer.h"

#include <fmt/format.h>

namespace signalbox {

namespace {

// A few seconds of a busy bus at level TRACE.
constexpr std::size_t waiting_bytes_max = 64u << 20;

std::size_t bytes_of(const std::vector<broker::StepRecord>& records) {
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += record.line.message.size();
  return bytes;
}

}  // namespace

void LogWriter::write(broker::LogLine line, std::function<void(std::string)> done) {
  thread_.run([this, line = std::move(line), done = std::move(done)] {
    done(groups_.append(line.group, std::span(&line, 1), LogGroups::Sync::yes));
  });
}

void LogWriter::write_steps(std::vector<broker::StepRecord> records) {
  const std::size_t bytes = bytes_of(records);
  if (waiting_bytes_.load(std::memory_order_relaxed) + bytes > waiting_bytes_max) {
    dropped_.fetch_add(records.size(), std::memory_order_relaxed);
    return;
  }
  waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  thread_.run([this, bytes, records = std::move(records)] {
    write_now(records);
    waiting_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    const auto dropped = dropped_.exchange(0, std::memory_order_relaxed);
    if (dropped == 0) return;
    log_.write(LogLevel::warning,
               "step records were dropped: they came faster than the disk writes",
               {{"count", fmt::to_string(dropped)}});
  });
}

void LogWriter::write_now(const std::vector<broker::StepRecord>& records) {
  std::vector<broker::LogLine> lines;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i];
    const bool is_error = record.level == broker::StepLevel::error;
    log_.write(is_error ? LogLevel::warning : LogLevel::info, "event step",
               {{"record", record.line.message}});
    lines.push_back(record.line);
    const bool is_last = i + 1 == records.size() || records[i + 1].line.group != record.line.group;
    if (!is_last) continue;
    const auto problem = groups_.append(record.line.group, lines, LogGroups::Sync::no);
    if (!problem.empty()) log_.write(LogLevel::warning, "step records", {{"error", problem}});
    lines.clear();
  }
}

}  // namespace signalbox
