-- Count in a fixed window, which starts with its first count.
-- KEYS: the counter. ARGV: the window in seconds, the increment (0 to read), the highest valid one.
-- Returns the current count. A value that is no valid count, or that never expires, is discarded.
local seconds, amount, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.pcall('GET', KEYS[1])
local count = nil

if type(known) == 'string' and #known <= 12 and string.match(known, '^%-?%d+$') then
  count = tonumber(known)
end
if count ~= nil then
  local left = redis.call('TTL', KEYS[1])
  if left < 0 or left > seconds or count > most or count < -most then
    count = nil
  end
end
if count == nil and known then
  redis.call('DEL', KEYS[1])
end
if amount == 0 then
  return count or 0
end
local now = redis.call('INCRBY', KEYS[1], amount)
if count == nil then
  redis.call('EXPIRE', KEYS[1], seconds)
end
return now
