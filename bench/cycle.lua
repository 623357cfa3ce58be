-- Messages through a queue: each connection's next request is whatever keeps the pipe full, in tens.
-- Usage: wrk -s bench/cycle.lua URL -- QUEUE_NAME send|events [BUS_NAME]
--   send:   SendMessageBatch -> ReceiveMessage -> DeleteMessageBatch
--   events: PutEvents (one rule of the bus matches) -> ReceiveMessage -> DeleteMessageBatch
-- Counts what was deleted: delivered once, end to end.
package.path = (os.getenv("SIGNALBOX_BENCH_DIR") or "bench") .. "/?.lua;" .. package.path
local sdk = require("sdk_request")

local batch = 10
local threads = {}
local produce, receive, queue_url
local held = {}  -- lists of receipt handles to delete
-- Answers carry no request: which kind comes back is told by its content.
deleted, produced, failed = 0, 0, 0

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
      .. '"Detail": "{\\"orderId\\": \\"ord_%d\\", \\"total\\": 59.98, \\"text\\": \\"%s\\"}"}',
      bus, i, text)
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

function done(summary, latency)
  sdk.report(summary, latency, {deleted = sdk.sum(threads, "deleted"),
                                failed = sdk.sum(threads, "failed")})
end
