-- Give Redis back the state of a waiting room, unless it holds that room already.
-- KEYS: the room's hash, the hash of its signed-in people's numbers. ARGV: the epoch, then the other
-- fields and values.
if redis.pcall('HGET', KEYS[1], 'epoch') == ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'epoch', unpack(ARGV))
return 1
