-- Everybody joins a waiting room as a browser that brings nothing along.
-- Environment: ADDRESS, SITE.
wrk.method = "POST"
wrk.headers["Accept"] = "text/html"
wrk.headers["Origin"] = os.getenv("SITE")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.path = os.getenv("ADDRESS")
wrk.body = "" -- with a length, as browsers send it

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
