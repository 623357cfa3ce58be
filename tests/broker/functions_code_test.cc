// What functions run: given with CreateFunction, changed by UpdateFunctionCode, kept.
#include "broker/record.h"
#include "broker/record_fields.h"
#include "tests/broker/functions_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
using test::FunctionsBroker;
using test::zip_of;
namespace keys = signalbox::storage::keys;
namespace wire = api::lambda;

TEST_CASE("a function's code is changed, and everything that tells of it", "[functions]") {
  FunctionsBroker world;
  const auto before = world.config();
  world.advance(1s);
  const auto changed = world.update_code("22").response;
  CHECK(changed.code_sha256 != before.code_sha256);
  CHECK(changed.code_size == static_cast<std::int64_t>(zip_of("22").size()));
  CHECK(changed.last_modified != before.last_modified);
  CHECK(changed.revision_id != before.revision_id);
  CHECK(changed.handler == before.handler);
  CHECK(world.config().revision_id == changed.revision_id);
  const auto stored = world.stored(keys::Prefix::function_code);
  REQUIRE(stored.size() == 1);
  CHECK(stored.begin()->second == zip_of("22"));
  world.restart();
  CHECK(world.config().code_sha256 == changed.code_sha256);
}

TEST_CASE("code is changed only of the revision that is named", "[functions]") {
  FunctionsBroker world;
  const auto before = world.config();
  wire::UpdateFunctionCodeRequest request;
  request.function_name = "orders";
  request.zip_file = api::Blob{zip_of("2")};
  request.revision_id = "another";
  CHECK(world.call<&Functions::update_function_code>(request).error->code ==
        ErrorCode::precondition_failed);
  CHECK(world.config().code_sha256 == before.code_sha256);
  request.revision_id = before.revision_id;
  CHECK_FALSE(world.call<&Functions::update_function_code>(request).error);
}

TEST_CASE("a dry run says what would be and changes nothing", "[functions]") {
  FunctionsBroker world;
  const auto before = world.config();
  wire::UpdateFunctionCodeRequest request;
  request.function_name = "orders";
  request.zip_file = api::Blob{zip_of("2")};
  request.dry_run = true;
  const auto said = world.call<&Functions::update_function_code>(request).response;
  CHECK(said.code_sha256 != before.code_sha256);
  CHECK(said.revision_id == before.revision_id);
  CHECK(world.config().code_sha256 == before.code_sha256);
  CHECK(world.stored(keys::Prefix::function_code).begin()->second == zip_of("1"));
}

TEST_CASE("code that does not fit the function is refused", "[functions]") {
  FunctionsBroker world;
  const auto refused = [&](const wire::UpdateFunctionCodeRequest& request) {
    const auto reply = world.call<&Functions::update_function_code>(request);
    REQUIRE(reply.error);
    return reply.error->message;
  };
  wire::UpdateFunctionCodeRequest request;
  request.function_name = "orders";
  CHECK(refused(request) == "Please provide a source for function code.");
  request.image_uri = "registry/orders:1";
  CHECK(refused(request) ==
        "Please don't provide ImageUri when updating a function with packageType Zip.");
  request.image_uri.reset();
  request.s3_bucket = "bucket";
  CHECK(refused(request) == "There is no S3 here: give the code as ZipFile.");
  request.s3_bucket.reset();
  request.zip_file = api::Blob{"no zip"};
  CHECK(refused(request) ==
        "Could not unzip uploaded file. Please check your file, then try to upload again.");
  request.zip_file = api::Blob{zip_of("2")};
  request.function_name = "nothing";
  CHECK(refused(request) ==
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing");
}

TEST_CASE("a function made of an image gets another one, and shows it", "[functions]") {
  FunctionsBroker world;
  auto creation = FunctionsBroker::creation("images");
  creation.code.zip_file.reset();
  creation.code.image_uri = "registry/images:1";
  creation.package_type = "Image";
  REQUIRE_FALSE(world.call<&Functions::create_function>(creation).error);
  const auto before = world.config("images");
  wire::UpdateFunctionCodeRequest request;
  request.function_name = "images";
  request.image_uri = "registry/images@sha256:0123abcd";
  CHECK_FALSE(world.call<&Functions::update_function_code>(request).error);
  for (int i = 0; i < 2; ++i) {
    const auto shown = world.call<&Functions::get_function>({"images", {}}).response;
    CHECK(shown.code->image_uri == "registry/images@sha256:0123abcd");
    CHECK(shown.configuration->code_sha256 == "0123abcd");
    CHECK(shown.configuration->code_sha256 != before.code_sha256);
    world.restart();
  }
  request.image_uri.reset();
  request.zip_file = api::Blob{zip_of("2")};
  CHECK(world.call<&Functions::update_function_code>(request).error->message ==
        "Please provide ImageUri when updating a function with packageType Image.");
}

TEST_CASE("functions stored by earlier versions are read", "[functions]") {
  for (const std::uint8_t format : {std::uint8_t{1}, std::uint8_t{2}}) {
    FunctionsBroker world;
    const auto before = world.config();
    RecordWriter record;
    record.u8(format).u32(0).map({{"team", "shop"}});
    if (format == 2) record.optional(std::optional<std::int64_t>(3));
    write_fields(record, before);
    const auto world_id = world.stored(keys::Prefix::world).begin()->first.substr(2);
    auto bytes = record.take();
    // The world's id: big-endian in its key, little-endian in the record.
    bytes.replace(1, 4, std::string(world_id.rbegin(), world_id.rend()));
    signalbox::storage::Batch batch;
    batch.put(world.stored(keys::Prefix::function).begin()->first, bytes);
    world.store().commit(std::move(batch), signalbox::storage::Durability::synced,
                         [](signalbox::storage::Outcome) {});
    world.restart();
    REQUIRE(world.load_problem().empty());
    const auto shown = world.call<&Functions::get_function>({"orders", {}}).response;
    CHECK(shown.configuration->revision_id == before.revision_id);
    CHECK(shown.tags == api::StringMap{{"team", "shop"}});
    CHECK(shown.concurrency.has_value() == (format == 2));
    CHECK_FALSE(world.update_code("2").error);
  }
}
