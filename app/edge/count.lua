-- Count in a fixed window, which begins with the first that is counted.
-- KEYS: the window. ARGV: its seconds, how many more (0 to look), the most that we would have counted.
-- Answers how many they are now. What is no count of ours, or has no end, is as if it were not there.
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
