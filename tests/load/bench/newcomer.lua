-- Newcomers: each sees the list, fetches what it is made of, sees an event, books as a guest and
-- sees the ticket, with a browser that brings nothing along. Whoever has booked is counted.
-- Environment: ASSETS (addresses, with spaces between), EVENT (its page), FORM (where it is sent),
-- SITE, SALT.
local pages = {Accept = "text/html"}
local sent = {
  Accept = "text/html", Origin = os.getenv("SITE"),
  ["Content-Type"] = "application/x-www-form-urlencoded"
}
local steps, tickets, step, number = {}, {}, 0, 0
booked, seen = 0, 0
threads = {}

local function get(address)
  local made = wrk.format("GET", address, pages)
  return function() return made end
end

local function book()
  number = number + 1
  local body = string.format(
    "idempotency_key=%s-%d-of-a-page&seats=1&name=Newcomer+%d&email=%s-%d%%40bench.example",
    os.getenv("SALT"), number, number, os.getenv("SALT"), number)
  return wrk.format("POST", os.getenv("FORM"), sent, body)
end

local function ticket()
  local address = table.remove(tickets, 1)
  return address and wrk.format("GET", address, pages)
end

function setup(thread) table.insert(threads, thread) end

function init()
  steps[1] = get("/")
  for address in os.getenv("ASSETS"):gmatch("%S+") do steps[#steps + 1] = get(address) end
  steps[#steps + 1] = get(os.getenv("EVENT"))
  steps[#steps + 1] = book
  steps[#steps + 1] = ticket
end

-- The steps of many people take turns; a ticket is asked for once its booking was answered.
function request()
  local made
  repeat
    step = step % #steps + 1
    made = steps[step]()
  until made
  return made
end

function response(status, headers)
  if status == 303 then
    booked = booked + 1
    tickets[#tickets + 1] = headers["Location"]
  end
end

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
  io.write(string.format("booked %d\n", threads[1]:get("booked")))
end
