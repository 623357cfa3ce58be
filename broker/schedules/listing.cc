// ListSchedules: a page is read from disk, group by group, in the order of names.
#include "broker/api/scheduler.h"
#include "broker/broker.h"
#include "broker/page_token.h"
#include "broker/schedules/schedule.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace keys = storage::keys;
namespace scheduler = api::scheduler;

namespace {

constexpr std::int64_t results_default = 100;
// Of groups and of schedules that are looked at for one page, whether they belong on it or not.
constexpr std::size_t groups_per_page = 100;
constexpr std::size_t schedules_per_page = 1000;
// Sorts after every character of a name.
constexpr char past_names = '~';

struct ListedGroup {
  std::uint64_t id;
  std::string name;
  std::string schedules_arn;  // to which a schedule's name is added
};

struct ListingPlan {
  std::vector<ListedGroup> groups;
  std::string after;  // in the first of them
  bool has_more_groups = false;
  std::string prefix;
  std::optional<std::string> state;
  std::size_t count_max = 0;
};

// A page of schedules. On a reader thread until read() returns, in the core's turns after.
class ScheduleListing final : public Reading {
 public:
  explicit ScheduleListing(ListingPlan plan) : plan_(std::move(plan)) {}

  bool read(const storage::View& view) override {
    response_ = {};
    visited_ = 0;
    std::string after = plan_.after;
    for (const auto& group : plan_.groups) {
      if (!read_group(view, group, after)) return false;
      if (response_.next_token) return true;
      after.clear();
    }
    if (plan_.has_more_groups) {
      response_.next_token = make_page_token(plan_.groups.back().name + '/' + past_names);
    }
    return true;
  }
  scheduler::ListSchedulesResponse& response() { return response_; }

 private:
  bool read_group(const storage::View& view, const ListedGroup& group, const std::string& after) {
    const auto range = keys::schedules_of_group(group.id);
    const std::string first = after >= plan_.prefix && !after.empty()
                                  ? keys::schedule(group.id, after + '\0')
                                  : keys::schedule(group.id, plan_.prefix);
    std::string last = after;
    return view.scan(
        first, range.past_last, storage::Direction::forward,
        [&](std::string_view key, std::string_view value) {
          const auto place = keys::parse_schedule(key);
          if (!place || !place->name.starts_with(plan_.prefix)) return false;
          if (response_.schedules.size() == plan_.count_max || visited_ == schedules_per_page) {
            response_.next_token = make_page_token(group.name + '/' + last);
            return false;
          }
          ++visited_;
          last = place->name;
          add(group, value);
          return true;
        });
  }

  void add(const ListedGroup& group, std::string_view value) {
    Schedule schedule;
    if (!decode_schedule(value, schedule)) return;
    const std::string state = schedule.config.state.value_or("ENABLED");
    if (plan_.state && *plan_.state != state) return;
    auto& listed = response_.schedules.emplace_back();
    listed.arn = group.schedules_arn + schedule.config.name;
    listed.name = schedule.config.name;
    listed.group_name = group.name;
    listed.state = state;
    listed.creation_date.ms = schedule.created_ms;
    listed.last_modification_date.ms = schedule.modified_ms;
    listed.target.arn = schedule.config.target.arn;
  }

  const ListingPlan plan_;
  scheduler::ListSchedulesResponse response_;
  std::size_t visited_ = 0;
};

}  // namespace

Answer<scheduler::ListSchedulesResponse> Broker::list_schedules(
    const scheduler::ListSchedulesRequest& request, Context& ctx) {
  if (auto* done = dynamic_cast<ScheduleListing*>(ctx.fetched.reading())) {
    return std::move(done->response());
  }
  SIGNALBOX_TRY(
      const ScheduleGroup* const one,
      find_group_or_error(request.group_name.value_or(std::string(default_group_name)), ctx));
  const auto after = request.next_token ? read_page_token(*request.next_token) : std::string();
  if (!after) return Error{ErrorCode::validation, "Invalid NextToken."};
  const auto slash = std::min(after->find('/'), after->size());
  const std::string first_group = after->substr(0, slash);
  ListingPlan plan;
  plan.prefix = request.name_prefix.value_or("");
  plan.state = request.state;
  plan.count_max = static_cast<std::size_t>(request.max_results.value_or(results_default));
  const auto& groups = one->world->schedule_groups;
  for (auto at = groups.lower_bound(request.group_name ? one->name : first_group);
       at != groups.end(); ++at) {
    if (request.group_name && at->second != one) break;
    if (plan.groups.size() == groups_per_page) {
      plan.has_more_groups = true;
      break;
    }
    plan.groups.push_back({at->second->id, at->first, at->second->arn_of("")});
  }
  const bool starts_inside = !plan.groups.empty() && plan.groups.front().name == first_group;
  if (starts_inside) plan.after = after->substr(std::min(slash + 1, after->size()));
  ctx.fetched.want(std::make_shared<ScheduleListing>(std::move(plan)));
  return NeedKeys{};
}

}  // namespace signalbox::broker
