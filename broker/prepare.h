// What is done to a request on the io thread, before the core sees it: checks that need no state,
// hashing, encoding, matching. Pure functions of the request and this context.
#pragma once

#include "broker/api/names.h"
#include "broker/clock.h"
#include "broker/context.h"
#include "broker/ids.h"
#include "broker/receipt_handle.h"
#include "broker/result.h"

namespace signalbox::broker {

class RuleDirectory;
namespace api::schemas {
struct CreateSchemaRequest;
struct UpdateSchemaRequest;
}  // namespace api::schemas
namespace api::lambda {
struct CreateFunctionRequest;
struct InvokeRequest;
struct UpdateFunctionCodeRequest;
}  // namespace api::lambda

struct PrepareContext {
  Time wall;
  IdSource& ids;
  const Caller& caller;
  RuleDirectory& directory;
  const HandleKey& handle_key;
};

// Overloads exist for the requests that need it; the dispatcher calls the one that fits.
Status prepare(api::SendMessageRequest& request, PrepareContext& context);
Status prepare(api::SendMessageBatchRequest& request, PrepareContext& context);
Status prepare(api::ReceiveMessageRequest& request, PrepareContext& context);
Status prepare(api::DeleteMessageRequest& request, PrepareContext& context);
Status prepare(api::DeleteMessageBatchRequest& request, PrepareContext& context);
Status prepare(api::ChangeMessageVisibilityRequest& request, PrepareContext& context);
Status prepare(api::ChangeMessageVisibilityBatchRequest& request, PrepareContext& context);
Status prepare(api::EditMessageRequest& request, PrepareContext& context);
Status prepare(api::PutEventsRequest& request, PrepareContext& context);
Status prepare(api::schemas::CreateSchemaRequest& request, PrepareContext& context);
Status prepare(api::schemas::UpdateSchemaRequest& request, PrepareContext& context);
Status prepare(api::lambda::CreateFunctionRequest& request, PrepareContext& context);
Status prepare(api::lambda::UpdateFunctionCodeRequest& request, PrepareContext& context);
Status prepare(api::lambda::InvokeRequest& request, PrepareContext& context);

}  // namespace signalbox::broker
