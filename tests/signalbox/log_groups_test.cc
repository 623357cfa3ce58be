#include "signalbox/log_groups.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/storage/temp_dir.h"

using signalbox::LogGroups;
using signalbox::broker::LogGroup;
using signalbox::broker::LogLine;

namespace {

struct Groups {
  signalbox::storage::testing::TempDir directory;
  const std::filesystem::path root = directory.path("log-groups");
  LogGroups groups{root};
  LogGroup group{"000000000000", "us-east-1", "/aws/events/orders"};

  std::string append(const std::string& message) {
    const LogLine line{group, 17, message};
    return groups.append(group, std::span(&line, 1), LogGroups::Sync::yes);
  }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(groups.path_of(group)).rdbuf();
    return text.str();
  }
};

}  // namespace

TEST_CASE("a log group is a file with a JSON line for each event", "[log groups]") {
  Groups world;
  REQUIRE(world.append(R"({"id":1})").empty());
  REQUIRE(world.append("two\nlines").empty());
  CHECK(world.text() ==
        "{\"timestamp\":17,\"message\":\"{\\\"id\\\":1}\"}\n"
        "{\"timestamp\":17,\"message\":\"two\\nlines\"}\n");
}

TEST_CASE("a line that a crash cut is followed by whole ones", "[log groups]") {
  Groups world;
  REQUIRE(world.append("first").empty());
  std::ofstream(world.groups.path_of(world.group), std::ios::app) << R"({"timestamp":1)";
  REQUIRE(world.append("second").empty());
  CHECK(world.text() ==
        "{\"timestamp\":17,\"message\":\"first\"}\n{\"timestamp\":1\n"
        "{\"timestamp\":17,\"message\":\"second\"}\n");
}

TEST_CASE("no name leaves the directory of log groups", "[log groups]") {
  Groups world;
  world.group = GENERATE(LogGroup{"..", "..", "../../etc/passwd"}, LogGroup{".", "a/b", ".."},
                         LogGroup{"a", std::string("b\0c", 3), "/"});
  REQUIRE(world.append("here").empty());
  const auto path = world.groups.path_of(world.group);
  CHECK(path.lexically_normal() == path);
  CHECK(path.parent_path().parent_path().parent_path() == world.root);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("what cannot be written is said with the file's name", "[log groups]") {
  Groups world;
  std::filesystem::create_directories(world.groups.path_of(world.group));
  const auto problem = world.append("lost");
  CHECK(problem.find("orders.jsonl cannot be written: Is a directory") != std::string::npos);
}

TEST_CASE("long names have files of their own each", "[log groups]") {
  Groups world;
  world.group.name = "/" + std::string(510, 'x') + "1";
  REQUIRE(world.append("one").empty());
  CHECK(world.groups.path_of(world.group).filename().string().size() <= 255);
  world.group.name.back() = '2';
  REQUIRE(world.append("two").empty());
  CHECK(world.text() == "{\"timestamp\":17,\"message\":\"two\"}\n");
}
