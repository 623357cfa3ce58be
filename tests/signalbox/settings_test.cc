#include "signalbox/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "signalbox/settings_table.h"

using signalbox::DurabilityMode;
using signalbox::Environment;
using signalbox::parse_settings;
using signalbox::ParsedSettings;
using signalbox::Settings;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// A file of settings that is gone with the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    std::string path = (std::filesystem::temp_directory_path() / "signalbox-conf-XXXXXX").string();
    const int descriptor = mkstemp(path.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    path_ = path;
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Settings accepted(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  ParsedSettings parsed = parse_settings(arguments, environment);
  CHECK(parsed.error == "");
  return parsed.settings;
}

std::string refused(const std::vector<std::string>& arguments,
                    const Environment& environment = {}) {
  ParsedSettings parsed = parse_settings(arguments, environment);
  CHECK(parsed.error != "");
  return parsed.error;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a broker is the machine's own when every address it listens on is") {
  using signalbox::listens_on_loopback_only;
  CHECK(listens_on_loopback_only(accepted({})));
  CHECK(listens_on_loopback_only(accepted({"--listen", "127.1.2.3:1", "--listen", "[::1]:1"})));
  for (const char* address : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1"}) {
    CHECK_FALSE(listens_on_loopback_only(
        accepted({"--insecure-plaintext", "--listen", "127.0.0.1:1", "--listen", address})));
  }
}

TEST_CASE("nothing given means the documented defaults") {
  const Settings settings = accepted({});
  REQUIRE(settings.listen.size() == 2);
  CHECK(settings.listen[0] == std::pair<std::string, std::uint16_t>("127.0.0.1", 4566));
  CHECK(settings.listen[1] == std::pair<std::string, std::uint16_t>("::1", 4566));
  CHECK(settings.listen_is_default);
  CHECK(settings.data_dir == "./signalbox-data");
  CHECK(settings.region == "us-east-1");
  CHECK(settings.account == "000000000000");
  CHECK(settings.durability == DurabilityMode::sync);
  CHECK(settings.commit_queue_bytes == 64u << 20);
  CHECK(settings.body_bytes_max == 8u << 20);
  CHECK(settings.queue_window_messages == 1024);
  CHECK(settings.bus_log_retention == 24h);
  CHECK(settings.purge_cooldown == 60s);
  CHECK(settings.header_timeout == 10s);
  CHECK(settings.io_threads >= 1);
  CHECK_FALSE(settings.insecure_plaintext);
  CHECK_FALSE(settings.test_clock);
  CHECK_FALSE(settings.salvage);
}

TEST_CASE("every default of the table is a value the table accepts") {
  for (const auto& row : signalbox::settings_table()) {
    INFO(row.name);
    if (row.kind == signalbox::SettingKind::list) {
      for (const auto value : signalbox::split_list(row.default_text)) {
        Settings settings;
        CHECK(signalbox::store_setting(row, settings, value, true) == "");
      }
    } else if (!row.default_text.empty()) {
      Settings settings;
      CHECK(signalbox::store_setting(row, settings, row.default_text, true) == "");
    }
  }
}

TEST_CASE("a name stands once in the table, and no two settings share a variable") {
  std::set<std::string> names;
  for (const auto& row : signalbox::settings_table()) {
    CHECK(names.insert(signalbox::variable_name(row.name)).second);
  }
}

TEST_CASE("a flag takes its value behind a blank or behind an equals sign") {
  CHECK(accepted({"--account", "123456789012"}).account == "123456789012");
  CHECK(accepted({"--account=123456789012"}).account == "123456789012");
  CHECK(accepted({"--salvage"}).salvage);
  CHECK(accepted({"--salvage=on"}).salvage);
  CHECK_FALSE(accepted({"--salvage=off"}).salvage);
}

TEST_CASE("flags win over the environment and the environment over the file") {
  const ConfigFile file("region = eu-west-1\naccount = 111111111111\nworlds-max = 7\n");
  const Environment environment{{"SIGNALBOX_REGION", "eu-west-2"},
                                {"SIGNALBOX_ACCOUNT", "222222222222"}};
  const Settings settings =
      accepted({"--region", "eu-west-3", "--config", file.path()}, environment);
  CHECK(settings.region == "eu-west-3");
  CHECK(settings.account == "222222222222");
  CHECK(settings.worlds_max == 7);
}

TEST_CASE("a toggle of the file can be turned off by a flag") {
  const ConfigFile file("salvage = on\n");
  CHECK(accepted({"--config", file.path()}).salvage);
  CHECK_FALSE(accepted({"--config", file.path(), "--salvage=off"}).salvage);
}

TEST_CASE("a toggle's flag stands alone, or with on or off behind it") {
  CHECK(accepted({"--salvage", "--region", "eu-west-3"}).salvage);
  CHECK(accepted({"--salvage", "on", "--region", "eu-west-3"}).region == "eu-west-3");
  CHECK_FALSE(accepted({"--salvage", "off"}).salvage);
}

TEST_CASE("a list given in one place replaces the list of the places below it") {
  const ConfigFile file("listen = 127.0.0.1:1\nlisten = 127.0.0.1:2, 127.0.0.1:3\n");
  CHECK(accepted({"--config", file.path()}).listen.size() == 3);
  const Settings settings = accepted({"--config", file.path(), "--listen", "127.0.0.1:9"});
  REQUIRE(settings.listen.size() == 1);
  CHECK(settings.listen[0].second == 9);
  CHECK_FALSE(settings.listen_is_default);
}

TEST_CASE("the file may hold comments, empty lines and blanks around names and values") {
  const ConfigFile file("# a comment\n\n  region=eu-north-1  \r\n\tdata-dir =  /srv/a b\n");
  const Settings settings = accepted({"--config", file.path()});
  CHECK(settings.region == "eu-north-1");
  CHECK(settings.data_dir == "/srv/a b");
}

TEST_CASE("the environment can name the file, and a flag names another one") {
  const ConfigFile one("region = one\n");
  const ConfigFile two("region = two\n");
  const Environment environment{{"SIGNALBOX_CONFIG", one.path()}};
  CHECK(accepted({}, environment).region == "one");
  CHECK(accepted({"--config", two.path()}, environment).region == "two");
}

TEST_CASE("bytes may be written with KiB, MiB and GiB") {
  CHECK(accepted({"--wal-bytes-max", "1048576"}).wal_bytes_max == 1u << 20);
  CHECK(accepted({"--wal-bytes-max", "2048KiB"}).wal_bytes_max == 2u << 20);
  CHECK(accepted({"--wal-bytes-max", "2 MiB"}).wal_bytes_max == 2u << 20);
  CHECK(accepted({"--wal-bytes-max", "2GiB"}).wal_bytes_max == 2ull << 30);
}

TEST_CASE("durability takes sync, off and an interval") {
  CHECK(accepted({"--durability", "sync"}).durability == DurabilityMode::sync);
  CHECK(accepted({"--durability", "off"}).durability == DurabilityMode::off);
  const Settings settings = accepted({"--durability", "interval:250"});
  CHECK(settings.durability == DurabilityMode::interval);
  CHECK(settings.durability_interval == 250ms);
}

TEST_CASE("an interval from the file does not outlive another mode from a flag") {
  const ConfigFile file("durability = interval:250\n");
  const Settings settings = accepted({"--config", file.path(), "--durability", "sync"});
  CHECK(settings.durability == DurabilityMode::sync);
  CHECK(settings.durability_interval == 0ms);
}

TEST_CASE("no io thread count means half the cores and at least one") {
  CHECK(accepted({"--io-threads", "0"}).io_threads >= 1);
  CHECK(accepted({"--io-threads", "3"}).io_threads == 3);
}

TEST_CASE("hosts and origins are taken as the guard understands them") {
  const Settings settings = accepted({"--allowed-host", "Broker.Example.com,[::1], *.internal",
                                      "--allowed-origin", "null,https://a:1"});
  CHECK(settings.allowed_hosts ==
        std::vector<std::string>{"Broker.Example.com", "[::1]", "*.internal"});
  CHECK(settings.allowed_origins == std::vector<std::string>{"null", "https://a:1"});
}

TEST_CASE("numbers are accepted at their bounds and refused past them") {
  for (const auto& row : signalbox::settings_table()) {
    if (row.store_number == nullptr) continue;
    INFO(row.name);
    const std::string flag = "--" + std::string(row.name);
    accepted({flag, std::to_string(row.min)});
    accepted({flag, std::to_string(row.max)});
    CHECK_THAT(refused({flag, std::to_string(row.max + 1)}), Contains(" from "));
    if (row.min > 0) refused({flag, std::to_string(row.min - 1)});
    for (const char* text : {"", "-1", "+1", "1.5", "0x10", "1e3", "ten", "99999999999999999999"}) {
      INFO(text);
      CHECK_THAT(refused({flag, text}), Contains("must be a "));
    }
  }
}

TEST_CASE("a bad value is refused with where it stands and what it must be") {
  const std::vector<std::pair<std::string, std::string>> bad_values{
      {"account", "12"},
      {"account", "12345678901x"},
      {"account", "1234567890123"},
      {"region", "US-EAST-1"},
      {"region", ""},
      {"region", "a-region-name-that-is-far-too-long-to-be-one"},
      {"durability", "Sync"},
      {"durability", "none"},
      {"durability", "interval"},
      {"durability", "interval:"},
      {"durability", "interval:0"},
      {"durability", "interval:60001"},
      {"durability", "interval:5s"},
      {"listen", "127.0.0.1"},
      {"listen", ":4566"},
      {"listen", "127.0.0.1:"},
      {"listen", "127.0.0.1:65536"},
      {"listen", "::1:4566"},
      {"listen", "[::1]"},
      {"listen", "[127.0.0.1]:4566"},
      {"listen", "example.com:4566"},
      {"listen", "127.0.0.1:1,,nonsense"},
      {"listen", ","},
      {"allowed-host", "example.com:80"},
      {"allowed-host", "http://example.com"},
      {"allowed-host", "a b"},
      {"allowed-host", "[::zz]"},
      {"allowed-origin", "example.com"},
      {"allowed-origin", "https://"},
      {"allowed-origin", "https://example.com/path"},
      {"data-dir", ""},
      {"log-level", "trace"},
      {"log-format", "xml"},
      {"wal-bytes-max", "64 MB"},
      {"wal-bytes-max", "MiB"},
      {"wal-bytes-max", "17179869185GiB"},
      {"salvage", "yes"},
      {"salvage", "1"},
      {"test-clock", "ON"},
  };
  for (const auto& [name, value] : bad_values) {
    INFO(name << " = " << value);
    const std::string flag = fmt::format("--{}={}", name, value);
    CHECK_THAT(refused({flag}), StartsWith(flag + ": must be "));

    const std::string variable = signalbox::variable_name(name);
    CHECK_THAT(refused({}, {{variable, value}}),
               StartsWith(fmt::format("{}={}: must be ", variable, value)));

    const ConfigFile file(fmt::format("# first line\n{} = {}\n", name, value));
    CHECK_THAT(refused({"--config", file.path()}), StartsWith(file.path() + ":2: " + name + " ="));
  }
}

TEST_CASE("a bad value of the file is refused even when a flag wins over it") {
  const ConfigFile file("account = 12\n");
  CHECK_THAT(refused({"--config", file.path(), "--account", "123456789012"}), Contains(":1: "));
}

TEST_CASE("an unknown flag is refused with the nearest name") {
  CHECK_THAT(refused({"--acount", "1"}),
             Contains("--acount: no such setting. Did you mean account?"));
  CHECK_THAT(refused({"--colour", "blue"}), Contains("--help"));
  CHECK_THAT(refused({"--"}), Contains("no such setting"));
}

TEST_CASE("words that are no flags, missing values and repeated flags are refused") {
  CHECK_THAT(refused({"serve"}), StartsWith("serve: not a flag"));
  CHECK_THAT(refused({"--salvage", "no"}), StartsWith("no: not a flag"));
  CHECK_THAT(refused({"-v"}), StartsWith("-v: not a flag"));
  CHECK_THAT(refused({"--account"}), Contains("a value is missing; it must be 12 digits"));
  CHECK_THAT(refused({"--region", "a", "--region", "b"}), Contains("given twice"));
}

TEST_CASE("a line of the file that is no setting is refused with its number") {
  const ConfigFile no_equals("region = a\nnonsense\n");
  CHECK_THAT(refused({"--config", no_equals.path()}), Contains(":2: nonsense: not a setting"));
  const ConfigFile unknown("regoin = a\n");
  CHECK_THAT(refused({"--config", unknown.path()}), Contains("Did you mean region?"));
  const ConfigFile nested("config = other.conf\n");
  CHECK_THAT(refused({"--config", nested.path()}), Contains("cannot name another"));
  const ConfigFile twice("region = a\nregion = b\n");
  CHECK_THAT(refused({"--config", twice.path()}),
             Contains(":2: region = b: region is given twice"));
}

TEST_CASE("a file that is not there or is a directory is refused by name") {
  CHECK_THAT(refused({"--config", "/nonexistent/signalbox.conf"}),
             StartsWith("/nonexistent/signalbox.conf: cannot be read (No such file"));
  CHECK_THAT(refused({"--config", "/"}), StartsWith("/: cannot be read"));
}

TEST_CASE("an unknown variable is a warning, because cluster managers set some") {
  const ParsedSettings parsed = parse_settings({}, {{"SIGNALBOX_PORT", "tcp://10.0.0.1:4566"},
                                                    {"SIGNALBOX_REGION", "eu-west-1"},
                                                    {"HOME", "/root"}});
  CHECK(parsed.error == "");
  CHECK(parsed.settings.region == "eu-west-1");
  REQUIRE(parsed.warnings.size() == 1);
  CHECK_THAT(parsed.warnings[0], StartsWith("SIGNALBOX_PORT"));
}

TEST_CASE("an address other machines reach needs --insecure-plaintext") {
  for (const char* address :
       {"0.0.0.0:4566", "192.168.1.2:4566", "[::]:4566", "[fe80::1]:1", "127.0.0.1:1,10.0.0.1:1"}) {
    INFO(address);
    CHECK_THAT(refused({"--listen", address}), Contains("--insecure-plaintext"));
    accepted({"--listen", address, "--insecure-plaintext"});
  }
  for (const char* address :
       {"127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:4566"}) {
    INFO(address);
    accepted({"--listen", address});
  }
}

TEST_CASE("--help is seen and stops the reading") {
  CHECK(parse_settings({"--help"}, {}).help);
  CHECK(parse_settings({"--region", "a", "-h", "nonsense"}, {}).help);
}

TEST_CASE("help, sample and page name every setting") {
  for (const auto& row : signalbox::settings_table()) {
    INFO(row.name);
    CHECK_THAT(signalbox::settings_help(), Contains("  --" + std::string(row.name)));
    CHECK_THAT(signalbox::settings_markdown(), Contains("| `" + std::string(row.name) + "` |"));
    if (row.name == "config") continue;
    CHECK_THAT(signalbox::settings_sample(), Contains("\n#" + std::string(row.name) + " ="));
  }
}

TEST_CASE("the sample file is accepted, as it is and with every default taken in") {
  const std::string sample = signalbox::settings_sample();
  const ConfigFile as_it_is(sample);
  accepted({"--config", as_it_is.path()});

  std::string opened;
  std::istringstream lines(sample);
  for (std::string line; std::getline(lines, line);) {
    const bool is_setting = line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
    const bool has_value = is_setting && line.back() != '=';
    opened += (has_value ? line.substr(1) : line) + "\n";
  }
  const ConfigFile with_defaults(opened);
  const Settings settings = accepted({"--config", with_defaults.path()});
  CHECK(settings.listen == Settings().listen);
  CHECK(settings.body_bytes_max == Settings().body_bytes_max);
}

TEST_CASE("docs/settings.md is what the program prints") {
  const std::string page = file_text(SIGNALBOX_SOURCE_DIR "/docs/settings.md");
  INFO("build/release/signalbox settings --markdown > docs/settings.md");
  CHECK((page == signalbox::settings_markdown()));
}
