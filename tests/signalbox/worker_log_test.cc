#include "signalbox/workers/worker_log.h"

#include <catch2/catch.hpp>
#include <future>

#include "tests/signalbox/process_fixture.h"
#include "tests/storage/temp_dir.h"

using signalbox::LogGroups;
using signalbox::testing::text_of;
using signalbox::workers::WorkerLog;
using signalbox::workers::WorkerLogLimits;
using signalbox::workers::WorkerOutput;
using Lines = std::vector<std::string>;

namespace {

struct World {
  signalbox::storage::testing::TempDir directory;
  const std::filesystem::path root = directory.path("log-groups");
  const LogGroups groups{root};
  const signalbox::broker::LogGroup group{"000000000000", "us-east-1", "/aws/lambda/orders"};
  std::vector<std::string> problems;  // of the log's thread, read once it is done
  WorkerLog log;

  explicit World(WorkerLogLimits limits = {})
      : log(groups, limits, [this](std::string problem) { problems.push_back(problem); }) {}

  void wait_for_the_disk() {
    std::promise<void> done;
    log.then([&] { done.set_value(); });
    done.get_future().get();
  }
  std::filesystem::path aside() const {
    return groups.path_of(group).replace_extension(".1.jsonl");
  }
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("lines of workers become events of their log group", "[worker log]") {
  World world;
  world.log.append(world.group, {"START RequestId: 1 Version: $LATEST", "say \"hello\""});
  world.log.append(world.group, {"END RequestId: 1"});
  world.wait_for_the_disk();
  const auto text = text_of(world.groups.path_of(world.group));
  INFO(text);
  CHECK(count_of(text, "\n") == 3);
  CHECK(text.find(R"("message":"say \"hello\""})") != std::string::npos);
  CHECK(text.find("START") < text.find("END"));
  CHECK(world.problems.empty());
}

TEST_CASE("a log is bounded: the file before the last is replaced", "[worker log]") {
  World world({.file_bytes_max = 4'000});
  for (int i = 0; i < 100; ++i) {
    world.log.append(world.group, {"line " + std::to_string(i) + std::string(200, '.')});
  }
  world.wait_for_the_disk();
  const auto path = world.groups.path_of(world.group);
  CHECK(std::filesystem::file_size(path) <= 4'000);
  CHECK(std::filesystem::file_size(world.aside()) <= 4'000);
  CHECK(std::filesystem::file_size(world.aside()) > 3'000);
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()),
                      std::filesystem::directory_iterator()) == 2);
  CHECK(text_of(path).find("line 99.") != std::string::npos);
}

TEST_CASE("what comes faster than the disk writes is dropped, and that is said", "[worker log]") {
  World world({.waiting_bytes_max = 1'000});
  std::promise<void> go;
  world.log.then([&] { go.get_future().get(); });
  for (int i = 0; i < 10; ++i) world.log.append(world.group, {std::string(300, 'x')});
  go.set_value();
  world.wait_for_the_disk();
  world.log.append(world.group, {"after"});
  world.wait_for_the_disk();
  const auto text = text_of(world.groups.path_of(world.group));
  CHECK(count_of(text, "xxx\"}") == 2);
  CHECK(text.find("8 lines were dropped") != std::string::npos);
  CHECK(text.find("after") != std::string::npos);
}

TEST_CASE("what cannot be written is told", "[worker log]") {
  World world;
  std::filesystem::create_directories(world.groups.path_of(world.group));
  world.log.append(world.group, {"lost"});
  world.wait_for_the_disk();
  REQUIRE(world.problems.size() == 1);
  CHECK(world.problems[0].find("cannot be written") != std::string::npos);
}

TEST_CASE("lines are what ends with a line's end, however they come", "[worker log]") {
  WorkerOutput output;
  CHECK(output.take("one\ntw") == Lines{"one"});
  CHECK(output.take("o\n\nthree") == Lines{"two", ""});
  CHECK(output.take_rest() == Lines{"three"});
  CHECK(output.take_rest().empty());
  CHECK(output.take("\n") == Lines{""});
}

TEST_CASE("a line without an end is cut into pieces", "[worker log]") {
  WorkerOutput output;
  std::size_t bytes = 0;
  Lines lines;
  for (int i = 0; i < 100; ++i) {
    for (auto& line : output.take(std::string(10'000, 'x'))) lines.push_back(std::move(line));
  }
  for (auto& line : output.take_rest()) lines.push_back(std::move(line));
  for (const auto& line : lines) {
    CHECK(line.size() <= WorkerOutput::line_bytes_max);
    bytes += line.size();
  }
  CHECK(bytes == 1'000'000);
}

TEST_CASE("what is no text becomes some", "[worker log]") {
  WorkerOutput output;
  CHECK(output.take("caf\xc3\xa9\n") == Lines{"caf\xc3\xa9"});
  CHECK(output.take("a\xff\n") == Lines{"a\xef\xbf\xbd"});
}

TEST_CASE("the tail is the last 4 KB since the invocation began", "[worker log]") {
  WorkerOutput output;
  output.take("before\n");
  output.begin_tail();
  CHECK(output.tail().empty());
  output.add("START");
  output.take("said\npart");
  CHECK(output.tail() == "START\nsaid\n");
  for (int i = 0; i < 20'000; ++i) output.take(std::to_string(i) + "\n");
  CHECK(output.tail().size() == 4096);
  CHECK(output.tail().ends_with("\n19998\n19999\n"));
}
