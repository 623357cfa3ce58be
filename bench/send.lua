-- SendMessage of 1 KiB. Usage: wrk -s bench/send.lua URL -- QUEUE_NAME [BODY_BYTES]
package.path = (os.getenv("SIGNALBOX_BENCH_DIR") or "bench") .. "/?.lua;" .. package.path
local sdk = require("sdk_request")

local variants = 64
local requests, next_request = {}, 0

function init(arguments)
  math.randomseed(1)
  local body_bytes = tonumber(arguments[2] or 1024)
  for i = 1, variants do
    requests[i] = sdk.request("sqs", "SendMessage", string.format(
      '{"QueueUrl": "http://127.0.0.1/000000000000/%s", "MessageBody": "%s"}', arguments[1],
      sdk.text(body_bytes)))
  end
end

function request()
  next_request = next_request % variants + 1
  return requests[next_request]
end

function done(summary, latency)
  sdk.report(summary, latency)
end
