-- Publish the database's seat counters of some events, except where a newer version is known.
-- KEYS: tokens key and version key (same hash slot) of each event. Claims take from the tokens;
-- the version key also holds the seats as published, for display.
-- ARGV: time to live in seconds, then seats, version and incarnation of each event.
-- The same version may be published again: that repairs tokens lost or damaged since.
local live = ARGV[1]

for i = 1, #KEYS, 2 do
  local at = 2 + (i - 1) / 2 * 3
  local seats, version, incarnation = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local newer = false
  local known = redis.pcall('GET', KEYS[i + 1])
  if type(known) == 'string' then
    local life, latest = string.match(known, '^(%d+):(%d+):%d+$')
    newer = life == incarnation and tonumber(latest) > tonumber(version)
  end
  if not newer then
    redis.call('SET', KEYS[i], seats, 'EX', live)
    redis.call('SET', KEYS[i + 1], incarnation .. ':' .. version .. ':' .. seats, 'EX', live)
  end
end

return 1
