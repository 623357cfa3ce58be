// Who may talk to the server: the Host, Origin and listen address rules that hold from the start.
//
// A web page, or a name that an attacker points at 127.0.0.1 (DNS rebinding), reaches loopback as
// well as any local program does. What gives a browser away is the Host it asks for and the Origin
// it comes from. Pure functions over requests; immutable after construction, so any thread may ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/http_server.h"

namespace signalbox::protocol {

struct GuardSettings {
  // --allowed-host, beyond localhost, *.localhost, 127.0.0.0/8 and [::1], which are always allowed:
  // "broker.internal", "10.1.2.3", "[fd00::1]", "*.example.com" (any name below it, not itself) or
  // "*" (any host: DNS rebinding is then possible). Without a port; any port matches.
  std::vector<std::string> allowed_hosts;
  // --allowed-origin: "https://app.example.com", "http://localhost:3000", "null" or "*" (pages of
  // any site may then use the server through the browser of whoever can reach it).
  std::vector<std::string> allowed_origins;
};

class Guard {
 public:
  // Settings that do not pass check_settings match nothing.
  explicit Guard(const GuardSettings& settings);

  // An empty string, or which entry is malformed and how it should look.
  static std::string check_settings(const GuardSettings& settings);

  // An empty string, or the message of the 403 to answer with: it names the setting to use.
  std::string check(const HttpRequest& request) const;

  // Whether an allowed request is a CORS preflight, to be answered with preflight_reply and not to
  // be handled any further.
  static bool is_preflight(const HttpRequest& request);
  HttpReply preflight_reply(const HttpRequest& request) const;
  // Adds the CORS headers to the reply of an allowed request; nothing when it has no Origin.
  static void add_cors_headers(const HttpRequest& request, HttpReply& reply);

 private:
  bool is_allowed_host(std::string_view host) const;
  bool is_allowed_origin(std::string_view origin) const;

  bool is_any_host_allowed_ = false;
  bool is_any_origin_allowed_ = false;
  std::vector<std::string> hosts_;          // lower case
  std::vector<std::string> host_suffixes_;  // ".example.com", lower case
  std::vector<std::string> origins_;        // lower case, without a default port
};

// An empty string, or why the server does not listen there: anything but a loopback address needs
// --insecure-plaintext spelled out, since neither requests nor credentials are encrypted.
std::string check_listen(std::string_view address, bool is_insecure_plaintext_allowed);

// "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1".
bool is_loopback_literal(std::string_view address);

}  // namespace signalbox::protocol
