// Types that the Broker's declarations name and do not look into.
#pragma once

#include <cstdint>

namespace signalbox::broker {

struct ApiDestination;
struct AuthorizationRules;
struct BusAction;
struct Connection;
struct DeadLetter;
struct DeliverySource;
struct DestinationState;
struct Firing;
struct LogOf;
struct MessageRecord;
struct PartnerSource;
struct PeekPlan;
struct PlannedMove;
struct ReceivePlan;
struct ReplayPlan;
class ReplayReading;
struct Schedule;
enum class SourceState : std::uint8_t;
struct Tagged;
struct TokenFailure;
struct TokenSource;

}  // namespace signalbox::broker
