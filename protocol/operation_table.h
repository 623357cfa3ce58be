// Which operation a request asks for, and the types it takes and gives.
//
// An operation is a member function of the broker or of a service of it; its request and response
// types are read off the function's signature, and their fields() drive every codec. The table is
// immutable: any thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "broker/api/fields.h"
#include "broker/context.h"
#include "broker/result.h"
#include "broker/validate.h"
#include "protocol/json_codec.h"
#include "protocol/query_codec.h"
#include "protocol/rest_codec.h"
#include "protocol/wire.h"

namespace signalbox::protocol {

namespace operation {

// What the function's return type carries to the client.
template <class Returned>
struct ResponseOf;
template <class T>
struct ResponseOf<broker::Answer<T>> {
  using Type = T;
};
template <class T>
struct ResponseOf<broker::Result<T>> {
  using Type = std::conditional_t<std::is_void_v<T>, broker::api::Empty, T>;
};

template <class Function>
struct Signature;
template <class Returned, class Owner_, class Request_>
struct Signature<Returned (Owner_::*)(const Request_&, broker::Context&)> {
  using Owner = Owner_;
  using Request = Request_;
  using Response = typename ResponseOf<Returned>::Type;
  // Whether the function may ask to be run again: for keys or for something to happen.
  static constexpr bool may_rerun = std::is_same_v<Returned, broker::Answer<Response>>;
};
template <class Returned, class Owner, class Request_>
struct Signature<Returned (Owner::*)(const Request_&, broker::Context&) const>
    : Signature<Returned (Owner::*)(const Request_&, broker::Context&)> {};

}  // namespace operation

// OperationTraits<&Broker::send_message>::Request is SendMessageRequest. Status functions answer
// Empty.
template <auto function>
struct OperationTraits : operation::Signature<decltype(function)> {
  static_assert(broker::api::Described<typename operation::Signature<decltype(function)>::Request>);
  static_assert(
      broker::api::Described<typename operation::Signature<decltype(function)>::Response>);
};

// What the table says of an operation besides its function. A row type derives from it and adds the
// type-erased functions made from OperationTraits.
struct OperationRow {
  Service service;
  std::string_view name;   // as in X-Amz-Target and Action
  bool read_only = false;  // changes nothing: answered also when the store accepts no writes
  bool may_wait = false;   // a long poll
  // REST-JSON alone: the method, the path with its labels, and the status of a success.
  std::string_view method = {};
  std::string_view path = {};
  unsigned success_status = 200;
  // Of a success whose body is no JSON; empty: as its wire has it.
  std::string_view content_type = {};
};

constexpr bool row_less(const OperationRow& left, const OperationRow& right) {
  return left.service != right.service ? left.service < right.service : left.name < right.name;
}

// A table is an array of rows for which this holds: static_assert it.
template <class Rows>
constexpr bool is_operation_table(const Rows& rows) {
  const auto not_less = [](const OperationRow& left, const OperationRow& right) {
    return !row_less(left, right);
  };
  return std::adjacent_find(rows.begin(), rows.end(), not_less) == rows.end();
}

// Null: the service has no such operation. Names are case sensitive.
template <class Rows>
constexpr auto find_operation(const Rows& rows, Service service, std::string_view name)
    -> decltype(&*rows.begin()) {
  const OperationRow wanted{.service = service, .name = name};
  const auto found = std::lower_bound(rows.begin(), rows.end(), wanted, row_less);
  return found == rows.end() || row_less(wanted, *found) ? nullptr : &*found;
}

// The operation whose method and path template fit; of several the one with the longest literal
// text. path is percent-encoded, without the query. Null: the service has none.
template <class Rows>
constexpr auto find_rest_operation(const Rows& rows, Service service, std::string_view method,
                                   std::string_view path) -> decltype(&*rows.begin()) {
  decltype(&*rows.begin()) best = nullptr;
  for (const auto& row : rows) {
    if (row.service != service || row.method != method || !fits_path(row.path, path)) continue;
    if (best == nullptr || literal_length(best->path) < literal_length(row.path)) best = &row;
  }
  return best;
}

// A request's content in the form its wire has.
struct WireRequest {
  Service service = Service::sqs;
  Wire wire = Wire::json_1_0;
  std::string_view body = {};                   // the JSON wires
  const QueryParameters* parameters = nullptr;  // the Query wire
  const RestParts* rest = nullptr;              // REST-JSON, beside the body
};

// Whether a body is raw bytes: those of one member.
template <broker::api::Described T>
constexpr bool is_payload() {
  bool found = false;
  broker::api::for_each_field<T>([&](const auto& field) {
    found = found || field.traits.location == broker::api::Location::payload;
  });
  return found;
}

namespace payload {

inline void take(std::string_view body, broker::api::Blob& blob) { blob.bytes = body; }
// An empty body is none.
inline void take(std::string_view body, std::optional<broker::api::Blob>& blob) {
  if (!body.empty()) blob.emplace().bytes = body;
}
inline void append(const broker::api::Blob& blob, std::string& out) { out += blob.bytes; }
inline void append(const std::optional<broker::api::Blob>& blob, std::string& out) {
  if (blob) out += blob->bytes;
}

// Calls visit(member) for the one.
template <broker::api::Described T, class Visit>
void visit(T& value, Visit&& visit) {
  broker::api::for_each_field<std::remove_const_t<T>>([&](const auto& field) {
    auto& member = value.*(field.member);
    if constexpr (requires { visit(member); }) {
      if (field.traits.location == broker::api::Location::payload) visit(member);
    }
  });
}

}  // namespace payload

// Decodes a request and checks it against its model. The error is the service's: malformed, wrongly
// typed, MissingParameter of SQS, ValidationException of EventBridge.
template <broker::api::Described T>
std::optional<broker::Error> decode_request(const WireRequest& request, T& out) {
  broker::MissingMembers missing;
  std::optional<DecodeError> error;
  if constexpr (is_payload<T>()) {
    payload::visit(
        out, [&](auto& member) requires requires { payload::take({}, member); } {
          payload::take(request.body, member);
        });
  } else {
    error = request.wire == Wire::query ? decode_query(*request.parameters, out, missing)
                                        : decode_json(request.body, out, missing);
  }
  if (!error && request.wire == Wire::rest_json) error = decode_rest(*request.rest, out, missing);
  if (error) {
    // These always say something, where others leave it to the error's name.
    const bool has_words =
        request.service == Service::schemas || request.service == Service::lambda;
    if (has_words && error->message.empty()) error->message = error->detail;
    return to_error(std::move(*error));
  }
  if (request.service == Service::sqs) return broker::missing_parameter(missing);
  return broker::validate(out, missing);
}

// Appends the body of a reply. Status functions' Empty is an empty body on the JSON wires of SQS
// and EventBridge alike, and an empty object of REST-JSON.
template <broker::api::Described T>
void encode_reply(Service service, Wire wire, std::string_view operation, const T& response,
                  std::string_view request_id, std::string& out) {
  if constexpr (is_payload<T>()) {
    payload::visit(
        response, [&](const auto& member) requires requires { payload::append(member, out); } {
          payload::append(member, out);
        });
  } else if (wire == Wire::query) {
    encode_query_reply(query_dialect(service), operation, response, request_id, out);
  } else if (std::tuple_size_v<decltype(T::fields())> > 0 || wire == Wire::rest_json) {
    encode_json(response, out);
  }
}

namespace head {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline void add(std::string_view name, const std::string& value, Headers& headers) {
  headers.emplace_back(name, value);
}
inline void add(std::string_view name, const std::optional<std::string>& value, Headers& headers) {
  if (value) headers.emplace_back(name, *value);
}

}  // namespace head

// What a response says in its head: headers, and a status instead of the operation's usual one.
template <broker::api::Described T>
void encode_head(const T& response, unsigned& status, head::Headers& headers) {
  broker::api::for_each_field<T>([&](const auto& field) {
    const auto& member = response.*(field.member);
    if constexpr (requires { head::add({}, member, headers); }) {
      if (field.traits.location == broker::api::Location::header) {
        head::add(field.location_name(), member, headers);
      }
    }
    if constexpr (requires { status = static_cast<unsigned>(*member); }) {
      if (field.traits.location == broker::api::Location::status && member) {
        status = static_cast<unsigned>(*member);
      }
    }
  });
}

// Splits an X-Amz-Target: "AmazonSQS.SendMessage", "AWSEvents.PutEvents". AmazonEventBridge is
// accepted for AWSEvents, as some clients' documentation has it.
struct Target {
  Service service;
  std::string_view operation;
};
std::optional<Target> parse_target(std::string_view x_amz_target);

}  // namespace signalbox::protocol
