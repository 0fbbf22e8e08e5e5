-- Requests one URL path, as a page or as JSON. Environment: ADDRESS, ACCEPT.
wrk.headers["Accept"] = os.getenv("ACCEPT")

function request()
  return wrk.format(nil, os.getenv("ADDRESS"))
end

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
