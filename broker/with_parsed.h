// A look into a JSON text with the thread's own parser. Any thread.
#pragma once

#include <simdjson.h>

#include <string_view>
#include <utility>

namespace signalbox::broker {

// Calls use(element) when the text is JSON; returns its answer, or false for what is none. use must
// not come here again.
template <class Use>
bool with_parsed(std::string_view text, Use&& use) {
  // A parser keeps the memory its largest document took; past this it is given back.
  constexpr std::size_t parser_bytes_kept = 256 * 1024;
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  const bool parsed = parser.parse(text.data(), text.size()).get(element) == simdjson::SUCCESS;
  const bool used = parsed && std::forward<Use>(use)(element);
  if (parser.capacity() > parser_bytes_kept) parser = simdjson::dom::parser();
  return used;
}

}  // namespace signalbox::broker
