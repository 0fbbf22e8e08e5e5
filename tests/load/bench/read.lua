-- Requests one URL path, as a page or as JSON. Environment: ADDRESS, ACCEPT, PAUSE (milliseconds
-- on average before each connection's next request), CLOSE (1 for a new connection each time).
wrk.headers["Accept"] = os.getenv("ACCEPT")
if os.getenv("CLOSE") then
  wrk.headers["Connection"] = "close"
end
local pause = tonumber(os.getenv("PAUSE"))
if pause then
  function delay() return math.random(0, 2 * pause) end -- or all would ask at once
end

function request()
  return wrk.format(nil, os.getenv("ADDRESS"))
end

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
