// What is done to an answer on the io thread, once its decision is durable: message bodies are read
// and receipt handles sealed.
#pragma once

#include "broker/api/sqs.h"
#include "broker/receipt_handle.h"
#include "storage/store.h"

namespace signalbox::broker {

struct StoredMessage;
namespace api::schemas {
struct CodeBindingRequest;
struct GetCodeBindingSourceResponse;
}  // namespace api::schemas

struct FinishContext {
  const storage::Store& store;
  const HandleKey& handle_key;
  storage::ReadTier tier;  // memory on the io thread; disk on a reader thread
};

enum class Finished : std::uint8_t {
  done,
  needs_disk,   // nothing was changed: call again with ReadTier::disk, on a reader thread
  read_failed,  // the disk answered with an error
};

// Fills messages from handed_out. A body that is gone by now (purged meanwhile) is left out, never
// sent empty; left_out counts them.
Finished finish(api::ReceiveMessageResponse& response, const api::ReceiveMessageRequest& request,
                const FinishContext& context, std::uint64_t& left_out);
// One of them. What it shows of the message's attributes is what the request names.
api::Message message_of(const StoredMessage& stored, const HandedOut& handed,
                        const api::ReceiveMessageRequest& request, const HandleKey& handle_key);
// Makes the body of the schema that the decision found.
Finished finish(api::schemas::GetCodeBindingSourceResponse& response,
                const api::schemas::CodeBindingRequest& request, const FinishContext& context,
                std::uint64_t& left_out);

}  // namespace signalbox::broker
