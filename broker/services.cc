#include "broker/services.h"

#include <initializer_list>

#include "broker/endpoints/endpoints.h"
#include "broker/functions/functions.h"
#include "broker/functions/mappings.h"
#include "broker/identity/identity.h"
#include "broker/schemas/schemas.h"

namespace signalbox::broker {

Services::Services(ServiceHost& host)
    : endpoints(std::make_unique<Endpoints>(host)),
      schemas(std::make_unique<schemas::Schemas>(host)),
      identity(std::make_unique<identity::Identity>(host)),
      functions(std::make_unique<functions::Functions>(host)),
      mappings(std::make_unique<functions::Mappings>(host, *functions)) {}

Services::~Services() = default;

std::string Services::load(const storage::View& view, Context& ctx) {
  for (Service* const service : std::initializer_list<Service*>{
           endpoints.get(), schemas.get(), identity.get(), functions.get(), mappings.get()}) {
    if (auto problem = service->load(view, ctx); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace signalbox::broker
