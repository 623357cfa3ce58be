// Asks a broker from the command line: its own paths, and operations of the AWS protocols as JSON.
// One thread; every call blocks.
#pragma once

#include <simdjson.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/command_line.h"
#include "signalbox/http_client.h"

namespace signalbox {

// An answer's JSON, or in problem why there is none, for a person to read.
struct BrokerReply {
  std::string problem;
  unsigned status = 0;  // 0: no answer came
  std::string body;
  simdjson::dom::element json;

  bool is_missing() const { return status == 404; }
  // It may answer when it is asked again: it is not there, or its store is not open.
  bool is_away() const { return status == 0 || status == 503; }
  // A member's value, or nothing.
  std::string_view text(std::string_view name) const;
  std::int64_t number(std::string_view name) const;

  std::unique_ptr<simdjson::dom::parser> parser;  // json lives in it
};

std::string_view member_text(simdjson::dom::element json, std::string_view name);
std::optional<std::int64_t> member_number(simdjson::dom::element json, std::string_view name);

class BrokerClient {
 public:
  BrokerClient(HttpAddress address, const BrokerOptions& options)
      : address_(std::move(address)), options_(options) {}

  using Parameters = std::vector<std::pair<std::string_view, std::string>>;
  // One of the broker's own paths, in the world that the options name.
  BrokerReply own(std::string_view method, std::string_view path, const Parameters& parameters = {},
                  std::string body = {});
  // The same of a GET that may take so much longer and whose answer is only in body: numbers in it
  // may be larger than json holds.
  BrokerReply own_text(std::string_view path, const Parameters& parameters,
                       std::chrono::seconds wait);

  // An operation as X-Amz-Target names it; an empty account or region is the broker's own.
  struct World {
    std::string account;
    std::string region;
  };
  BrokerReply operation(std::string_view target, std::string body, const World& world,
                        std::chrono::seconds wait = {});
  // In the world that the options name.
  BrokerReply operation(std::string_view target, std::string body);

  // An operation of Lambda, by its method and path, in the world that the options name.
  BrokerReply lambda(std::string_view method, std::string_view path);

  const std::string& endpoint_url() const { return options_.endpoint_url; }

 private:
  HttpQuestion own_question(std::string_view path, const Parameters& parameters) const;
  BrokerReply ask(const HttpQuestion& question, bool is_parsed = true);

  const HttpAddress address_;
  const BrokerOptions& options_;
};

}  // namespace signalbox
