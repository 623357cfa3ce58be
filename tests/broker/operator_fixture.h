// What the tests of looking at queues and of changing single messages share.
#pragma once

#include <catch2/catch.hpp>

#include "broker/api/operator.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker::test {

using Bodies = std::vector<std::string>;

inline Bodies bodies_of(const std::vector<api::PeekedMessage>& messages) {
  Bodies all;
  for (const auto& message : messages) all.push_back(message.body);
  return all;
}

inline Bodies bodies_of(const std::vector<api::Message>& messages) {
  Bodies all;
  for (const auto& message : messages) all.push_back(message.body);
  return all;
}

class OperatorBroker : public TestBroker {
 public:
  using TestBroker::TestBroker;

  Reply<api::PeekMessagesResponse> peek_page(const std::string& queue, const std::string& state,
                                             std::optional<std::int64_t> limit = {},
                                             std::optional<std::string> next = {}) {
    api::PeekMessagesRequest request;
    request.queue = queue;
    request.state = state;
    request.limit = limit;
    request.next = std::move(next);
    return std::move(*start<&Broker::peek_messages>(request, false));
  }
  // All of them, over pages of so many.
  std::vector<api::PeekedMessage> peek(const std::string& queue,
                                       const std::string& state = "visible",
                                       std::int64_t page_size = 1000) {
    std::vector<api::PeekedMessage> all;
    std::optional<std::string> next;
    do {
      auto page = peek_page(queue, state, page_size, next);
      REQUIRE_FALSE(page.error);
      REQUIRE(page.released);
      REQUIRE(page.response.messages.size() <= static_cast<std::size_t>(page_size));
      for (auto& message : page.response.messages) all.push_back(std::move(message));
      next = page.response.next;
    } while (next);
    return all;
  }
  Bodies peek_bodies(const std::string& queue, const std::string& state = "visible",
                     std::int64_t page_size = 1000) {
    return bodies_of(peek(queue, state, page_size));
  }
  Reply<api::ChangedMessage> discard(const std::string& queue, const std::string& position,
                                     bool force = false) {
    api::DiscardMessageRequest request;
    request.queue = queue;
    request.position = position;
    request.force = force;
    return call<&Broker::discard_message>(request);
  }
  Reply<api::ChangedMessage> edit(const std::string& queue, const std::string& position,
                                  std::optional<std::string> body,
                                  std::optional<std::string> send_to = {}, bool force = false) {
    api::EditMessageRequest request;
    request.queue = queue;
    request.position = position;
    request.body = std::move(body);
    request.send_to = std::move(send_to);
    request.force = force;
    return call<&Broker::edit_message>(request);
  }
  std::string create_fifo(const std::string& name, api::StringMap attributes = {}) {
    attributes["FifoQueue"] = "true";
    attributes["ContentBasedDeduplication"] = "true";
    return create_queue(name, std::move(attributes));
  }
  void send_all(const std::string& queue, const Bodies& bodies,
                std::optional<std::string> group = {}) {
    for (const auto& body : bodies) {
      api::SendMessageRequest request;
      request.queue_url = queue;
      request.message_body = body;
      request.message_group_id = group;
      REQUIRE_FALSE(call<&Broker::send_message>(request).error);
    }
  }
  // Visible, in flight, delayed.
  std::vector<std::string> counts(const std::string& queue) {
    return {attribute(queue, "ApproximateNumberOfMessages"),
            attribute(queue, "ApproximateNumberOfMessagesNotVisible"),
            attribute(queue, "ApproximateNumberOfMessagesDelayed")};
  }
};

inline Bodies numbered(int count) {
  Bodies bodies;
  for (int i = 0; i < count; ++i) bodies.push_back("message " + std::to_string(i));
  return bodies;
}

}  // namespace signalbox::broker::test
