// The queues themselves: create, find, list, attributes, tags, purge, delete.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/sqs.h"
#include "broker/broker.h"
#include "broker/page_token.h"
#include "broker/queue_attributes.h"
#include "broker/queue_page.h"
#include "broker/queue_url.h"
#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;

namespace {

constexpr std::uint8_t queue_format = 1;
constexpr std::uint8_t queue_format_fifo = 2;  // and whether ids count within a group
constexpr std::uint8_t state_format = 1;
constexpr std::size_t name_length_max = 80;
constexpr std::chrono::seconds deleted_name_blocked{60};

Error no_such_queue() {
  return {ErrorCode::queue_does_not_exist, "The specified queue does not exist."};
}

constexpr std::string_view fifo_suffix = ".fifo";

bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= name_length_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

Status check_new_queue(const api::CreateQueueRequest& request) {
  const auto fifo = request.attributes.find("FifoQueue");
  const bool wants_fifo = fifo != request.attributes.end() && fifo->second == "true";
  if (wants_fifo) {
    std::string_view name = request.queue_name;
    const bool has_suffix = name.ends_with(fifo_suffix);
    if (has_suffix) name.remove_suffix(fifo_suffix.size());
    if (!has_suffix || !is_queue_name(name) || request.queue_name.size() > name_length_max) {
      return Error{ErrorCode::invalid_parameter_value,
                   "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
                   "underscores, must end with .fifo suffix and be 1 to 80 in length."};
    }
    return check_attributes(request.attributes, QueueType::fifo);
  }
  if (!is_queue_name(request.queue_name)) {
    return Error{ErrorCode::invalid_parameter_value,
                 "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
                 "length"};
  }
  return check_attributes(request.attributes, QueueType::standard);
}

// Every given attribute must equal the queue's own; omitted ones are not compared.
Status check_same_attributes(const Queue& queue, const api::StringMap& given) {
  for (const auto& [name, text] : given) {
    const auto mine = attribute_text(queue, *find_attribute(name));
    if (mine.value_or("") == text) continue;
    return Error{ErrorCode::queue_name_exists,
                 fmt::format("A queue already exists with the same name and a different value for "
                             "attribute {}",
                             name)};
  }
  return ok();
}

std::string computed_attribute(const Queue& queue, std::string_view name,
                               std::uint64_t delayed_count) {
  if (name == "ApproximateNumberOfMessages") {
    // A FIFO queue's delayed messages stand among the others.
    const std::uint64_t hidden = queue.fifo != nullptr ? delayed_count : 0;
    return fmt::to_string(queue.visible_count() - std::min(hidden, queue.visible_count()));
  }
  if (name == "ApproximateNumberOfMessagesDelayed") return fmt::to_string(delayed_count);
  if (name == "ApproximateNumberOfMessagesNotVisible") return fmt::to_string(queue.in_flight_count);
  if (name == "CreatedTimestamp") return fmt::to_string(queue.created_s);
  if (name == "LastModifiedTimestamp") return fmt::to_string(queue.modified_s);
  return queue.arn();
}

std::int64_t to_s(Time time) { return to_ms(time) / 1000; }

}  // namespace

Result<Queue*> Broker::find_queue(std::string_view queue_url, Context& ctx) {
  const auto place = parse_queue_url(queue_url, ctx.caller);
  if (!place) {
    return Error{ErrorCode::invalid_address,
                 fmt::format("The address {} is not valid for this endpoint.", queue_url)};
  }
  World* world = find_world(place->account, place->region);
  if (world == nullptr) return no_such_queue();
  const auto at = world->queues.find(place->name);
  if (at == world->queues.end()) return no_such_queue();
  return at->second;
}

Queue* Broker::find_queue_by_arn(std::string_view arn) const {
  const auto place = parse_queue_arn(arn);
  if (!place) return nullptr;
  World* world = find_world(place->account, place->region);
  if (world == nullptr) return nullptr;
  const auto at = world->queues.find(place->name);
  return at == world->queues.end() ? nullptr : at->second;
}

const Queue* Broker::queue_by_id(std::uint64_t id) const {
  const auto at = queues_.find(id);
  return at == queues_.end() ? nullptr : at->second.get();
}

Queue& Broker::add_queue(std::uint64_t id, World& world, std::string name) {
  auto queue = std::make_unique<Queue>();
  queue->id = id;
  queue->world = &world;
  queue->name = std::move(name);
  world.queues[queue->name] = queue.get();
  return *(queues_[id] = std::move(queue));
}

void Broker::put_queue_record(const Queue& queue, Context& ctx) {
  RecordWriter record;
  record.u8(queue.fifo != nullptr ? queue_format_fifo : queue_format)
      .u32(queue.world->id)
      .bytes(queue.name);
  record.i64(queue.created_s).i64(queue.modified_s).map(queue.attributes).map(queue.tags);
  if (queue.fifo != nullptr) record.u8(queue.fifo->deduplicates_by_group ? 1 : 0);
  ctx.batch.put(keys::queue(queue.id), record.view());
}

Result<api::CreateQueueResponse> Broker::create_queue(const api::CreateQueueRequest& request,
                                                      Context& ctx) {
  SIGNALBOX_TRY(check_new_queue(request));
  SIGNALBOX_TRY(World* const world, world_of(ctx.caller, ctx));
  const auto url = make_queue_url(ctx.caller.base_url, world->account, request.queue_name);
  if (const auto at = world->queues.find(request.queue_name); at != world->queues.end()) {
    SIGNALBOX_TRY(check_same_attributes(*at->second, request.attributes));
    return api::CreateQueueResponse{url};
  }
  const bool is_fifo = request.queue_name.ends_with(fifo_suffix);
  SIGNALBOX_TRY(check_throughput_limit({}, request.attributes));
  SIGNALBOX_TRY(check_redrive_target(*world, request.queue_name, request.attributes));
  if (settings_.queue_deleted_recently) {
    const auto deleted = deleted_queues_.find(world->arn("sqs", request.queue_name));
    if (deleted != deleted_queues_.end() && ctx.now - deleted->second < deleted_name_blocked) {
      return Error{ErrorCode::queue_deleted_recently,
                   "You must wait 60 seconds after deleting a queue before you can create another "
                   "with the same name."};
    }
  }
  Queue& queue = add_queue(next_id(), *world, request.queue_name);
  queue.attributes = request.attributes;
  std::erase_if(queue.attributes, [](const auto& entry) { return entry.second.empty(); });
  queue.tags = request.tags;
  queue.created_s = queue.modified_s = to_s(ctx.wall);
  queue.settings = settings_of(queue.attributes);
  if (is_fifo) {
    queue.fifo = std::make_unique<Fifo>();
    use_groups(queue);
    queue.fifo->deduplicates_by_group = has_group_scope(queue.attributes);
  }
  put_next_ids(ctx);
  put_queue_record(queue, ctx);
  touch(queue);
  return api::CreateQueueResponse{url};
}

Result<api::GetQueueUrlResponse> Broker::get_queue_url(const api::GetQueueUrlRequest& request,
                                                       Context& ctx) {
  const auto& account = request.queue_owner_aws_account_id.value_or(ctx.caller.account);
  const World* world = find_world(account, ctx.caller.region);
  if (world == nullptr || !world->queues.contains(request.queue_name)) return no_such_queue();
  return api::GetQueueUrlResponse{make_queue_url(ctx.caller.base_url, account, request.queue_name)};
}

Result<api::ListQueuesResponse> Broker::list_queues(const api::ListQueuesRequest& request,
                                                    Context& ctx) {
  const std::string prefix = request.queue_name_prefix.value_or("");
  SIGNALBOX_TRY(QueuePage page, queue_page(request.max_results, request.next_token));
  api::ListQueuesResponse response;
  const World* world = find_world(ctx.caller.account, ctx.caller.region);
  if (world == nullptr) return response;
  auto at = page.after.empty() ? world->queues.lower_bound(prefix)
                               : world->queues.upper_bound(page.after);
  for (; at != world->queues.end() && at->first.starts_with(prefix); ++at) {
    if (!page.add(*at->second)) break;
  }
  response.next_token = page.next_token();
  auto urls = page.urls(ctx.caller);
  if (!urls.empty()) response.queue_urls = std::move(urls);
  return response;
}

Result<api::GetQueueAttributesResponse> Broker::get_queue_attributes(
    const api::GetQueueAttributesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  api::StringMap attributes;
  const auto add = [&](const AttributeRow& row) {
    if (row.kind == AttributeKind::fifo && queue->fifo == nullptr) return;
    if (row.kind == AttributeKind::computed) {
      attributes[std::string(row.name)] =
          computed_attribute(*queue, row.name, delayed_count(*queue, ctx));
    } else if (auto text = attribute_text(*queue, row)) {
      attributes[std::string(row.name)] = std::move(*text);
    }
  };
  for (const auto& name : request.attribute_names) {
    if (name == "All") {
      for_each_attribute(add);
    } else if (const auto* row = find_attribute(name)) {
      add(*row);
    } else {
      return Error{ErrorCode::invalid_attribute_name, fmt::format("Unknown Attribute {}.", name)};
    }
  }
  api::GetQueueAttributesResponse response;
  if (!attributes.empty()) response.attributes = std::move(attributes);
  return response;
}

Status Broker::set_queue_attributes(const api::SetQueueAttributesRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  const bool is_fifo = queue->fifo != nullptr;
  SIGNALBOX_TRY(
      check_attributes(request.attributes, is_fifo ? QueueType::fifo : QueueType::standard));
  SIGNALBOX_TRY(check_throughput_limit(queue->attributes, request.attributes));
  SIGNALBOX_TRY(check_redrive_target(*queue->world, queue->name, request.attributes));
  for (const auto& [name, text] : request.attributes) {
    if (text.empty()) {
      queue->attributes.erase(name);
    } else {
      queue->attributes[name] = text;
    }
  }
  // The two kinds of server-side encryption exclude each other: the one set last stays.
  const auto given = [&](const char* name) {
    const auto at = request.attributes.find(name);
    return at != request.attributes.end() && !at->second.empty() && at->second != "false";
  };
  if (given("KmsMasterKeyId")) queue->attributes.erase("SqsManagedSseEnabled");
  if (given("SqsManagedSseEnabled")) queue->attributes.erase("KmsMasterKeyId");
  queue->modified_s = to_s(ctx.wall);
  queue->settings = settings_of(queue->attributes);
  put_queue_record(*queue, ctx);
  arm_retention(*queue);
  if (is_fifo) outbox_.wakes.push_back(queue->id);  // a shorter delay shows at once
  return ok();
}

Status Broker::tag_queue(const api::TagQueueRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  for (const auto& [key, value] : request.tags) queue->tags[key] = value;
  put_queue_record(*queue, ctx);
  return ok();
}

Status Broker::untag_queue(const api::UntagQueueRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  for (const auto& key : request.tag_keys) queue->tags.erase(key);
  put_queue_record(*queue, ctx);
  return ok();
}

Result<api::ListQueueTagsResponse> Broker::list_queue_tags(const api::ListQueueTagsRequest& request,
                                                           Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  api::ListQueueTagsResponse response;
  if (!queue->tags.empty()) response.tags = queue->tags;
  return response;
}

void Broker::forget_messages(Queue& queue) {
  queue.ready_total = queue.delayed_total = queue.in_flight_count = 0;
  queue.window.clear();
  queue.leases.clear();
  queue.returned.clear();
  queue.groups.reset();
  if (queue.fifo != nullptr) {
    use_groups(queue);
    Fifo cleared;
    cleared.deduplicates_by_group = queue.fifo->deduplicates_by_group;
    *queue.fifo = std::move(cleared);
  }
  queue.lease_heap.clear();
  queue.deleted_while_loading.clear();
  queue.loading = false;
  queue.load_from = queue.next_sequence;
  deadlines_.clear(DeadlineKind::leases, queue.id);
  deadlines_.clear(DeadlineKind::retention, queue.id);
  deadlines_.clear(DeadlineKind::fifo_delay, queue.id);
  deadlines_.clear(DeadlineKind::deduplication, queue.id);
}

Status Broker::purge_queue(const api::PurgeQueueRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  if (queue->purged_at && ctx.now - *queue->purged_at < settings_.purge_cooldown) {
    return Error{ErrorCode::purge_queue_in_progress,
                 fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                             queue->name)};
  }
  // Constant time for any backlog: a new generation, and one range for the disk to forget.
  const auto messages = keys::messages_of_generation(queue->id, queue->generation);
  const auto leases = keys::leases_of_generation(queue->id, queue->generation);
  ctx.batch.erase_range(messages.first, messages.past_last);
  ctx.batch.erase_range(leases.first, leases.past_last);
  if (queue->fifo != nullptr) {
    const auto ids = keys::deduplication_of_generation(queue->id, queue->generation);
    ctx.batch.erase_range(ids.first, ids.past_last);
  }
  forget_messages(*queue);
  ++queue->generation;
  queue->purged_at = ctx.now;
  touch(*queue);
  return ok();
}

Status Broker::delete_queue(const api::DeleteQueueRequest& request, Context& ctx) {
  SIGNALBOX_TRY(Queue* const queue, find_queue(request.queue_url, ctx));
  const auto messages = keys::messages_of_queue(queue->id);
  const auto leases = keys::leases_of_queue(queue->id);
  ctx.batch.erase_range(messages.first, messages.past_last);
  ctx.batch.erase_range(leases.first, leases.past_last);
  if (queue->fifo != nullptr) {
    const auto ids = keys::deduplication_of_queue(queue->id);
    ctx.batch.erase_range(ids.first, ids.past_last);
  }
  if (!queue->move_tasks.empty()) {
    const auto tasks = keys::move_tasks_of_queue(queue->id);
    ctx.batch.erase_range(tasks.first, tasks.past_last);
    deadlines_.clear(DeadlineKind::move_task, queue->id);
  }
  ctx.batch.erase(keys::queue(queue->id));
  ctx.batch.erase(keys::queue_state(queue->id));
  forget_messages(*queue);
  if (settings_.queue_deleted_recently) {
    std::erase_if(deleted_queues_,
                  [&](const auto& entry) { return ctx.now - entry.second > deleted_name_blocked; });
    deleted_queues_[queue->arn()] = ctx.now;
  }
  outbox_.wakes.push_back(queue->id);  // long polls hear that it is gone
  std::erase(touched_, queue);
  queue->world->queues.erase(queue->name);
  queues_.erase(queue->id);
  return ok();
}

void Broker::touch(Queue& queue) {
  if (queue.touched) return;
  queue.touched = true;
  touched_.push_back(&queue);
}

std::vector<Broker::Touched> Broker::seal(storage::Batch& batch) {
  archives_.records_written += batch.count();
  std::vector<Touched> touched;
  touched.reserve(touched_.size());
  for (Queue* queue : touched_) {
    RecordWriter record;
    record.u8(state_format).u32(queue->generation).u64(queue->next_sequence);
    record.u64(queue->head_sequence()).u64(queue->ready_total).u64(queue->delayed_total);
    batch.put(keys::queue_state(queue->id), record.view());
    touched.push_back({queue->id, queue->next_sequence});
    queue->touched = false;
  }
  touched_.clear();
  seal_bus_logs(batch);
  seal_archives(batch);
  return touched;
}

std::string Broker::load_queues(const storage::View& view, Context& ctx) {
  std::string problem;
  const auto range = keys::all_of(keys::Prefix::queue);
  const bool read = view.scan(
      range.first, range.past_last, storage::Direction::forward, [&](auto key, auto value) {
        RecordReader record(value);
        const auto id = keys::parse_queue(key);
        const auto format = record.u8();
        if (!id || (format != queue_format && format != queue_format_fifo)) {
          problem = "a queue record has a format this version does not know";
          return false;
        }
        const std::uint32_t world_id = record.u32();
        const std::string name(record.bytes());
        if (record.failed() || world_id == 0 || world_id > worlds_.size()) {
          problem = fmt::format("the record of queue {} is damaged", *id);
          return false;
        }
        Queue& queue = add_queue(*id, *worlds_[world_id - 1], name);
        queue.created_s = record.i64();
        queue.modified_s = record.i64();
        queue.attributes = record.map();
        queue.tags = record.map();
        queue.settings = settings_of(queue.attributes);
        if (format == queue_format_fifo) load_fifo(queue, record.u8() != 0, ctx);
        return true;
      });
  if (!read) return "the disk failed while reading the queues";
  if (!problem.empty()) return problem;
  for (const auto& [id, queue] : queues_) {
    if (auto failure = load_queue_state(view, *queue); !failure.empty()) return failure;
    if (auto failure = load_leases(view, *queue, ctx); !failure.empty()) return failure;
    if (queue->fifo != nullptr) {
      if (auto failure = load_recent_sends(view, *queue, ctx); !failure.empty()) return failure;
    }
    arm_retention(*queue);
  }
  return {};
}

void Broker::load_fifo(Queue& queue, bool deduplicates_by_group, Context& ctx) {
  queue.fifo = std::make_unique<Fifo>();
  use_groups(queue);
  queue.fifo->deduplicates_by_group = deduplicates_by_group;
  // What was accepted before this moment is on disk alone.
  queue.fifo->deduplication = Deduplication(to_ms(ctx.now));
  queue.fifo->has_acceptances = true;
  deadlines_.set(DeadlineKind::deduplication, queue.id, ctx.now + std::chrono::minutes(1));
}

std::string Broker::load_queue_state(const storage::View& view, Queue& queue) {
  std::string value;
  const auto status = view.get(keys::queue_state(queue.id), value);
  if (status == storage::ReadStatus::failed) return "the disk failed while reading queue states";
  RecordReader record(value);
  if (status == storage::ReadStatus::absent || record.u8() != state_format) {
    return fmt::format("the state record of queue {} is missing or of an unknown format",
                       queue.name);
  }
  queue.generation = record.u32();
  queue.next_sequence = queue.durable_next_sequence = record.u64();
  queue.load_from = record.u64();
  queue.ready_total = record.u64();
  queue.delayed_total = record.u64();
  if (record.failed()) return fmt::format("the state record of queue {} is damaged", queue.name);
  return {};
}

}  // namespace signalbox::broker
