-- Publish the database's figure of one event, unless a newer one is known.
-- KEYS: tokens key, version key (one slot). Claims take from the tokens; beside the version stands
-- the figure as it was published, for those who show it.
-- ARGV: seats, version, incarnation, seconds to live.
-- The same version may be published again: that puts right tokens lost or damaged since.
local known = redis.pcall('GET', KEYS[2])
if type(known) == 'string' then
  local incarnation, version = string.match(known, '^(%d+):(%d+):%d+$')
  if incarnation == ARGV[3] and tonumber(version) > tonumber(ARGV[2]) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
redis.call('SET', KEYS[2], ARGV[3] .. ':' .. ARGV[2] .. ':' .. ARGV[1], 'EX', ARGV[4])
return 1
