// The command `order_service place`.
#pragma once

namespace shop {

// Puts order.created on the bus, which is where the running order service learns of it, and prints
// the event's id. Returns the exit status.
int place_order(int argc, char** argv);

}  // namespace shop
