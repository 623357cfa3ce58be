// How the process allocates memory: mimalloc, or glibc's own where a sanitizer brings its own.
#pragma once

namespace signalbox {

// Before any thread is started.
void set_up_allocator();

}  // namespace signalbox
