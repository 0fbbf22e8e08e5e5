-- Take the plain names for a site, unless another has them.
-- KEYS: the key that says whose they are. ARGV: the site's id, seconds for which it holds.
-- Answers whose they are now. What is no site's id belongs to nobody.
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
