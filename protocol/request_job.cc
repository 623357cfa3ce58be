#include "protocol/request_job.h"

namespace signalbox::protocol {

bool RequestJob::writes() const { return !row->read_only; }

void RequestJob::finish_at(storage::ReadTier tier) {
  const auto store = host->store();
  std::uint64_t left_out = 0;
  finished_ = store == nullptr ? broker::Finished::read_failed
                               : finish({*store, host->handle_key(), tier}, left_out);
  is_finished_ = finished_ != broker::Finished::needs_disk;
  if (left_out > 0) host->count_left_out(left_out);
}

void RequestJob::finish_from_disk() { finish_at(storage::ReadTier::disk); }

void RequestJob::answer(std::unique_ptr<RequestJob> job) {
  if (!job->error_ && !job->is_finished_) {
    job->finish_at(storage::ReadTier::memory);
    if (!job->is_finished_) {
      auto* host = job->host;
      host->run_on_reader(std::move(job));
      return;
    }
  }
  if (job->finished_ == broker::Finished::read_failed) {
    job->error_ = broker::Error{broker::ErrorCode::internal_failure,
                                "The disk failed while reading a message; see the server's log."};
  }
  if (job->error_) {
    job->reply_error(*job->error_);
    return;
  }
  std::string body;
  HttpHeaders headers;
  unsigned status = job->row->success_status;
  job->encode_head(status, headers);
  constexpr unsigned no_content = 204;
  if (status != no_content) job->encode(body);
  job->host->reply(*job, status, std::move(body), std::move(headers));
}

void RequestJob::reply_error(const broker::Error& error) {
  auto shape = wire == Wire::query       ? query_error(row->service, error, caller.request_id)
               : wire == Wire::rest_json ? rest_error(row->service, error)
                                         : json_error(row->service, error);
  HttpHeaders headers;
  if (!shape.query_error.empty()) headers.emplace_back("x-amzn-query-error", shape.query_error);
  if (!shape.error_type.empty()) headers.emplace_back("x-amzn-ErrorType", shape.error_type);
  host->reply(*this, shape.status, std::move(shape.body), std::move(headers));
}

BodyLimit own_body_limit(std::string_view method, std::string_view target) {
  static const auto rows = [] {
    std::vector<const Row*> found;
    for (const Row& row : operation_rows()) {
      if (row.own_body_limit.bytes > 0) found.push_back(&row);
    }
    return found;
  }();
  const auto path = target.substr(0, target.find('?'));
  for (const Row* row : rows) {
    if (row->method == method && fits_path(row->path, path)) return row->own_body_limit;
  }
  return {};
}

}  // namespace signalbox::protocol
