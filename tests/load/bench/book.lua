-- Books one seat per request over a range of events, each with its own idempotency key.
-- Environment: ADMIN_KEY, FIRST and LAST (event ids), USERS (number of users, ids from 1), SALT,
-- KEYED (0 to send no idempotency keys), TYPES (ids of ticket types, to be booked in turn), CODES (of
-- vouchers, used in turn), PAUSE (milliseconds on average before each connection's next
-- request).
local first, last = tonumber(os.getenv("FIRST")), tonumber(os.getenv("LAST"))
local users, salt, number = tonumber(os.getenv("USERS")), os.getenv("SALT"), 0
local keyed = os.getenv("KEYED") ~= "0"
local types = {}
for id in string.gmatch(os.getenv("TYPES") or "", "%d+") do types[#types + 1] = id end
local codes = {}
for code in string.gmatch(os.getenv("CODES") or "", "%S+") do codes[#codes + 1] = code end
local pause = tonumber(os.getenv("PAUSE"))
if pause then
  function delay() return math.random(0, 2 * pause) end -- or all would ask at once
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Admin-Key"] = os.getenv("ADMIN_KEY")

function request()
  number = number + 1
  local event = first + (number * 7919) % (last - first + 1)
  local key = keyed and string.format(',"idempotency_key":"%s-%d"', salt, number) or ""
  local seats = '"seats":1'
  if #types > 0 then
    local type = types[1 + number % #types]
    seats = string.format('"items":[{"ticket_type_id":%s,"seats":1}]', type)
  end
  if #codes > 0 then
    seats = string.format('%s,"code":"%s"', seats, codes[1 + number % #codes])
  end
  local body = string.format(
    '{"user_id":%d,"event_id":%d,%s%s}', 1 + number % users, event, seats, key)
  return wrk.format(nil, "/bookings", nil, body)
end

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
