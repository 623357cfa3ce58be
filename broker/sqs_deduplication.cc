// What a FIFO queue has accepted in the last five minutes, on disk and in memory.
#include <cstring>

#include "broker/broker.h"
#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t acceptance_format = 1;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::uint32_t window_minutes =
    std::chrono::duration_cast<std::chrono::minutes>(deduplication_window).count();

std::uint32_t minute_of(std::int64_t ms) { return static_cast<std::uint32_t>(ms / minute_ms); }

keys::DeduplicationPlace place_of(const Queue& queue, std::uint32_t minute,
                                  const DeduplicationDigest& digest) {
  return {queue.id, queue.generation, minute, digest};
}

std::optional<Acceptance> read_acceptance(std::string_view value) {
  RecordReader record(value);
  if (record.u8() != acceptance_format) return std::nullopt;
  Acceptance acceptance;
  acceptance.at_ms = record.i64();
  acceptance.sequence = record.u64();
  const auto id = record.bytes();
  if (record.failed() || id.size() != acceptance.message_id.size()) return std::nullopt;
  std::memcpy(acceptance.message_id.data(), id.data(), id.size());
  return acceptance;
}

}  // namespace

std::optional<Acceptance> Broker::find_acceptance(const Queue& queue,
                                                  const DeduplicationDigest& digest, Context& ctx) {
  const std::int64_t now_ms = to_ms(ctx.now);
  const Deduplication& memory = queue.fifo->deduplication;
  if (const auto* known = memory.find(digest, now_ms)) return *known;
  if (memory.is_complete(now_ms) && !settings_.force_fetch) return std::nullopt;
  std::optional<Acceptance> found;
  for (std::uint32_t back = 0; back <= window_minutes; ++back) {
    const auto* stored =
        ctx.fetched.get(keys::deduplication(place_of(queue, minute_of(now_ms) - back, digest)));
    if (found || stored == nullptr || !*stored) continue;
    const auto acceptance = read_acceptance(**stored);
    if (acceptance && acceptance->is_recent(now_ms)) found = acceptance;
  }
  return found;
}

void Broker::remember_acceptance(Queue& queue, const DeduplicationDigest& digest,
                                 const Acceptance& acceptance, Context& ctx) {
  RecordWriter record;
  record.u8(acceptance_format).i64(acceptance.at_ms).u64(acceptance.sequence);
  record.bytes(
      {reinterpret_cast<const char*>(acceptance.message_id.data()), acceptance.message_id.size()});
  ctx.batch.put(keys::deduplication(place_of(queue, minute_of(acceptance.at_ms), digest)),
                record.view());
  queue.fifo->deduplication.add(digest, acceptance, settings_.deduplication_ids_max);
  if (queue.fifo->has_acceptances) return;
  queue.fifo->has_acceptances = true;
  deadlines_.set(DeadlineKind::deduplication, queue.id,
                 ctx.now + deduplication_window + std::chrono::minutes(1));
}

// Once a minute while there are any: all of the minutes that no longer count, in one range.
void Broker::forget_acceptances(Queue& queue, Context& ctx) {
  if (queue.fifo == nullptr) return;
  const std::int64_t now_ms = to_ms(ctx.now);
  const auto range =
      keys::deduplication_before(place_of(queue, minute_of(now_ms) - window_minutes, {}));
  ctx.batch.erase_range(range.first, range.past_last);
  const auto latest_ms = queue.fifo->deduplication.latest_ms();
  queue.fifo->has_acceptances = minute_of(latest_ms) + window_minutes >= minute_of(now_ms);
  if (queue.fifo->has_acceptances) {
    deadlines_.set(DeadlineKind::deduplication, queue.id, ctx.now + std::chrono::minutes(1));
  }
}

}  // namespace signalbox::broker
