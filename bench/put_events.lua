-- PutEvents of ten events of about 1 KiB. Usage: wrk -s bench/put_events.lua URL -- BUS_NAME
package.path = (os.getenv("SIGNALBOX_BENCH_DIR") or "bench") .. "/?.lua;" .. package.path
local sdk = require("sdk_request")

local batch = 10
local variants = 16
local requests, next_request = {}, 0
local threads = {}
failed = 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  math.randomseed(1)
  for i = 1, variants do
    local entries = {}
    for n = 1, batch do
      entries[n] = string.format(
        '{"Source": "bench", "DetailType": "order.created", "EventBusName": "%s", '
        .. '"Detail": "{\\"orderId\\": \\"ord_%d\\", \\"total\\": 59.98, \\"text\\": \\"%s\\"}"}',
        arguments[1], n, sdk.text(900))
    end
    requests[i] = sdk.request("events", "PutEvents",
                              '{"Entries": [' .. table.concat(entries, ", ") .. ']}')
  end
end

function request()
  next_request = next_request % variants + 1
  return requests[next_request]
end

function response(status, _, body)
  if status ~= 200 or not body:find('"FailedEntryCount":0', 1, true) then failed = failed + 1 end
end

function done(summary, latency)
  sdk.report(summary, latency, {failed = sdk.sum(threads, "failed")})
end
