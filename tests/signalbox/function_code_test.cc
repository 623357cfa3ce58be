#include "signalbox/workers/function_code.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/signalbox/zip_builder.h"
#include "tests/storage/temp_dir.h"

using signalbox::testing::patched;
using signalbox::testing::zip_of;
using signalbox::testing::ZipEntry;
using signalbox::workers::FunctionCode;
using signalbox::workers::ZipLimits;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::size_t count_of(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator()));
}

struct World {
  signalbox::storage::testing::TempDir directory;
  const fs::path root = directory.path("code");
  FunctionCode code;

  explicit World(ZipLimits limits = {}) : code(root, limits) { REQUIRE(code.open().empty()); }

  fs::path good(const std::vector<ZipEntry>& entries) {
    const auto folder = code.unpack(7, "a+b/c=", zip_of(entries));
    CHECK(folder.problem.empty());
    return folder.path;
  }
  // What is said; nothing is left in the folder, and nothing beside it.
  std::string refused(const std::string& zip) {
    const auto folder = code.unpack(7, "sha", zip);
    CHECK(folder.path.empty());
    CHECK_FALSE(code.find(7, "sha"));
    CHECK(count_of(root) == 0);
    CHECK(count_of(root.parent_path()) == 1);
    return folder.problem;
  }
};

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a zip becomes a folder of its files", "[function code]") {
  World world;
  const auto folder = world.good({{"app.py", "print()"},
                                  {"lib/", "", S_IFDIR | 0755},
                                  {"lib/deep/data.txt", "data"},
                                  {"./lib//more.txt", "more"},
                                  {"bootstrap", "#!/bin/sh\n", S_IFREG | 0755},
                                  {"windows.exe", "x", 0}});
  CHECK(folder.parent_path() == world.root);
  CHECK(folder.filename() == "7-a-b_c");
  CHECK(text_of(folder / "app.py") == "print()");
  CHECK(text_of(folder / "lib/deep/data.txt") == "data");
  CHECK(text_of(folder / "lib/more.txt") == "more");
  const auto executable = [&](const char* name) {
    return (fs::status(folder / name).permissions() & fs::perms::owner_exec) != fs::perms::none;
  };
  CHECK(executable("bootstrap"));
  CHECK_FALSE(executable("app.py"));
  CHECK_FALSE(executable("windows.exe"));
}

TEST_CASE("a name that leaves the folder is refused", "[function code]") {
  World world;
  CHECK(says(world.refused(zip_of({{"ok", "1"}, {"../out.txt", "x"}})), "../out.txt leaves"));
  CHECK(says(world.refused(zip_of({{"a/../../out.txt", "x"}})), "leaves its folder"));
  CHECK(says(world.refused(zip_of({{"a/..", "x"}})), "leaves its folder"));
  CHECK(says(world.refused(zip_of({{"../", "", S_IFDIR | 0755}})), "leaves its folder"));
  const auto absolute = (world.root.parent_path() / "out.txt").string();
  CHECK(says(world.refused(zip_of({{absolute, "x"}})), "begins at the root"));
  CHECK(says(world.refused(zip_of({{"..\\out.txt", "x"}})), "backslash"));
  CHECK(says(world.refused(zip_of({{"a\nb", "x"}})), "control character"));
}

TEST_CASE("a name with a NUL is never cut short", "[function code]") {
  World world;
  const auto zip = patched(zip_of({{"app.py__/../evil", "x"}}), "app.py__/", {"app.py\0_/", 9});
  CHECK(says(world.refused(zip), "leaves its folder"));
  const auto harmless =
      world.code.unpack(7, "sha", patched(zip_of({{"app.py_", "x"}}), "app.py_", {"app.py\0", 7}));
  CHECK((!harmless.problem.empty() || !fs::exists(harmless.path / "app.py")));
}

TEST_CASE("two entries of one name are refused", "[function code]") {
  World world;
  const auto zip = patched(zip_of({{"name-1", "first"}, {"name-2", "second"}}), "name-2", "name-1");
  CHECK_FALSE(world.refused(zip).empty());
  CHECK(says(world.refused(zip_of({{"a", "x"}, {"./a", "y"}})), "two entries"));
  CHECK(says(world.refused(zip_of({{"a", "x"}, {"a/b", "y"}})), "no folder"));
  CHECK_FALSE(world.refused(zip_of({{"a/b", "x"}, {"a", "y"}})).empty());
}

TEST_CASE("links stay inside, and nothing is written through them", "[function code]") {
  World world;
  const auto link = [](const std::string& name, const std::string& target) {
    return ZipEntry{name, target, S_IFLNK | 0777};
  };
  CHECK(says(world.refused(zip_of({link("out", "../../target")})), "leaves its folder"));
  CHECK(says(world.refused(zip_of({link("out", "..")})), "leaves its folder"));
  CHECK(says(world.refused(zip_of({link("out", "/etc/passwd")})), "leaves its folder"));
  CHECK(says(world.refused(zip_of({link("dangling", "nothing")})), "No such file"));
  CHECK(says(world.refused(zip_of({link("a", "b"), link("b", "a")})), "symbolic links"));
  CHECK_FALSE(world.refused(zip_of({link("a", ""), {"x", ""}})).empty());
  // Each by itself stays inside, as its text says; the second leaves by way of the first.
  CHECK(says(world.refused(zip_of({{"d/e/f", "x"}, link("d/e/x", "../.."), link("y", "d/e/x/..")})),
             "y does not end in the zip"));
  // Written through: the parent is a folder in the zip's eyes, or the file the link itself.
  CHECK_FALSE(world.refused(zip_of({link("d", ".."), {"d/out.txt", "x"}})).empty());
  CHECK_FALSE(world.refused(zip_of({link("d", "../out.txt"), {"./d", "x"}})).empty());
  CHECK_FALSE(world.refused(zip_of({link("d", ".."), link("d/out", "x"), {"x", ""}})).empty());

  const auto folder = world.good({link("./", ".."),  // the folder itself, whatever it says
                                  {"lib/a.so.1", "lib"},
                                  link("lib/a.so", "a.so.1"),
                                  link("bin/a", "../lib/a.so"),
                                  link("all", "lib")});
  CHECK(text_of(folder / "bin/a") == "lib");
  CHECK(text_of(folder / "all/a.so") == "lib");
}

TEST_CASE("devices, pipes and sockets are refused", "[function code]") {
  World world;
  const auto mode = GENERATE(S_IFCHR | 0666, S_IFBLK | 0666, S_IFIFO | 0666, S_IFSOCK | 0666);
  CHECK(says(world.refused(zip_of({{"d", "", static_cast<std::uint32_t>(mode)}})), "neither"));
}

TEST_CASE("a zip that grows too large is refused while it does", "[function code]") {
  World world({.bytes_max = 100'000, .entries_max = 10});
  const std::string half(60'000, 'x');
  CHECK(says(world.refused(zip_of({{"a", half}, {"b", half}})), "more than 100000 bytes"));
  CHECK_FALSE(world.good({{"a", half}}).empty());
}

TEST_CASE("files and folders have a limit, also those that a name implies", "[function code]") {
  World world({.entries_max = 10});
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 11; ++i) entries.push_back({"file" + std::to_string(i), ""});
  CHECK(says(world.refused(zip_of(entries)), "more than 10 files"));
  CHECK(says(world.refused(zip_of({{"1/2/3/4/5/6/7/8/9/10/file", ""}})), "more than 10 files"));
  CHECK(says(world.refused(zip_of({{std::string(2000, 'x'), ""}})), "2000 bytes"));
}

TEST_CASE("bytes that are no zip, or a broken one, are refused", "[function code]") {
  World world;
  CHECK(says(world.refused("PK no zip"), "cannot be read"));
  CHECK(says(world.refused(""), "cannot be read"));
  const std::string text(1000, 't');
  CHECK_FALSE(world.refused(zip_of({{"a", "same"}, {"b", text}}).substr(0, 60)).empty());
  // The text is not what its checksum says.
  const std::string stored = "qzjxkvwpybfmgucltrnshoiade-0123456789";
  CHECK(says(world.refused(patched(zip_of({{"a", stored}}), "qzjx", "QZJX")), "cannot be read"));
}

TEST_CASE("code that is there is not unpacked again", "[function code]") {
  World world;
  const auto first = world.good({{"a", "1"}});
  std::ofstream(first / "made-by-worker") << "kept";
  CHECK(world.good({{"a", "1"}}) == first);
  CHECK(fs::exists(first / "made-by-worker"));
  CHECK(world.code.find(7, "a+b/c=") == first);
  CHECK_FALSE(world.code.find(8, "a+b/c="));
}

TEST_CASE("of many that unpack the same, all get a whole folder", "[function code]") {
  World world;
  const auto zip = zip_of({{"a", std::string(100'000, 'x')}, {"b", "end"}});
  std::vector<std::thread> threads;
  std::vector<FunctionCode::Folder> folders(8);
  for (auto& folder : folders) {
    threads.emplace_back([&] { folder = world.code.unpack(1, "sha", zip); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& folder : folders) {
    CHECK(folder.problem.empty());
    CHECK(text_of(folder.path / "b") == "end");
  }
  CHECK(std::distance(fs::directory_iterator(world.root), fs::directory_iterator()) == 1);
}

TEST_CASE("code that is no longer used is removed", "[function code]") {
  World world;
  const auto zip = zip_of({{"a", "1"}});
  for (const auto* sha256 : {"one", "two", "three"}) world.code.unpack(1, sha256, zip);
  world.code.unpack(11, "one", zip);
  const std::vector<std::string> used{"two"};
  REQUIRE(world.code.keep_only(1, used).empty());
  CHECK_FALSE(world.code.find(1, "one"));
  CHECK(world.code.find(1, "two"));
  CHECK_FALSE(world.code.find(1, "three"));
  CHECK(world.code.find(11, "one"));
  REQUIRE(world.code.keep_only(1, {}).empty());
  CHECK_FALSE(world.code.find(1, "two"));
  CHECK(std::distance(fs::directory_iterator(world.root), fs::directory_iterator()) == 1);
}

TEST_CASE("a start keeps nothing of what an earlier run left", "[function code]") {
  World world;
  const auto folder = world.good({{"a", "1"}});
  fs::create_directory(world.root / ".new-abcdef");
  FunctionCode next(world.root);
  REQUIRE(next.open().empty());
  CHECK(count_of(world.root) == 0);
}

TEST_CASE("a directory that cannot be used is named", "[function code]") {
  World world;
  std::ofstream(world.root / "file") << "x";
  FunctionCode code(world.root / "file");
  CHECK(says(code.open(), "file of unpacked code cannot be written"));
}
