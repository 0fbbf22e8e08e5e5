-- Requests of people who are signed in, one after the other.
-- Environment: PEOPLE (a file: cookie, form token and booking, a line each), ADDRESS (`{booking}`
-- stands for the person's own), FORM (1 to book a seat there by the page's form), SALT.
local people, number = {}, 0
local address, form, salt = os.getenv("ADDRESS"), os.getenv("FORM") == "1", os.getenv("SALT")
for line in io.lines(os.getenv("PEOPLE")) do
  local cookie, token, booking = line:match("([^\t]+)\t([^\t]+)\t([^\t]+)")
  people[#people + 1] = {cookie = cookie, token = token, booking = booking}
end

function request()
  number = number + 1
  local person = people[1 + number % #people]
  local headers = {Accept = "text/html", Cookie = person.cookie}
  if not form then
    return wrk.format("GET", address:gsub("{booking}", person.booking), headers)
  end
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  headers["Origin"] = os.getenv("SITE")
  local body = string.format(
    "csrf_token=%s&idempotency_key=%s-%d-of-a-page&seats=1", person.token, salt, number)
  return wrk.format("POST", address, headers, body)
end

function done(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
