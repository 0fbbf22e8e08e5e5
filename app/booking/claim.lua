-- Claim seats for a batch of orders.
-- KEYS: the tokens key of each order's event.
-- ARGV: deadline (microseconds by this server's clock, 0 for none), then each order's seats.
-- Returns this server's time, then per order: 1 granted, 0 insufficient, -1 missing, -2 late.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local deadline = tonumber(ARGV[1])
local answer = { now }

for i, key in ipairs(KEYS) do
  local verdict = -1
  if deadline > 0 and now > deadline then
    -- The caller has timed out and asked the database instead: take nothing.
    verdict = -2
  else
    -- An operator may have stored anything here; only a plain number counts as tokens.
    local raw = redis.pcall('GET', key)
    if type(raw) == 'string' and #raw <= 15 and string.match(raw, '^%d+$') then
      local seats = tonumber(ARGV[i + 1])
      if tonumber(raw) >= seats then
        redis.call('DECRBY', key, seats)
        verdict = 1
      else
        verdict = 0
      end
    end
  end
  answer[i + 1] = verdict
end

return answer
