-- Requests as an AWS SDK sends them: signed-looking, with the headers botocore adds.
local sdk = {}

local services = {
  sqs = {target = "AmazonSQS.", content_type = "application/x-amz-json-1.0"},
  events = {target = "AWSEvents.", content_type = "application/x-amz-json-1.1"},
}

function sdk.request(service, operation, body)
  local kind = services[service]
  return wrk.format("POST", "/", {
    ["X-Amz-Target"] = kind.target .. operation,
    ["Content-Type"] = kind.content_type,
    ["User-Agent"] = "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux#6.1.0 md/arch#x86_64 "
      .. "lang/python#3.11.2 md/pyimpl#CPython m/b,Z,E,D cfg/retry-mode#legacy Botocore/1.44.8",
    ["x-amzn-query-mode"] = service == "sqs" and "true" or nil,
    ["X-Amz-Date"] = "20260101T000000Z",
    ["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/"
      .. service .. "/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target"
      .. (service == "sqs" and ";x-amzn-query-mode" or "") .. ", Signature="
      .. "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ["amz-sdk-invocation-id"] = "f2e0f8a6-7a0b-4a3a-9f0e-0a5b4b7f3c11",
    ["amz-sdk-request"] = "attempt=1",
  }, body)
end

-- Text that does not compress, drawn from a fixed seed so that every run sends the same.
function sdk.text(bytes)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local letters = {}
  for i = 1, bytes do
    local at = math.random(#alphabet)
    letters[i] = alphabet:sub(at, at)
  end
  return table.concat(letters)
end

-- Sums a global of every thread; call in done().
function sdk.sum(threads, name)
  local total = 0
  for _, thread in ipairs(threads) do total = total + (thread:get(name) or 0) end
  return total
end

-- One line for bench.py.
function sdk.report(summary, latency, extra)
  local errors = summary.errors
  local fields = {
    string.format('"requests":%d', summary.requests),
    string.format('"seconds":%.6f', summary.duration / 1e6),
    string.format('"p50_ms":%.3f', latency:percentile(50) / 1e3),
    string.format('"p99_ms":%.3f', latency:percentile(99) / 1e3),
    string.format('"errors":%d', errors.connect + errors.read + errors.write + errors.status
      + errors.timeout),
  }
  for name, value in pairs(extra or {}) do
    fields[#fields + 1] = string.format('"%s":%s', name, tostring(value))
  end
  io.write("RESULT {", table.concat(fields, ","), "}\n")
end

return sdk
