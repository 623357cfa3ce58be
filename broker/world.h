// An account and region pair: a world of its own, with its own queues and buses.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace signalbox::broker {

struct Archive;
struct Bus;
struct ScheduleGroup;
struct Connection;
struct ApiDestination;
struct Queue;
struct Replay;
struct PartnerSource;

struct World {
  std::uint32_t id = 0;
  std::string account;
  std::string region;
  // Ordered by name: listings are pages of these. What they point to is owned by the Broker.
  std::map<std::string, Queue*, std::less<>> queues;
  std::map<std::string, Bus*, std::less<>> buses;
  std::map<std::string, ScheduleGroup*, std::less<>> schedule_groups;
  std::map<std::string, Connection*, std::less<>> connections;
  std::map<std::string, ApiDestination*, std::less<>> api_destinations;
  std::map<std::string, Archive*, std::less<>> archives;
  std::map<std::string, Replay*, std::less<>> replays;
  // Those that partners offer to this account, and those that it offers, by name and account.
  std::map<std::string, PartnerSource*, std::less<>> event_sources;
  std::map<std::string, std::map<std::string, PartnerSource*, std::less<>>, std::less<>>
      partner_sources;

  std::string arn(std::string_view service, std::string_view resource) const {
    std::string text = "arn:aws:";
    text.append(service).append(":").append(region).append(":").append(account).append(":");
    return text.append(resource);
  }
};

}  // namespace signalbox::broker
