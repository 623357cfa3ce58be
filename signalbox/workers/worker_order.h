// What a worker is to be: written by whoever knows the functions. Plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace signalbox::workers {

// A function's zip. Workers of one code share its folder.
struct WorkerCode {
  std::uint64_t function_id = 0;
  std::string sha256;  // base64: the service's CodeSha256
  // The zip's bytes; called when they are not unpacked yet, on a thread that may block. Empty:
  // there are none any more.
  std::function<std::string()> read;
};

struct WorkerOrder {
  std::uint64_t worker_id = 0;  // never used again
  std::string function_arn;     // without a version
  std::string version = "$LATEST";
  std::int64_t memory_size_mb = 128;
  std::string runtime;  // "python3.12", "nodejs20.x", "provided.al2023"; not needed with a command
  std::string handler;
  std::string runtime_api;   // HOST:PORT of the function's own port
  std::string endpoint_url;  // the broker, for the handler's SDK
  std::string log_group;     // "/aws/lambda/NAME"
  std::string log_stream;
  std::map<std::string, std::string> variables;  // the function's Environment
  // One of the two, or both: then the command runs in the folder of the code.
  std::optional<WorkerCode> code;
  std::vector<std::string> command;
  std::string directory;  // of a command without code; "": the broker's own
};

}  // namespace signalbox::workers
