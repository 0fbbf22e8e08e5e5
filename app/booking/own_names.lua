-- Claim the plain key names for a site, unless another site has them.
-- KEYS: the owner key. ARGV: the site's id, time to live in seconds.
-- Returns the owner's id. A value that is not a site's id is overwritten.
local site, live = ARGV[1], tonumber(ARGV[2])
local owner = redis.pcall('GET', KEYS[1])

if type(owner) == 'string' and #owner == #site and string.match(owner, '^%x+$') and owner ~= site then
  local left = redis.call('TTL', KEYS[1])
  if left < 0 or left > live then
    redis.call('EXPIRE', KEYS[1], live)
  end
  return owner
end
redis.call('SET', KEYS[1], site, 'EX', live)
return site
