// Archives: what they take, what they keep, how long, over restarts, and what is refused.
#include <catch2/catch.hpp>

#include "tests/broker/archives_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::ArchivesWorld;
using test::entry_of;
using test::message_of;

namespace {

constexpr auto orders = R"({"detail-type":["order"]})";

std::uint64_t archive_id(ArchivesWorld& world, const std::string& name) {
  std::uint64_t found = 0;
  const auto range = signalbox::storage::keys::all_of(signalbox::storage::keys::Prefix::archive);
  world.store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                             [&](std::string_view key, std::string_view value) {
                               Archive archive;
                               std::uint64_t bus_id = 0;
                               REQUIRE(decode_archive(value, archive, bus_id));
                               if (archive.name == name) {
                                 found = *signalbox::storage::keys::parse_archive(key);
                               }
                               return true;
                             });
  return found;
}

}  // namespace

TEST_CASE("an archive takes the events of its bus that match its pattern", "[archives]") {
  ArchivesWorld world;
  REQUIRE_FALSE(world.create_bus("other").error);
  REQUIRE_FALSE(world.create_archive("all").error);
  REQUIRE_FALSE(world.create_archive("orders", orders).error);
  REQUIRE_FALSE(world.create_archive("elsewhere", orders, 0, "other").error);
  world.put({entry_of("shop", "order", "{\"n\":1}"), entry_of("shop", "parcel", "{\"n\":2}")});
  CHECK(world.event_count("all") == 2);
  CHECK(world.event_count("orders") == 1);
  CHECK(world.event_count("elsewhere") == 0);
  const auto kept = world.archived(archive_id(world, "orders"));
  REQUIRE(kept.size() == 1);
  CHECK(kept.front() == world.logged().front());
  CHECK(world.archive("orders").response.size_bytes > 200);
}

TEST_CASE("archives and rules do not meet: an archive delivers nothing, a rule archives nothing",
          "[archives]") {
  ArchivesWorld world;
  const auto queue = world.route("parcels", R"({"detail-type":["parcel"]})");
  world.create_archive("orders", orders);
  world.put({entry_of("shop", "order", "{}"), entry_of("shop", "parcel", "{}")});
  CHECK(world.bodies(queue).size() == 1);
  CHECK(world.event_count("orders") == 1);
  CHECK(world.counters().undelivered_targets == 0);
  CHECK(world.counters().events_archived == 1);
}

TEST_CASE("an archive's pattern can be changed, and taken away", "[archives]") {
  ArchivesWorld world;
  world.create_archive("a", orders);
  api::UpdateArchiveRequest request;
  request.archive_name = "a";
  request.event_pattern = R"({"detail-type":["parcel"]})";
  REQUIRE_FALSE(world.call<&Broker::update_archive>(request).error);
  world.put({entry_of("shop", "order", "{}")});
  CHECK(world.event_count("a") == 0);
  world.put({entry_of("shop", "parcel", "{}")});
  CHECK(world.event_count("a") == 1);
  request.event_pattern = "";
  REQUIRE_FALSE(world.call<&Broker::update_archive>(request).error);
  CHECK_FALSE(world.archive("a").response.event_pattern);
  world.put({entry_of("shop", "order", "{}")});
  CHECK(world.event_count("a") == 2);
  request.event_pattern = "{";
  CHECK(world.call<&Broker::update_archive>(request).error->code ==
        ErrorCode::invalid_event_pattern);
  CHECK(world.event_count("a") == 2);
}

TEST_CASE("an event matched before an archive was made, changed or deleted meets it as it is now",
          "[archives]") {
  ArchivesWorld world;
  world.create_archive("old", orders);
  world.create_archive("changed", R"({"detail-type":["parcel"]})");
  api::PutEventsRequest event;
  event.entries = {entry_of("shop", "order", "{}")};
  SeededIds ids{7};
  HandleKey key{};
  PrepareContext context{world.clock().wall(), ids, world.caller,
                         const_cast<RuleDirectory&>(world.directory()), key};
  REQUIRE(prepare(event, context).has_value());
  REQUIRE_FALSE(world.delete_archive("old"));
  REQUIRE_FALSE(world.create_archive("new", orders).error);
  api::UpdateArchiveRequest update;
  update.archive_name = "changed";
  update.event_pattern = orders;
  REQUIRE_FALSE(world.call<&Broker::update_archive>(update).error);
  // The event is decided as it was prepared.
  auto reply = std::make_shared<test::Reply<api::PutEventsResponse>>();
  auto job = std::make_unique<test::TestJob<&Broker::put_events>>(event, reply, true);
  job->id = 1'000'000;
  world.engine().submit(std::move(job));
  world.settle();
  REQUIRE(reply->response.failed_entry_count == 0);
  CHECK(world.event_count("new") == 1);
  CHECK(world.event_count("changed") == 1);
}

TEST_CASE("an archive is the same after a restart and goes on", "[archives]") {
  ArchivesWorld world;
  api::CreateArchiveRequest request;
  request.archive_name = "a";
  request.event_source_arn = test::bus_arn();
  request.event_pattern = orders;
  request.description = "all orders";
  request.retention_days = 30;
  request.kms_key_identifier = "alias/key";
  const auto made = world.call<&Broker::create_archive>(request);
  CHECK(made.response.state == "ENABLED");
  CHECK(made.response.archive_arn == test::archive_arn("a"));
  world.put_numbers(25);
  const auto before = world.archive("a").response;
  world.restart();
  REQUIRE(world.load_problem().empty());
  const auto after = world.archive("a").response;
  CHECK(after.event_count == 25);
  CHECK(after.size_bytes == before.size_bytes);
  CHECK(after.description == "all orders");
  CHECK(after.event_pattern == orders);
  CHECK(after.kms_key_identifier == "alias/key");
  CHECK(after.retention_days == 30);
  CHECK(after.creation_time == before.creation_time);
  world.put_numbers(5);
  world.put({entry_of("shop", "parcel", "{}")});
  CHECK(world.event_count("a") == 30);
}

TEST_CASE("events leave an archive when its retention has passed, and others do not",
          "[archives]") {
  ArchivesWorld world;
  world.create_archive("short", {}, 2);
  world.create_archive("forever");
  world.put_numbers(3);
  world.advance(24h);
  world.put_numbers(4);
  world.advance(25h);
  CHECK(world.event_count("short") == 4);
  world.advance(24h);
  CHECK(world.event_count("short") == 0);
  CHECK(world.archived(archive_id(world, "short")).empty());
  CHECK(world.event_count("forever") == 7);
  world.advance(24h * 3650);
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.event_count("forever") == 7);
  CHECK(world.event_count("short") == 0);
}

TEST_CASE("a retention that is shortened or lengthened holds at once, after a restart too",
          "[archives]") {
  ArchivesWorld world;
  world.create_archive("shorter");
  world.create_archive("longer", {}, 1);
  world.put_numbers(3);
  api::UpdateArchiveRequest request;
  request.archive_name = "shorter";
  request.retention_days = 1;
  REQUIRE_FALSE(world.call<&Broker::update_archive>(request).error);
  request.archive_name = "longer";
  request.retention_days = 0;
  REQUIRE_FALSE(world.call<&Broker::update_archive>(request).error);
  world.restart();
  world.advance(25h);
  CHECK(world.event_count("shorter") == 0);
  CHECK(world.event_count("longer") == 3);
}

TEST_CASE("a deleted archive leaves nothing on disk, and its name is free", "[archives]") {
  ArchivesWorld world;
  world.create_archive("a", orders);
  world.put_numbers(3);
  const auto id = archive_id(world, "a");
  REQUIRE_FALSE(world.delete_archive("a"));
  CHECK(world.archived(id).empty());
  CHECK(message_of(world.archive("a")) == "Archive a does not exist.");
  world.put_numbers(1);
  REQUIRE_FALSE(world.create_archive("a").error);
  CHECK(world.event_count("a") == 0);
  world.restart();
  CHECK(world.load_problem().empty());
  CHECK(world.event_count("a") == 0);
}

TEST_CASE("a bus with an archive is not deleted", "[archives]") {
  ArchivesWorld world;
  world.create_bus("shop");
  world.create_archive("a", {}, 0, "shop");
  api::DeleteEventBusRequest request;
  request.name = "shop";
  CHECK(message_of(world.call<&Broker::delete_event_bus>(request)) ==
        "EventBus can't be deleted since it has rules.");
  REQUIRE_FALSE(world.delete_archive("a"));
  CHECK_FALSE(world.call<&Broker::delete_event_bus>(request).error);
}

TEST_CASE("what no archive can be is refused in the service's words", "[archives]") {
  ArchivesWorld world;
  REQUIRE_FALSE(world.create_archive("a").error);
  CHECK(message_of(world.create_archive("a")) == "Archive a already exists.");
  CHECK(world.create_archive("a").error->code == ErrorCode::resource_already_exists);
  CHECK(message_of(world.create_archive("b", {}, 0, "nowhere")) ==
        "Event bus nowhere does not exist.");
  CHECK(world.create_archive("b", "{}x").error->code == ErrorCode::invalid_event_pattern);
  CHECK(message_of(world.archive("b")) == "Archive b does not exist.");
  CHECK(world.delete_archive("b")->message == "Archive b does not exist.");
  api::UpdateArchiveRequest update;
  update.archive_name = "b";
  update.description = "x";
  CHECK(message_of(world.call<&Broker::update_archive>(update)) == "Archive b does not exist.");
  update = {};
  update.archive_name = "a";
  CHECK(message_of(world.call<&Broker::update_archive>(update)) ==
        "At least one of EventPattern, RetentionDays or Description must be provided.");
  api::CreateArchiveRequest request;
  request.archive_name = "b";
  request.event_source_arn = "arn:aws:events:us-east-1:000000000000:rule/r";
  CHECK(message_of(world.call<&Broker::create_archive>(request)) ==
        "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.");
  request.event_source_arn = "arn:aws:events:us-east-1:111111111111:event-bus/default";
  CHECK(message_of(world.call<&Broker::create_archive>(request)) ==
        "Event bus default does not exist.");
}

TEST_CASE("a bus has a hundred archives at most", "[archives]") {
  ArchivesWorld world;
  for (int i = 0; i < 100; ++i) {
    REQUIRE_FALSE(world.create_archive("a" + std::to_string(i)).error);
  }
  const auto refused = world.create_archive("one-more");
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::limit_exceeded);
  world.create_bus("other");
  CHECK_FALSE(world.create_archive("one-more", {}, 0, "other").error);
}

TEST_CASE("archives are listed in pages, by prefix, by bus or by state", "[archives]") {
  ArchivesWorld world;
  world.create_bus("other");
  for (const auto* name : {"a1", "a2", "a3", "b1"}) world.create_archive(name);
  world.create_archive("a4", {}, 7, "other");
  const auto list = [&](const api::ListArchivesRequest& request, std::optional<std::string>& next) {
    const auto reply = world.call<&Broker::list_archives>(request);
    REQUIRE_FALSE(reply.error);
    std::string names;
    for (const auto& archive : reply.response.archives) names += archive.archive_name + " ";
    next = reply.response.next_token;
    return names;
  };
  std::optional<std::string> next;
  api::ListArchivesRequest request;
  CHECK(list(request, next) == "a1 a2 a3 a4 b1 ");
  request.limit = 2;
  CHECK(list(request, next) == "a1 a2 ");
  request.next_token = next;
  CHECK(list(request, next) == "a3 a4 ");
  request.next_token = next;
  CHECK(list(request, next) == "b1 ");
  CHECK_FALSE(next);
  request = {};
  request.name_prefix = "a";
  CHECK(list(request, next) == "a1 a2 a3 a4 ");
  request = {};
  request.event_source_arn = test::bus_arn("other");
  request.limit = 1;
  CHECK(list(request, next) == "a4 ");
  request = {};
  request.state = "DISABLED";
  CHECK(list(request, next) == "");
  request.name_prefix = "a";
  CHECK(message_of(world.call<&Broker::list_archives>(request)) ==
        "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or "
        "NamePrefix.");
}
