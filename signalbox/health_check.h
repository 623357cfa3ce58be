// `signalbox health`: one GET, for containers and scripts that have no curl.
#pragma once

#include <string>

namespace signalbox {

// url: http://HOST[:PORT]. Returns 0 when /_signalbox/health answers 200 there; else prints why not
// and returns 1.
int check_health(const std::string& url);

}  // namespace signalbox
