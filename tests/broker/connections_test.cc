// Connections and API destinations: what the operations answer, keep and refuse.
#include "storage/faulty_store.h"
#include "tests/broker/destinations_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::MemoryStore;
using test::api_key_connection;
using test::basic_connection;
using test::DestinationsWorld;
using test::message_of;
using test::oauth_connection;
using test::token_answer;

namespace {

template <class Parameter>
Parameter parameter(const std::string& key, const std::string& value,
                    std::optional<bool> is_secret) {
  Parameter made;
  made.key = key;
  made.value = value;
  made.is_value_secret = is_secret;
  return made;
}

api::ConnectionHttpParameters parameters(const std::string& prefix) {
  api::ConnectionHttpParameters made;
  made.header_parameters = {
      {parameter<api::ConnectionHeaderParameter>("X-Open", prefix + "-header", false),
       parameter<api::ConnectionHeaderParameter>("X-Secret", prefix + "-secret-header", true)}};
  made.query_string_parameters = {
      {parameter<api::ConnectionQueryStringParameter>("open", prefix + "-query", std::nullopt),
       parameter<api::ConnectionQueryStringParameter>("secret", prefix + "-secret-query", true)}};
  made.body_parameters = {
      {parameter<api::ConnectionBodyParameter>("open", prefix + "-body", false),
       parameter<api::ConnectionBodyParameter>("secret", prefix + "-secret-body", true)}};
  return made;
}

api::UpdateConnectionRequest update_of(const std::string& name) {
  api::UpdateConnectionRequest request;
  request.name = name;
  return request;
}

std::vector<std::string> names_of(const api::ListConnectionsResponse& response) {
  std::vector<std::string> names;
  for (const auto& connection : response.connections) names.push_back(connection.name);
  return names;
}

}  // namespace

TEST_CASE("a connection with a password or a key is authorized at once", "[connections]") {
  DestinationsWorld world;
  auto request = basic_connection("c");
  request.description = "d";
  const auto reply = world.call<&Broker::create_connection>(request);
  REQUIRE_FALSE(reply.error);
  const std::string& arn = reply.response.connection_arn;
  CHECK(arn.starts_with("arn:aws:events:us-east-1:000000000000:connection/c/"));
  CHECK(api::is_connection_arn(arn));
  CHECK(reply.response.connection_state == "AUTHORIZED");
  CHECK(reply.response.creation_time.ms == 1'767'323'045'678);
  CHECK(world.attempts.empty());

  const auto shown = world.connection("c");
  CHECK(shown.connection_arn == arn);
  CHECK(shown.name == "c");
  CHECK(shown.description == "d");
  CHECK(shown.connection_state == "AUTHORIZED");
  CHECK(shown.authorization_type == "BASIC");
  REQUIRE(shown.auth_parameters);
  CHECK(shown.auth_parameters->basic_auth_parameters->username == "user");
  CHECK(shown.last_authorized_time == api::Timestamp{1'767'323'045'678});
  CHECK_FALSE(shown.state_reason);
  const std::string uuid = arn.substr(arn.rfind('/') + 1);
  REQUIRE(shown.secret_arn);
  CHECK(shown.secret_arn->starts_with(
      "arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/c/" + uuid + "-"));
  CHECK(shown.secret_arn->size() == shown.secret_arn->rfind('-') + 1 + 6);

  world.connect(api_key_connection("k"));
  const auto key = world.connection("k");
  CHECK(key.connection_state == "AUTHORIZED");
  CHECK(key.auth_parameters->api_key_auth_parameters->api_key_name == "X-Api-Key");
}

TEST_CASE("an OAuth connection is authorized once a token was had", "[connections]") {
  DestinationsWorld world;
  const auto reply = world.call<&Broker::create_connection>(oauth_connection("c"));
  REQUIRE_FALSE(reply.error);
  CHECK(reply.response.connection_state == "AUTHORIZING");
  CHECK(world.connection("c").connection_state == "AUTHORIZING");
  CHECK_FALSE(world.connection("c").last_authorized_time);
  world.advance(3s);
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.end_next_attempt(token_answer("t")).http.url == "https://login.test/token");
  const auto shown = world.connection("c");
  CHECK(shown.connection_state == "AUTHORIZED");
  CHECK(shown.last_authorized_time == api::Timestamp{1'767'323'048'678});
  const auto& oauth = shown.auth_parameters->oauth_parameters;
  REQUIRE(oauth);
  CHECK(oauth->client_parameters.client_id == "client");
  CHECK(oauth->authorization_endpoint == "https://login.test/token");
  CHECK(oauth->http_method == "POST");
}

TEST_CASE("an OAuth connection that is refused says why and asks no more", "[connections]") {
  DestinationsWorld world;
  world.connect(oauth_connection("c"));
  auto refused = result_of_status(401, std::nullopt);
  refused.body = R"({"error":"invalid_client"})";
  world.end_next_attempt(refused);
  CHECK(world.connection("c").connection_state == "DEAUTHORIZED");
  CHECK(world.connection("c").state_reason ==
        "The authorization endpoint answered with status 401: invalid_client.");
  world.advance(24h);
  CHECK(world.attempts.empty());
  SECTION("an update tries again") {
    const auto updated = world.call<&Broker::update_connection>(update_of("c"));
    CHECK(updated.response.connection_state == "AUTHORIZING");
    CHECK_FALSE(world.connection("c").state_reason);
    REQUIRE(world.attempts.size() == 1);
    world.end_next_attempt(token_answer("t"));
    CHECK(world.connection("c").connection_state == "AUTHORIZED");
  }
}

TEST_CASE("an endpoint that is not there is asked three times", "[connections]") {
  DestinationsWorld world;
  world.connect(oauth_connection("c"));
  const auto trouble = result_of_trouble(HttpTrouble::connection_failed, "It is not there.");
  world.end_next_attempt(trouble);
  CHECK(world.connection("c").connection_state == "AUTHORIZING");
  CHECK(world.attempts.empty());
  world.advance(1s);
  REQUIRE(world.attempts.size() == 1);
  world.end_next_attempt(trouble);
  world.advance(2s);
  REQUIRE(world.attempts.size() == 1);
  SECTION("and is given up") {
    world.end_next_attempt(trouble);
    CHECK(world.connection("c").connection_state == "DEAUTHORIZED");
    CHECK(world.connection("c").state_reason == "It is not there.");
  }
  SECTION("and may come back") {
    world.end_next_attempt(token_answer("t"));
    CHECK(world.connection("c").connection_state == "AUTHORIZED");
  }
  world.advance(24h);
  CHECK(world.attempts.empty());
}

TEST_CASE("no token is asked for before the connection is on disk", "[connections]") {
  auto disk = std::make_shared<MemoryStore>();
  DestinationsWorld world({}, disk);
  auto faulty = std::make_shared<signalbox::storage::FaultyStore>(disk);
  world.restart(faulty);
  faulty->fail_commit(faulty->commit_count() + 1, signalbox::storage::Outcome::unknown,
                      signalbox::storage::FaultyStore::Written::no);
  CHECK(world.call<&Broker::create_connection>(oauth_connection("c")).error);
  CHECK(world.attempts.empty());
}

TEST_CASE("the answer to an older question for a token is nobody's", "[connections]") {
  DestinationsWorld world;
  world.connect(oauth_connection("c"));
  const auto asked = world.attempts.front();
  world.attempts.clear();
  SECTION("after an update") {
    world.call<&Broker::update_connection>(update_of("c"));
    REQUIRE(world.attempts.size() == 1);
    world.end_attempt(asked, result_of_status(401, std::nullopt));
    CHECK(world.connection("c").connection_state == "AUTHORIZING");
    world.end_next_attempt(token_answer("t"));
    CHECK(world.connection("c").connection_state == "AUTHORIZED");
  }
  SECTION("after it was deauthorized") {
    world.call<&Broker::deauthorize_connection>({"c"});
    world.end_attempt(asked, token_answer("t"));
    CHECK(world.connection("c").connection_state == "DEAUTHORIZED");
  }
  SECTION("after it was deleted") {
    world.call<&Broker::delete_connection>({"c"});
    world.end_attempt(asked, token_answer("t"));
    CHECK(world.call<&Broker::describe_connection>({"c"}).error);
  }
}

TEST_CASE("what is secret is not shown, and what is not is", "[connections]") {
  DestinationsWorld world;
  auto request = oauth_connection("c");
  request.auth_parameters->oauth_parameters->oauth_http_parameters = parameters("token");
  request.auth_parameters->invocation_http_parameters = parameters("call");
  world.connect(request);
  const auto shown = *world.connection("c").auth_parameters;
  for (const auto& [prefix, all] :
       {std::pair{"token", *shown.oauth_parameters->oauth_http_parameters},
        std::pair{"call", *shown.invocation_http_parameters}}) {
    const auto check = [&, prefix = std::string(prefix)](const auto& list,
                                                         const std::string& open) {
      REQUIRE(list->size() == 2);
      CHECK(list->at(0).value == prefix + open);
      CHECK(list->at(1).key);
      CHECK_FALSE(list->at(1).value);
      CHECK(list->at(1).is_value_secret == true);
    };
    check(all.header_parameters, "-header");
    check(all.query_string_parameters, "-query");
    check(all.body_parameters, "-body");
  }
}

TEST_CASE("secrets are on disk under one key of their own, and nowhere else", "[connections]") {
  DestinationsWorld world;
  auto request = oauth_connection("c");
  request.auth_parameters->oauth_parameters->oauth_http_parameters = parameters("token");
  request.auth_parameters->invocation_http_parameters = parameters("call");
  world.connect(request);
  world.end_next_attempt(token_answer("the-access-token"));
  std::vector<std::string> keys_with_secrets;
  const auto range = signalbox::storage::keys::all();
  world.store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                             [&](std::string_view key, std::string_view value) {
                               CHECK(value.find("the-access-token") == std::string_view::npos);
                               if (value.find("secret-") != std::string_view::npos ||
                                   value.find("-secret") != std::string_view::npos) {
                                 keys_with_secrets.emplace_back(key);
                               }
                               return true;
                             });
  REQUIRE(keys_with_secrets.size() == 1);
  CHECK(signalbox::storage::keys::parse_secret(keys_with_secrets[0]));
  world.call<&Broker::delete_connection>({"c"});
  std::string value;
  CHECK(world.store().view()->get(keys_with_secrets[0], value) ==
        signalbox::storage::ReadStatus::absent);
}

TEST_CASE("connections and destinations are the same after a restart", "[connections]") {
  DestinationsWorld world;
  auto request = oauth_connection("c");
  request.description = "d";
  request.kms_key_identifier = "alias/k";
  request.auth_parameters->invocation_http_parameters = parameters("call");
  const auto arn = world.connect(request);
  world.end_next_attempt(token_answer("t"));
  auto destination = world.destination_request("d", arn);
  destination.description = "described";
  destination.invocation_rate_limit_per_second = 7;
  const auto destination_arn = world.create_destination(destination);
  const auto before = world.connection("c");
  world.restart();
  REQUIRE(world.load_problem().empty());
  const auto after = world.connection("c");
  CHECK(after.connection_arn == arn);
  CHECK(after.description == "d");
  CHECK(after.kms_key_identifier == "alias/k");
  CHECK(after.connection_state == "AUTHORIZED");
  CHECK(after.secret_arn == before.secret_arn);
  CHECK(after.last_authorized_time == before.last_authorized_time);
  CHECK(after.auth_parameters->invocation_http_parameters->header_parameters->size() == 2);
  const auto shown = world.destination("d");
  CHECK(shown.api_destination_arn == destination_arn);
  CHECK(shown.description == "described");
  CHECK(shown.invocation_rate_limit_per_second == 7);
  CHECK(shown.api_destination_state == "ACTIVE");
  CHECK(world.attempts.empty());
}

TEST_CASE("an authorization that a crash cut off is made after the restart", "[connections]") {
  DestinationsWorld world;
  world.connect(oauth_connection("c"));
  world.attempts.clear();
  world.restart();
  REQUIRE(world.attempts.size() == 1);
  world.end_next_attempt(token_answer("t"));
  world.restart();
  CHECK(world.connection("c").connection_state == "AUTHORIZED");
}

TEST_CASE("an update changes what it names", "[connections]") {
  DestinationsWorld world;
  auto request = basic_connection("c");
  request.auth_parameters->invocation_http_parameters = parameters("call");
  world.connect(request);
  world.advance(10s);
  auto update = update_of("c");
  update.description = "new";
  update.auth_parameters.emplace().basic_auth_parameters.emplace().username = "other";
  const auto reply = world.call<&Broker::update_connection>(update);
  REQUIRE_FALSE(reply.error);
  CHECK(reply.response.connection_state == "AUTHORIZED");
  CHECK(reply.response.last_modified_time.ms == reply.response.creation_time.ms + 10'000);
  CHECK(reply.response.last_authorized_time == reply.response.last_modified_time);
  const auto shown = world.connection("c");
  CHECK(shown.description == "new");
  CHECK(shown.auth_parameters->basic_auth_parameters->username == "other");
  CHECK(shown.auth_parameters->invocation_http_parameters);
  SECTION("another type needs all of its parameters") {
    auto change = update_of("c");
    change.authorization_type = "API_KEY";
    CHECK(message_of(world.call<&Broker::update_connection>(change)) ==
          "Parameter AuthParameters is not valid. Reason: AuthorizationType API_KEY needs "
          "ApiKeyAuthParameters.");
    auto& key = change.auth_parameters.emplace().api_key_auth_parameters.emplace();
    key.api_key_name = "X-Key";
    key.api_key_value = "v";
    CHECK_FALSE(world.call<&Broker::update_connection>(change).error);
    CHECK(world.connection("c").authorization_type == "API_KEY");
    CHECK_FALSE(world.connection("c").auth_parameters->basic_auth_parameters);
  }
}

TEST_CASE("a deauthorized connection has no credentials until it gets new ones", "[connections]") {
  DestinationsWorld world;
  const auto arn = world.connect(basic_connection("c"));
  world.create_destination("d", arn);
  const auto reply = world.call<&Broker::deauthorize_connection>({"c"});
  CHECK(reply.response.connection_state == "DEAUTHORIZING");
  for (const bool restarted : {false, true}) {
    if (restarted) world.restart();
    const auto shown = world.connection("c");
    CHECK(shown.connection_state == "DEAUTHORIZED");
    CHECK(shown.authorization_type == "BASIC");
    CHECK_FALSE(shown.auth_parameters);
    CHECK_FALSE(shown.secret_arn);
    CHECK(world.destination("d").api_destination_state == "INACTIVE");
  }
  auto update = update_of("c");
  update.description = "still none";
  CHECK(world.call<&Broker::update_connection>(update).response.connection_state == "DEAUTHORIZED");
  auto& basic = update.auth_parameters.emplace().basic_auth_parameters.emplace();
  basic.username = "user";
  CHECK(message_of(world.call<&Broker::update_connection>(update)) ==
        "Parameter AuthParameters is not valid. Reason: AuthorizationType BASIC needs "
        "BasicAuthParameters.");
  basic.password = "new";
  CHECK(world.call<&Broker::update_connection>(update).response.connection_state == "AUTHORIZED");
  CHECK(world.connection("c").secret_arn);
  CHECK(world.destination("d").api_destination_state == "ACTIVE");
}

TEST_CASE("a connection that is deleted is gone, and its destinations are inactive",
          "[connections]") {
  DestinationsWorld world;
  const auto arn = world.connect(basic_connection("c"));
  world.create_destination("d", arn);
  CHECK(world.call<&Broker::delete_connection>({"c"}).response.connection_state == "DELETING");
  CHECK(world.destination("d").api_destination_state == "INACTIVE");
  // One of the same name is another.
  CHECK(world.connect(basic_connection("c")) != arn);
  CHECK(world.destination("d").api_destination_state == "INACTIVE");
  world.restart();
  CHECK(world.destination("d").api_destination_state == "INACTIVE");
}

TEST_CASE("an API destination is as active as its connection", "[connections]") {
  DestinationsWorld world;
  const auto arn = world.connect(oauth_connection("c"));
  const auto created =
      world.call<&Broker::create_api_destination>(world.destination_request("d", arn));
  CHECK(created.response.api_destination_state == "INACTIVE");
  CHECK(created.response.api_destination_arn.starts_with(
      "arn:aws:events:us-east-1:000000000000:api-destination/d/"));
  world.end_next_attempt(token_answer("t"));
  const auto shown = world.destination("d");
  CHECK(shown.api_destination_state == "ACTIVE");
  CHECK(shown.connection_arn == arn);
  CHECK(shown.invocation_endpoint == "https://api.test/orders");
  CHECK(shown.http_method == "POST");
  CHECK(shown.invocation_rate_limit_per_second == 300);
}

TEST_CASE("an API destination is changed member by member, and deleted", "[connections]") {
  DestinationsWorld world;
  const auto arn = world.connect(basic_connection("c"));
  const auto destination_arn = world.create_destination("d", arn);
  world.advance(1s);
  api::UpdateApiDestinationRequest update;
  update.name = "d";
  update.http_method = "PUT";
  update.invocation_rate_limit_per_second = 1;
  const auto reply = world.call<&Broker::update_api_destination>(update);
  CHECK(reply.response.api_destination_arn == destination_arn);
  CHECK(reply.response.last_modified_time.ms == reply.response.creation_time.ms + 1000);
  CHECK(world.destination("d").http_method == "PUT");
  CHECK(world.destination("d").invocation_endpoint == "https://api.test/orders");
  REQUIRE_FALSE(world.call<&Broker::delete_api_destination>({"d"}).error);
  world.restart();
  CHECK(world.call<&Broker::describe_api_destination>({"d"}).error);
}

TEST_CASE("refusals are the service's", "[connections]") {
  DestinationsWorld world;
  const auto no_connection = "Failed to describe the connection(s). Connection 'x' does not exist.";
  const auto no_destination =
      "Failed to describe the api-destination(s). An api-destination 'x' does not exist.";
  CHECK(message_of(world.call<&Broker::describe_connection>({"x"})) == no_connection);
  CHECK(message_of(world.call<&Broker::delete_connection>({"x"})) == no_connection);
  CHECK(message_of(world.call<&Broker::deauthorize_connection>({"x"})) == no_connection);
  CHECK(message_of(world.call<&Broker::update_connection>(update_of("x"))) == no_connection);
  CHECK(message_of(world.call<&Broker::describe_api_destination>({"x"})) == no_destination);
  CHECK(message_of(world.call<&Broker::delete_api_destination>({"x"})) == no_destination);
  api::UpdateApiDestinationRequest update;
  update.name = "x";
  CHECK(message_of(world.call<&Broker::update_api_destination>(update)) == no_destination);

  const auto arn = world.connect(basic_connection("c"));
  const auto twice = world.call<&Broker::create_connection>(basic_connection("c"));
  CHECK(message_of(twice) == "Connection c already exists.");
  CHECK(twice.error->code == ErrorCode::resource_already_exists);
  world.create_destination("d", arn);
  CHECK(message_of(world.call<&Broker::create_api_destination>(
            world.destination_request("d", arn))) == "An api-destination 'd' already exists.");
  const auto missing = world.call<&Broker::create_api_destination>(
      world.destination_request("e", "arn:aws:events:us-east-1:000000000000:connection/x/1-2"));
  CHECK(message_of(missing) == "Connection 'x' does not exist.");
  CHECK(missing.error->code == ErrorCode::resource_not_found);
}

TEST_CASE("parameters are of the connection's own type", "[connections]") {
  DestinationsWorld world;
  auto request = basic_connection("c");
  request.authorization_type = "API_KEY";
  CHECK(message_of(world.call<&Broker::create_connection>(request)) ==
        "Parameter AuthParameters is not valid. Reason: AuthorizationType API_KEY takes "
        "ApiKeyAuthParameters only.");
  request = basic_connection("c");
  request.auth_parameters.emplace();
  CHECK(message_of(world.call<&Broker::create_connection>(request)) ==
        "Parameter AuthParameters is not valid. Reason: AuthorizationType BASIC needs "
        "BasicAuthParameters.");
}

TEST_CASE("endpoints are https, or http on this machine", "[connections]") {
  Settings settings;
  settings.plain_http_destinations = GENERATE(false, true);
  DestinationsWorld world(settings);
  const auto arn = world.connect(basic_connection("c"));
  const auto is_taken = [&](const std::string& endpoint) {
    auto request = world.destination_request("d", arn);
    request.invocation_endpoint = endpoint;
    const auto reply = world.call<&Broker::create_api_destination>(request);
    if (!reply.error) world.call<&Broker::delete_api_destination>({"d"});
    return !reply.error;
  };
  CHECK(is_taken("https://api.test/"));
  CHECK(is_taken("http://localhost:8080/"));
  CHECK(is_taken("http://hooks.localhost/"));
  CHECK(is_taken("http://127.0.0.1:8080/x"));
  CHECK(is_taken("http://api.test/") == settings.plain_http_destinations);
  for (const auto* elsewhere : {"http://127.evil.test/", "http://localhost.evil.test/"}) {
    CHECK(is_taken(elsewhere) == settings.plain_http_destinations);
  }
  for (const auto* with_user : {"http://localhost@evil.test/", "http://localhost:80@evil.test/",
                                "https://user:secret@api.test/"}) {
    CHECK_FALSE(is_taken(with_user));
  }
  CHECK_FALSE(is_taken("ftp://localhost/"));
  CHECK_FALSE(is_taken("localhost/"));
  auto oauth = oauth_connection("o");
  oauth.auth_parameters->oauth_parameters->authorization_endpoint = "http://login.test/";
  const auto reply = world.call<&Broker::create_connection>(oauth);
  CHECK(reply.error.has_value() != settings.plain_http_destinations);
  if (reply.error) {
    CHECK(reply.error->message.starts_with(
        "Parameter AuthorizationEndpoint is not valid. Reason: It must be a URL of https"));
  }
}

TEST_CASE("connections are listed by name, state and page", "[connections]") {
  DestinationsWorld world;
  CHECK(world.call<&Broker::list_connections>({}).response.connections.empty());
  for (const auto* name : {"a1", "a2", "b1"}) world.connect(basic_connection(name));
  world.call<&Broker::deauthorize_connection>({"a2"});
  api::ListConnectionsRequest request;
  CHECK(names_of(world.call<&Broker::list_connections>(request).response) ==
        std::vector<std::string>{"a1", "a2", "b1"});
  request.name_prefix = "a";
  CHECK(names_of(world.call<&Broker::list_connections>(request).response) ==
        std::vector<std::string>{"a1", "a2"});
  request.connection_state = "DEAUTHORIZED";
  CHECK(names_of(world.call<&Broker::list_connections>(request).response) ==
        std::vector<std::string>{"a2"});
  request = {};
  request.limit = 2;
  auto page = world.call<&Broker::list_connections>(request).response;
  CHECK(names_of(page) == std::vector<std::string>{"a1", "a2"});
  REQUIRE(page.next_token);
  request.next_token = page.next_token;
  page = world.call<&Broker::list_connections>(request).response;
  CHECK(names_of(page) == std::vector<std::string>{"b1"});
  CHECK_FALSE(page.next_token);
  request.next_token = "garbage";
  CHECK(message_of(world.call<&Broker::list_connections>(request)) ==
        "Parameter NextToken is not valid.");
}

TEST_CASE("API destinations are listed by name and connection", "[connections]") {
  DestinationsWorld world;
  const auto first = world.connect(basic_connection("c1"));
  const auto second = world.connect(basic_connection("c2"));
  world.create_destination("d1", first);
  world.create_destination("d2", second);
  world.create_destination("d3", first);
  api::ListApiDestinationsRequest request;
  request.connection_arn = first;
  auto page = world.call<&Broker::list_api_destinations>(request).response;
  REQUIRE(page.api_destinations.size() == 2);
  CHECK(page.api_destinations[0].name == "d1");
  CHECK(page.api_destinations[0].api_destination_state == "ACTIVE");
  CHECK(page.api_destinations[1].name == "d3");
  request.limit = 1;
  page = world.call<&Broker::list_api_destinations>(request).response;
  REQUIRE(page.next_token);
  request.next_token = page.next_token;
  page = world.call<&Broker::list_api_destinations>(request).response;
  CHECK(page.api_destinations.at(0).name == "d3");
}

TEST_CASE("each account has its own connections", "[connections]") {
  DestinationsWorld world;
  const auto arn = world.connect(basic_connection("c"));
  world.caller.account = "111111111111";
  CHECK(world.call<&Broker::describe_connection>({"c"}).error);
  CHECK(world.call<&Broker::list_connections>({}).response.connections.empty());
  CHECK(world.connect(basic_connection("c")) != arn);
}
