#include "protocol/query_dialect.h"

namespace signalbox::protocol {

namespace {

constexpr QueryDialect dialects[] = {
    {.service = Service::sqs,
     .version = "2012-11-05",
     .xml_namespace = "http://queue.amazonaws.com/doc/2012-11-05/",
     .has_flat_lists = true,
     .has_error_detail = true},
    {.service = Service::iam,
     .version = "2010-05-08",
     .xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/"},
    {.service = Service::sts,
     .version = "2011-06-15",
     .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/"},
};

}  // namespace

const QueryDialect& query_dialect(Service service) {
  for (const auto& dialect : dialects) {
    if (dialect.service == service) return dialect;
  }
  return dialects[0];
}

Service query_service(std::string_view signing_name, std::string_view version) {
  for (const auto& dialect : dialects) {
    if (service_name(dialect.service) == signing_name) return dialect.service;
  }
  for (const auto& dialect : dialects) {
    if (dialect.version == version) return dialect.service;
  }
  return Service::sqs;
}

}  // namespace signalbox::protocol
