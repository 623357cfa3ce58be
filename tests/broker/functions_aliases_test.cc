// Aliases of functions' versions: moved, weighted, in the way of what they lead to.
#include "tests/broker/functions_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::orders_arn;
using test::zip_of;
namespace keys = signalbox::storage::keys;
namespace wire = api::lambda;

namespace {

// A function with two versions.
struct Aliases : FunctionsBroker {
  using Weights = std::map<std::string, double>;
  using Alias = test::Reply<wire::AliasConfiguration>;

  Aliases() {
    REQUIRE_FALSE(call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
    REQUIRE_FALSE(update_code("2").error);
    REQUIRE_FALSE(call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  }
  Alias create(const std::string& name, const std::string& version, Weights weights = {}) {
    wire::CreateAliasRequest request{"orders", name, version, {}, {}};
    if (!weights.empty()) request.routing_config = {std::move(weights)};
    return call<&Functions::create_alias>(request);
  }
  Alias update(const std::string& name, std::optional<std::string> version,
               std::optional<Weights> weights = {}) {
    wire::UpdateAliasRequest request{"orders", name, std::move(version), {}, {}, {}};
    if (weights) request.routing_config = {*weights};
    return call<&Functions::update_alias>(request);
  }
  Alias get(const std::string& name) { return call<&Functions::get_alias>({"orders", name}); }
  std::vector<std::string> listed(std::optional<std::string> version = {}) {
    const auto reply = call<&Functions::list_aliases>({"orders", std::move(version), {}, {}});
    std::vector<std::string> names;
    for (const auto& each : *reply.response.aliases) names.push_back(*each.name);
    return names;
  }
  // The version that answers: each has a worker that waits.
  std::string executed(const std::string& qualifier) {
    for (const std::string worker : {"orders:1", "orders:2", "orders"}) {
      if (!waiting_[worker]) waiting_[worker] = next(worker);
    }
    const auto invoked = invoke("1", "orders:" + qualifier);
    for (auto& [worker, asked] : waiting_) {
      if (!asked->released) continue;
      REQUIRE(respond(asked, "1", worker));
      asked.reset();
    }
    REQUIRE(invoked->released);
    return *invoked->response.executed_version;
  }
  void begin_anew() {
    restart();
    waiting_.clear();
  }
  using Strings = std::vector<std::string>;

 private:
  std::map<std::string, Asked> waiting_;
};

}  // namespace

TEST_CASE("an alias is shown, moved and deleted", "[functions]") {
  Aliases world;
  const auto made = world.create("live", "1").response;
  CHECK(made.alias_arn == std::string(orders_arn) + ":live");
  CHECK(made.function_version == "1");
  CHECK(made.description == "");
  CHECK_FALSE(made.routing_config);
  CHECK(world.create("live", "2").error->message ==
        "Alias already exists: " + std::string(orders_arn) + ":live");
  const auto moved = world.update("live", "2").response;
  CHECK(moved.function_version == "2");
  CHECK(moved.revision_id != made.revision_id);
  for (int i = 0; i < 2; ++i) {
    CHECK(world.get("live").response.revision_id == moved.revision_id);
    const auto config = world.config("orders", "live");
    CHECK(config.version == "2");
    CHECK(config.function_arn == std::string(orders_arn) + ":live");
    world.restart();
    REQUIRE(world.load_problem().empty());
  }
  CHECK_FALSE(world.call<&Functions::delete_alias>({"orders", "live"}).error);
  // Once more is no error, as at the service.
  CHECK_FALSE(world.call<&Functions::delete_alias>({"orders", "live"}).error);
  CHECK(world.get("live").error->message ==
        "Cannot find alias arn: " + std::string(orders_arn) + ":live");
  CHECK(world.stored(keys::Prefix::function_alias).empty());
}

TEST_CASE("an alias changes only from the revision that is named", "[functions]") {
  Aliases world;
  const auto made = world.create("live", "1").response;
  wire::UpdateAliasRequest request{"orders", "live", "2", "described", {}, "another"};
  CHECK(world.call<&Functions::update_alias>(request).error->code ==
        ErrorCode::precondition_failed);
  CHECK(world.get("live").response.function_version == "1");
  request.revision_id = made.revision_id;
  CHECK(world.call<&Functions::update_alias>(request).response.description == "described");
  CHECK(world.update("live", "1").response.description == "described");
}

TEST_CASE("aliases are listed, all or those that lead to a version", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("both", "1", {{"2", 0.1}}).error);
  REQUIRE_FALSE(world.create("first", "1").error);
  REQUIRE_FALSE(world.create("newest", "$LATEST").error);
  CHECK(world.listed() == Aliases::Strings{"both", "first", "newest"});
  CHECK(world.listed("1") == Aliases::Strings{"both", "first"});
  CHECK(world.listed("2") == Aliases::Strings{"both"});
  CHECK(world.listed("$LATEST") == Aliases::Strings{"newest"});
  CHECK(world.listed("7").empty());
}

TEST_CASE("a version is not deleted while an alias leads to it", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("both", "1", {{"2", 0.1}}).error);
  REQUIRE_FALSE(world.create("first", "1").error);
  const auto remove = [&](const std::string& version) {
    return world.call<&Functions::delete_function>({"orders", version}).error;
  };
  CHECK(remove("1")->code == ErrorCode::conflict);
  CHECK(remove("1")->message ==
        "Unable to delete version because the following aliases reference it: [both, first]");
  CHECK(remove("2")->message ==
        "Unable to delete version because the following aliases reference it: [both]");
  REQUIRE_FALSE(world.update("both", {}, Aliases::Weights{}).error);
  CHECK_FALSE(remove("2"));
  CHECK_FALSE(world.call<&Functions::delete_function>({"orders", {}}).error);
  CHECK(world.stored(keys::Prefix::function_alias).empty());
}

TEST_CASE("an alias leads where it can, or is refused", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("live", "1").error);
  const auto said = [](const Aliases::Alias& reply) { return reply.error.value().message; };
  const std::string unknown = "Function not found: " + std::string(orders_arn) + ":7";
  CHECK(said(world.create("other", "7")) == unknown);
  CHECK(said(world.update("live", "7")) == unknown);
  CHECK(said(world.create("other", "1", {{"7", 0.5}})) == unknown);
  CHECK(said(world.create("other", "1", {{"1", 0.5}})).starts_with("Invalid function version 1"));
  CHECK(said(world.create("other", "$LATEST", {{"1", 0.5}})) ==
        "$LATEST is not supported for an alias pointing to more than 1 version");
  CHECK(said(world.update("live", {}, Aliases::Weights{{"1", 0.1}, {"2", 0.1}})) ==
        "Number of items in AdditionalVersionWeights cannot be greater than 1");
  CHECK(said(world.update("nothing", "1")) ==
        "Cannot find alias arn: " + std::string(orders_arn) + ":nothing");
  CHECK(world.listed() == Aliases::Strings{"live"});
  CHECK(world.get("live").response.function_version == "1");
  wire::UpdateFunctionConfigurationRequest change;
  change.function_name = "orders";
  change.role = "arn:aws:iam::000000000000:role/other";
  REQUIRE_FALSE(world.call<&Functions::update_function_configuration>(change).error);
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  CHECK(said(world.update("live", {}, Aliases::Weights{{"3", 0.1}})) ==
        "Specified versions must be associated with the same execution role");
}

TEST_CASE("an invocation goes to the version that its alias stands for", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("live", "1").error);
  CHECK(world.executed("live") == "1");
  REQUIRE_FALSE(world.update("live", "2").error);
  CHECK(world.executed("live") == "2");
  REQUIRE_FALSE(world.update("live", "$LATEST").error);
  CHECK(world.executed("live") == "$LATEST");
}

TEST_CASE("an alias for two versions divides invocations by their weights", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("live", "1", {{"2", 0.25}}).error);
  const auto share = [&] {
    int second_count = 0;
    for (int i = 0; i < 400; ++i) second_count += world.executed("live") == "2" ? 1 : 0;
    return second_count;
  };
  const int quarter = share();
  CHECK(quarter > 70);
  CHECK(quarter < 130);
  world.begin_anew();
  CHECK(world.get("live").response.routing_config->additional_version_weights ==
        Aliases::Weights{{"2", 0.25}});
  REQUIRE_FALSE(world.update("live", {}, Aliases::Weights{{"2", 1.0}}).error);
  CHECK(share() == 400);
  REQUIRE_FALSE(world.update("live", {}, Aliases::Weights{{"2", 0.0}}).error);
  CHECK(share() == 0);
  const auto alone = world.update("live", {}, Aliases::Weights{}).response;
  CHECK_FALSE(alone.routing_config);
}

TEST_CASE("a worker that waits by an alias's name goes where the alias goes", "[functions]") {
  Aliases world;
  REQUIRE_FALSE(world.create("live", "1").error);
  // It is not the first in line.
  const auto others = world.next("orders:1");
  const auto waits = world.next("orders:live");
  REQUIRE_FALSE(world.update("live", "2").error);
  const auto first = world.invoke("1", "orders:1");
  CHECK(others->released);
  CHECK_FALSE(waits->released);
  const auto second = world.invoke("2", "orders:live");
  REQUIRE(waits->released);
  CHECK(waits->response.payload.bytes == "2");
  // The alias moves while it works.
  REQUIRE_FALSE(world.update("live", "1").error);
  CHECK(world.respond(waits, "\"two\"", "orders:live"));
  CHECK(second->released);
  const auto idle = world.next("orders:2");
  const auto by_alias = world.next("orders:live");
  REQUIRE_FALSE(world.call<&Functions::delete_alias>({"orders", "live"}).error);
  REQUIRE(by_alias->released);
  CHECK(by_alias->error->code == ErrorCode::resource_not_found);
  CHECK(world.next("orders:live")->error->code == ErrorCode::resource_not_found);
  CHECK_FALSE(idle->released);
  CHECK_FALSE(first->released);
}
