#include "broker/destinations/records.h"

#include "broker/record.h"
#include "storage/keys.h"

namespace signalbox::broker {

namespace {

constexpr std::uint8_t connection_format = 1;
constexpr std::uint8_t secrets_format = 1;
constexpr std::uint8_t api_destination_format = 1;

bool complete(const RecordReader& record) { return !record.failed() && record.at_end(); }

template <class Parameters>
void write_list(RecordWriter& record, const std::optional<std::vector<Parameters>>& list) {
  record.u8(list ? 1 : 0);
  if (!list) return;
  record.u32(static_cast<std::uint32_t>(list->size()));
  for (const auto& each : *list) {
    record.optional(each.key).optional(each.value);
    record.u8(each.is_value_secret ? 1 : 0).u8(each.is_value_secret.value_or(false) ? 1 : 0);
  }
}

template <class Parameters>
void read_list(RecordReader& record, std::optional<std::vector<Parameters>>& list) {
  if (record.u8() == 0) return;
  list.emplace();
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    auto& each = list->emplace_back();
    each.key = record.optional();
    each.value = record.optional();
    const bool is_given = record.u8() != 0;
    const bool is_secret = record.u8() != 0;
    if (is_given) each.is_value_secret = is_secret;
  }
}

void write_parameters(RecordWriter& record, const api::ConnectionHttpParameters& parameters) {
  write_list(record, parameters.header_parameters);
  write_list(record, parameters.query_string_parameters);
  write_list(record, parameters.body_parameters);
}

void read_parameters(RecordReader& record, api::ConnectionHttpParameters& parameters) {
  read_list(record, parameters.header_parameters);
  read_list(record, parameters.query_string_parameters);
  read_list(record, parameters.body_parameters);
}

}  // namespace

std::string encode_connection(const Connection& connection) {
  Authorization shown = connection.authorization;
  take_secrets(shown);
  RecordWriter record;
  record.u8(connection_format).u32(connection.world->id).bytes(connection.name);
  record.bytes(connection.uuid).bytes(connection.secret_suffix);
  record.optional(connection.description).optional(connection.kms_key_identifier);
  record.optional(connection.connectivity);
  record.u8(static_cast<std::uint8_t>(connection.state)).optional(connection.state_reason);
  record.i64(connection.created_ms).i64(connection.modified_ms);
  record.optional(connection.authorized_ms);
  record.u8(static_cast<std::uint8_t>(shown.type)).optional(shown.name);
  record.bytes(shown.endpoint).bytes(shown.method);
  write_parameters(record, shown.token_parameters);
  write_parameters(record, shown.parameters);
  record.optional(shown.connectivity);
  return record.take();
}

bool decode_connection(std::string_view bytes, Connection& connection, std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != connection_format) return false;
  world_id = record.u32();
  connection.name = record.bytes();
  connection.uuid = record.bytes();
  connection.secret_suffix = record.bytes();
  connection.description = record.optional();
  connection.kms_key_identifier = record.optional();
  connection.connectivity = record.optional();
  const std::uint8_t state = record.u8();
  connection.state = static_cast<ConnectionState>(state);
  connection.state_reason = record.optional();
  connection.created_ms = record.i64();
  connection.modified_ms = record.i64();
  connection.authorized_ms = record.optional_i64();
  Authorization& authorization = connection.authorization;
  const std::uint8_t type = record.u8();
  authorization.type = static_cast<AuthorizationType>(type);
  authorization.name = record.optional();
  authorization.endpoint = record.bytes();
  authorization.method = record.bytes();
  read_parameters(record, authorization.token_parameters);
  read_parameters(record, authorization.parameters);
  authorization.connectivity = record.optional();
  return complete(record) && state <= static_cast<std::uint8_t>(ConnectionState::deauthorized) &&
         type <= static_cast<std::uint8_t>(AuthorizationType::oauth);
}

std::string secrets_key(std::uint64_t connection_id) {
  return storage::keys::secret("connection/" + std::to_string(connection_id));
}

std::string encode_secrets(const Connection& connection) {
  Authorization authorization = connection.authorization;
  const Secrets secrets = take_secrets(authorization);
  RecordWriter record;
  record.u8(secrets_format).u32(static_cast<std::uint32_t>(secrets.size()));
  for (const auto& secret : secrets) record.optional(secret);
  return record.take();
}

bool decode_secrets(std::string_view bytes, Connection& connection) {
  RecordReader record(bytes);
  if (record.u8() != secrets_format) return false;
  Secrets secrets;
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && !record.failed(); ++i) {
    secrets.push_back(record.optional());
  }
  return complete(record) && give_secrets(connection.authorization, std::move(secrets));
}

std::string encode_api_destination(const ApiDestination& destination) {
  RecordWriter record;
  record.u8(api_destination_format).u32(destination.world->id).bytes(destination.name);
  record.bytes(destination.uuid).optional(destination.description);
  record.bytes(destination.connection_arn).bytes(destination.endpoint).bytes(destination.method);
  record.i64(destination.rate_limit).i64(destination.created_ms).i64(destination.modified_ms);
  return record.take();
}

bool decode_api_destination(std::string_view bytes, ApiDestination& destination,
                            std::uint32_t& world_id) {
  RecordReader record(bytes);
  if (record.u8() != api_destination_format) return false;
  world_id = record.u32();
  destination.name = record.bytes();
  destination.uuid = record.bytes();
  destination.description = record.optional();
  destination.connection_arn = record.bytes();
  destination.endpoint = record.bytes();
  destination.method = record.bytes();
  destination.rate_limit = record.i64();
  destination.created_ms = record.i64();
  destination.modified_ms = record.i64();
  return complete(record) && destination.rate_limit > 0;
}

}  // namespace signalbox::broker
