// What every way to refuse looks like on the wire: one row per broker::ErrorCode.
//
// Pure functions, thread safe.
#pragma once

#include <string>
#include <string_view>

#include "broker/error.h"
#include "protocol/wire.h"

namespace signalbox::protocol {

enum class Fault : std::uint8_t { sender, receiver };

struct ErrorShape {
  unsigned status = 400;
  // "__type" on the JSON wire. SQS names its namespace: com.amazonaws.sqs# for modelled errors,
  // com.amazon.coral.service# for the framework's own.
  std::string_view type = {};
  // <Code> on the Query wire, and the code of a failed batch entry.
  std::string_view query_code = {};
  Fault fault = Fault::sender;
  // Errors that come before the operation is known carry no x-amzn-query-error header.
  bool in_query_error_header = true;
};

ErrorShape error_shape(Service service, broker::ErrorCode code);

struct ErrorReply {
  unsigned status = 400;
  std::string body = {};
  // Value of the x-amzn-query-error header, "<code>;<Sender|Receiver>"; empty: none.
  std::string query_error = {};
  // Value of the x-amzn-ErrorType header of REST-JSON; empty: none.
  std::string_view error_type = {};
};

// {"__type":"...","message":"..."}; no message member when there is nothing to say. Both services
// spell it with a small m: every SDK reads that spelling for either. SQS adds the code of the Query
// wire, whether or not the request carried x-amzn-query-mode: true. The SDKs of the first year of
// its JSON wire do not send that, and read the code all the same.
ErrorReply json_error(Service service, const broker::Error& error);

// {"Message":"..."}, and the type in a header; Schemas has it in the body, too, as "Code".
ErrorReply rest_error(Service service, const broker::Error& error);

// <ErrorResponse>...</ErrorResponse>
ErrorReply query_error(Service service, const broker::Error& error, std::string_view request_id);

}  // namespace signalbox::protocol
