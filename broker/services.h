// The services that keep a state of their own (service.h): whose member an operation is, by its
// type.
#pragma once

#include <memory>
#include <string>

#include "broker/service.h"
#include "storage/store.h"

namespace signalbox::broker {

class Endpoints;
namespace schemas {
class Schemas;
}
namespace identity {
class Identity;
}
namespace functions {
class Functions;
class Mappings;
}  // namespace functions

struct Services {
  explicit Services(ServiceHost& host);
  ~Services();
  // Rebuilds all of them. Returns an empty string, or what cannot be understood and in which key.
  std::string load(const storage::View& view, Context& ctx);

  Endpoints& part(const Endpoints*) { return *endpoints; }
  schemas::Schemas& part(const schemas::Schemas*) { return *schemas; }
  identity::Identity& part(const identity::Identity*) { return *identity; }
  functions::Functions& part(const functions::Functions*) { return *functions; }
  functions::Mappings& part(const functions::Mappings*) { return *mappings; }

  const std::unique_ptr<Endpoints> endpoints;
  const std::unique_ptr<schemas::Schemas> schemas;
  const std::unique_ptr<identity::Identity> identity;
  const std::unique_ptr<functions::Functions> functions;
  const std::unique_ptr<functions::Mappings> mappings;
};

}  // namespace signalbox::broker
