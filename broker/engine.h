// Drives the Broker: decides jobs, groups their writes into batches, holds each reply until
// everything it saw is durable, fetches what memory lacks, fires what is due.
//
// In the core's turns only, except that the store calls completions on its own thread. No sockets,
// no threads of its own: the ports connect it to the outside, so the whole of it runs in one thread
// in tests.
//
// The ordering rule. A reply rides in the batch that was open when it was decided, reads and errors
// too, or, when nothing was in it yet, leaves with the batch before; batches complete in order; so
// a client never hears of anything that is not durable.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/broker.h"
#include "broker/job.h"
#include "storage/store.h"

namespace signalbox::broker {

struct EnginePorts {
  // Hands answered jobs back to be encoded. Called in the core's turns and on the store's thread.
  std::function<void(std::vector<std::unique_ptr<Job>>)> release;
  // Runs work that blocks on the disk, on some other thread or at once.
  std::function<void(std::function<void()>)> run_reader;
  // Runs work in a turn on the core's own thread, in order with the jobs submitted. From any
  // thread.
  std::function<void(std::function<void()>)> post_to_core;
  // The same for the news that a batch is durable; from the store's thread, and may run on it.
  std::function<void(std::function<void()>)> post_completion;
  // Step records whose batch is durable, in order. On the core.
  std::function<void(std::vector<StepRecord>)> log_steps;
  // Attempts a delivery and answers with Engine::attempt_ended(), in a turn of the core.
  std::function<void(Attempt)> attempt;
  // Starts or stops a worker process; what becomes of it is told by Engine::worker_news().
  std::function<void(WorkerOrder)> order_worker;
  // The store failed: the Broker is gone, every job is refused until reload().
  std::function<void(storage::Outcome)> failed;
};

class Engine {
 public:
  Engine(Settings settings, storage::Durability durability, const Clock& clock, IdSource& ids,
         RuleDirectory& directory, EnginePorts ports);
  ~Engine();

  // Builds the Broker from the store. read_only: jobs that write are refused with
  // ServiceUnavailable. Returns an empty string or what is wrong with the store's contents.
  std::string reload(std::shared_ptr<storage::Store> store, bool read_only);
  // Lets go of the store, e.g. to open it again; every job is refused until reload().
  void unload();

  // The job's id is its maker's: higher than those before it.
  void submit(std::unique_ptr<Job> job);
  // The client of a waiting job is gone.
  void cancel(std::uint64_t job_id);
  // The reply could not be written: what it handed out need not wait for its timeout.
  void give_back(const Unwritten& unwritten);
  // What came of an attempt; epoch is the attempt's.
  void attempt_ended(const DeliveryId& id, std::uint64_t epoch, const AttemptResult& result);
  // Of a worker process; its epoch is the order's.
  void worker_news(const WorkerNews& news);
  std::uint64_t epoch() const { return epoch_; }
  // Ends a round: fires what is due and hands the open batch to the store.
  void turn();
  // When turn() is needed next though nothing was submitted.
  std::optional<Time> next_deadline() const;

  // Whether the broker's own work is waiting for the disk: more may become due when it is done.
  bool is_reading() const;

  // Answers every long poll as if its time were up: the server is stopping.
  void end_all_waits();

  const Broker* broker() const { return broker_.get(); }
  bool writable() const { return broker_ != nullptr && !read_only_; }
  std::size_t waiting_count() const { return waiting_.size(); }
  storage::CommitNumber sealed() const { return sealed_; }
  storage::CommitNumber committed() const { return committed_; }

 private:
  struct Group;
  struct Decision {
    Job::Step step;
    bool reply_before_commit;
  };
  struct Fetch {
    std::unique_ptr<Job> job;
    std::vector<std::string> keys;
    std::shared_ptr<Reading> reading;  // may be null
    storage::CommitNumber barrier = 0;
  };

  Context context_for(const Caller& caller, Fetched& fetched, std::optional<Time>& deadline);
  void decide(std::unique_ptr<Job> job);
  void decide_again(std::uint64_t job_id);
  Decision run(Job& job);
  void settle(std::unique_ptr<Job> job, Decision decision);
  void follow_up();
  void release(std::vector<std::unique_ptr<Job>> jobs) const;
  void park(std::unique_ptr<Job> job);
  std::unique_ptr<Job> unpark(std::uint64_t job_id);
  void wake(std::uint64_t queue_id);
  void tick();
  void flush();
  void release_behind();
  void complete(const std::shared_ptr<Group>& group, storage::Outcome outcome);
  void on_committed(storage::CommitNumber number, const std::vector<Broker::Touched>& touched);
  void on_failed(storage::Outcome outcome);

  storage::CommitNumber decided() const;
  void after(storage::CommitNumber barrier, std::function<void()> start);
  void start_fetch(std::unique_ptr<Job> job);
  void dispatch_fetch(std::shared_ptr<Fetch> fetch);
  // Nullopt: the disk failed.
  using Values = std::optional<std::vector<std::optional<std::string>>>;
  static Values read_fetch(const storage::View& view, const Fetch& fetch);
  void on_fetched(const std::shared_ptr<Fetch>& fetch, Values values);
  void end_fetch(const std::shared_ptr<Fetch>& fetch);
  void on_loaded(const LoadRequest& request, LoadResult result);
  void start_load(LoadRequest request);
  void note_writes(const storage::Batch& batch, storage::CommitNumber number);
  void refuse_all(const Error& error);

  const Settings settings_;
  const storage::Durability durability_;
  const Clock& clock_;
  IdSource& ids_;
  RuleDirectory& directory_;
  const EnginePorts ports_;

  std::shared_ptr<storage::Store> store_;
  std::unique_ptr<Broker> broker_;
  bool read_only_ = false;
  // Counts reloads: completions and reads begun before the latest are ignored.
  std::uint64_t epoch_ = 0;

  storage::Batch batch_;                        // the open one
  std::vector<std::unique_ptr<Job>> answered_;  // replies that ride in it
  std::vector<std::unique_ptr<Job>> early_;     // replies that need not wait
  // Replies that wrote nothing, each with the batch it may have seen: they leave with that one.
  std::deque<std::pair<storage::CommitNumber, std::unique_ptr<Job>>> behind_;
  storage::CommitNumber sealed_ = 0;     // batches handed to the store
  storage::CommitNumber committed_ = 0;  // the last durable one

  std::uint64_t own_work_count_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Job>> waiting_;
  // By queue the ids of those who wait, which grow as they come.
  std::unordered_map<std::uint64_t, std::set<std::uint64_t>> waiting_for_queue_;
  std::unordered_map<std::uint64_t, std::vector<std::unique_ptr<Job>>> waiting_for_window_;

  // Work that starts once a batch is durable.
  std::multimap<storage::CommitNumber, std::function<void()>> barriers_;
  std::unordered_set<std::shared_ptr<Fetch>> fetches_;
  std::size_t loads_under_way_ = 0;
  // Keys being fetched (how many times), and the last batch that wrote each since.
  std::map<std::string, std::size_t, std::less<>> watched_;
  std::map<std::string, storage::CommitNumber, std::less<>> written_;
};

}  // namespace signalbox::broker
