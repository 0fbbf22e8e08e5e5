-- Set a waiting room's pace, unless its settings were changed meanwhile.
-- ARGV: the epoch, the version of its settings, places a second, '1' if that is measured. Returns 1 if they hold now.
if ARGV[2] ~= get('version') then
  return 0
end
local rate, before = tonumber(ARGV[3]), tonumber(get('rate'))
redis.call('HSET', room, 'rate', ARGV[3])
if ARGV[4] == '1' and rate > 0 then
  redis.call('HSET', room, 'measured', ARGV[3])
end
if now < tonumber(get('halted') or 0) then
  rate = 0
end
if get('opened') then
  -- A line that waits for people goes on when somebody has come.
  local last, served = line()
  if last[3] > 0 or (before == 0 and rate > 0) then
    turn_to(served, rate)
  end
end
return 1
