// Global endpoints: stored and shown. There is one machine, so there is nothing to fail over to,
// and PutEvents with an EndpointId goes to the bus it names. Core thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "broker/api/endpoints.h"
#include "broker/service.h"

namespace signalbox::broker {

class Endpoints final : public Service {
 public:
  explicit Endpoints(ServiceHost& host) : host_(host) {}
  std::string load(const storage::View& view, Context& ctx) override;

  Result<api::CreateEndpointResponse> create_endpoint(const api::CreateEndpointRequest&, Context&);
  Result<api::UpdateEndpointResponse> update_endpoint(const api::UpdateEndpointRequest&, Context&);
  Status delete_endpoint(const api::DeleteEndpointRequest&, Context&);
  Result<api::Endpoint> describe_endpoint(const api::DescribeEndpointRequest&, Context&);
  Result<api::ListEndpointsResponse> list_endpoints(const api::ListEndpointsRequest&, Context&);

 private:
  struct Stored {
    std::uint64_t id = 0;
    api::Endpoint shown;
  };
  using ByName = std::map<std::string, Stored, std::less<>>;

  // The caller's own.
  Result<ByName*> endpoints_of(Context& ctx);
  Result<Stored*> find_or_error(const std::string& name, Context& ctx);
  Status store(const Stored& endpoint, Context& ctx);

  ServiceHost& host_;
  std::map<std::uint32_t, ByName> by_world_;
};

}  // namespace signalbox::broker
