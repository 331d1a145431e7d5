-- wrk: POST one body over and over; prints the sums on one line.
local file = io.open(os.getenv("BODY"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE")
wrk.headers["SOAPAction"] = os.getenv("ACTION")
function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("SUMS %d %d %d %f %f\n", summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
