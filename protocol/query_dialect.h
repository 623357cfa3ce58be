// What the services that speak the Query wire do differently on it, and which of them a request is
// for. Pure functions, thread safe.
#pragma once

#include <string_view>

#include "protocol/wire.h"

namespace signalbox::protocol {

struct QueryDialect {
  Service service;
  std::string_view version;  // of its API, as requests carry it
  std::string_view xml_namespace;
  // Answers have lists as <Role>..</Role><Role>..</Role> under a name of their own; otherwise as
  // <Roles><member>..</member></Roles>.
  bool has_flat_lists = false;
  // Errors have an empty Detail element.
  bool has_error_detail = false;
};

// Of a service that does not speak it: SQS's.
const QueryDialect& query_dialect(Service service);

// The service of that signing name, else of that API version, else SQS: the first to be served, its
// clients may send neither.
Service query_service(std::string_view signing_name, std::string_view version);

}  // namespace signalbox::protocol
