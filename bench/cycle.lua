-- Messages through a queue: each connection's next request is whatever keeps the pipe full, in tens.
-- Usage: wrk -s bench/cycle.lua URL -- QUEUE_NAME send|events [BUS_NAME]
--   send:   SendMessageBatch -> ReceiveMessage -> DeleteMessageBatch
--   events: PutEvents (one rule of the bus matches) -> ReceiveMessage -> DeleteMessageBatch
-- Counts what was deleted: delivered once, end to end; for events also how long each took from the
-- moment its PutEvents was sent until it was received.
package.path = (os.getenv("SIGNALBOX_BENCH_DIR") or "bench") .. "/?.lua;" .. package.path
local sdk = require("sdk_request")
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } timespec_t; int clock_gettime(int, timespec_t *);")

local batch = 10
local threads = {}
local produce, receive, queue_url
local held = {}  -- lists of receipt handles to delete
-- Answers carry no request: which kind comes back is told by its content.
deleted, produced, failed = 0, 0, 0
-- How many events took how many tenths of a millisecond; all that took longer are in the last.
local took_max = 20000
took = {}

-- Microseconds since some fixed time: always 16 digits, so that a request keeps its length.
local time = ffi.new("timespec_t")
local function now_us()
  ffi.C.clock_gettime(0, time)
  return string.format("%016d", tonumber(time.s) * 1000000 + tonumber(time.ns) / 1000)
end
local no_time = string.rep("0", 16)

function setup(thread)
  threads[#threads + 1] = thread
end

local function send_batch(text)
  local entries = {}
  for i = 1, batch do
    entries[i] = string.format('{"Id": "e%d", "MessageBody": "%s"}', i, text)
  end
  return sdk.request("sqs", "SendMessageBatch", string.format(
    '{"QueueUrl": "%s", "Entries": [%s]}', queue_url, table.concat(entries, ", ")))
end

local function put_events(bus, text)
  local entries = {}
  for i = 1, batch do
    entries[i] = string.format(
      '{"Source": "bench", "DetailType": "order.created", "EventBusName": "%s", '
      .. '"Detail": "{\\"orderId\\": \\"ord_%d\\", \\"sent\\": \\"%s\\", \\"text\\": \\"%s\\"}"}',
      bus, i, no_time, text)
  end
  return sdk.request("events", "PutEvents", '{"Entries": [' .. table.concat(entries, ", ") .. ']}')
end

function init(arguments)
  math.randomseed(1)
  queue_url = "http://127.0.0.1/000000000000/" .. arguments[1]
  if arguments[2] == "events" then
    produce = put_events(arguments[3], sdk.text(900))
  else
    produce = send_batch(sdk.text(1024))
  end
  receive = sdk.request("sqs", "ReceiveMessage", string.format(
    '{"QueueUrl": "%s", "MaxNumberOfMessages": 10}', queue_url))
end

local function delete_batch(handles)
  local entries = {}
  for i, handle in ipairs(handles) do
    entries[i] = string.format('{"Id": "d%d", "ReceiptHandle": "%s"}', i, handle)
  end
  return sdk.request("sqs", "DeleteMessageBatch", string.format(
    '{"QueueUrl": "%s", "Entries": [%s]}', queue_url, table.concat(entries, ", ")))
end

local receiving = 0  -- messages that receives under way will take
function request()
  if #held > 0 then return delete_batch(table.remove(held)) end
  if produced - deleted - receiving >= batch * 4 then
    receiving = receiving + batch
    return receive
  end
  if produce:find(no_time, 1, true) then return (produce:gsub(no_time, now_us())) end
  return produce
end

function response(status, _, body)
  if status ~= 200 then
    failed = failed + 1
    return
  end
  if body:find('"ReceiptHandle"', 1, true) then
    local handles = {}
    for handle in body:gmatch('"ReceiptHandle"%s*:%s*"([^"]+)"') do
      handles[#handles + 1] = handle
    end
    local now = tonumber(now_us())
    for sent in body:gmatch('sent\\":\\"(%d+)') do
      local tenths = math.min(math.floor((now - tonumber(sent)) / 100), took_max)
      took[tenths] = (took[tenths] or 0) + 1
    end
    held[#held + 1] = handles
    receiving = receiving - batch
  elseif body == "{}" then
    receiving = receiving - batch
  elseif body:find('"MessageId"', 1, true) or body:find('"EventId"', 1, true) then
    produced = produced + batch
  else
    for _ in body:gmatch('"Id"') do deleted = deleted + 1 end
  end
end

-- Milliseconds within which that share of the events came; 0 when there were none.
local function took_ms(share)
  local counts, total = {}, 0
  for _, thread in ipairs(threads) do
    for tenths, count in pairs(thread:get("took")) do
      counts[tenths] = (counts[tenths] or 0) + count
      total = total + count
    end
  end
  local seen = 0
  for tenths = 0, took_max do
    seen = seen + (counts[tenths] or 0)
    if total > 0 and seen >= total * share then return tenths / 10 end
  end
  return 0
end

function done(summary, latency)
  sdk.report(summary, latency, {deleted = sdk.sum(threads, "deleted"),
                                failed = sdk.sum(threads, "failed"),
                                took_p50_ms = took_ms(0.5), took_p99_ms = took_ms(0.99)})
end
