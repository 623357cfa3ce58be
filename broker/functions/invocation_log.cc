// The lines that the service writes to a function's log beside what its worker writes, and what of
// it a client is told that asks for the tail. Of workers that attach themselves, and of URLs, the
// broker does not see what they write: their tail has these lines alone.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "broker/functions/functions.h"
#include "broker/outbox.h"

namespace signalbox::broker::functions {

namespace {

std::string start_line(const Invocation& invocation) {
  return fmt::format("START RequestId: {} Version: {}", invocation.made_of.request_id,
                     invocation.function->config.version.value_or(std::string(latest)));
}

std::vector<std::string> end_lines(const Invocation& invocation, bool is_late, const Context& ctx) {
  const std::string& id = invocation.made_of.request_id;
  const auto& config = invocation.function->config;
  const auto took_ms = std::max<std::int64_t>(to_ms(ctx.now) - to_ms(invocation.started), 0);
  std::vector<std::string> lines;
  if (!invocation.has_log_begun) lines.push_back(start_line(invocation));
  if (is_late) {
    const std::int64_t ms = to_ms(ctx.wall);
    lines.push_back(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} Task timed out after {}.00 seconds",
                                fmt::gmtime(ms / 1000), ms % 1000, id, config.timeout.value_or(3)));
  }
  lines.push_back(fmt::format("END RequestId: {}", id));
  lines.push_back(
      fmt::format("REPORT RequestId: {}\tDuration: {}.00 ms\tBilled Duration: {} ms\t"
                  "Memory Size: {} MB",
                  id, took_ms, took_ms, config.memory_size.value_or(128)));
  return lines;
}

}  // namespace

void Functions::log_begin(Invocation& invocation) {
  invocation.has_log_begun = true;
  order({.kind = WorkerOrder::Kind::begin,
         .worker_id = invocation.worker_id,
         .lines = {start_line(invocation)}});
}

void Functions::log_end(Invocation& invocation, bool is_late, Context& ctx) {
  auto lines = end_lines(invocation, is_late, ctx);
  const bool wants_tail = invocation.made_of.wants_tail;
  if (invocation.worker_id == 0) {
    if (!wants_tail) return;
    for (const auto& line : lines) invocation.tail.append(line).append("\n");
    return;
  }
  invocation.waits_for_tail = wants_tail;
  order({.kind = WorkerOrder::Kind::end,
         .worker_id = invocation.worker_id,
         .lines = std::move(lines),
         .request_id = wants_tail ? invocation.made_of.request_id : std::string()});
}

void Functions::tail_came(const WorkerNews& news, Context& ctx) {
  const auto at = invocations_.find(news.request_id);
  if (at == invocations_.end() || !at->second.waits_for_tail) return;
  at->second.tail = news.text;
  // Its deadline wakes who waits for it.
  time_is_up(at->second.number, ctx);
}

}  // namespace signalbox::broker::functions
