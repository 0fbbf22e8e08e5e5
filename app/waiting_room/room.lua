-- Look at a waiting room, or give somebody a number; open it when its time has come.
-- KEYS: the room's hash, the hash of its signed-in people's numbers.
-- ARGV: the room's epoch, version of its settings, Unix time of its opening, places a second (or
-- '~' and those with which a measured pace begins), seconds of a pass; then, to join: what the
-- browser adds to the draw, user id or '', the most who may have a number, and the user's number
-- that is used up, or ''.
-- Returns {this server's time in seconds, the number that was given or 0, since when it is theirs,
-- then the hash's fields and values}; {time, -1} if Redis does not hold the room of that epoch.
local people = KEYS[2]
local version, opens, rate, lasts = ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local opened = get('opened')
if tonumber(version) > tonumber(get('version') or -1) then
  local start = string.match(rate, '^~(.+)$')
  if start then
    local last = tonumber(get('rate') or 0)
    rate = last > 0 and last or get('measured') or start
    redis.call('HSET', room, 'measured', rate)
  end
  redis.call('HSET', room, 'version', version, 'rate', rate, 'lasts', lasts)
  if opened then
    local _, served = line()
    turn_to(served, tonumber(rate))
  end
end
rate = tonumber(get('rate'))
if now < tonumber(get('halted') or 0) then
  rate = 0
end

local arrived = tonumber(get('arrived'))
if not opened then
  redis.call('HSET', room, 'opens', opens)
  if now >= tonumber(opens) then
    opened = told
    redis.call('HSET', room, 'opened', told, 'lobby', arrived)
    turn_to(1, rate)
  end
end

local number, joined = 0, told
if ARGV[6] then
  local added, user, most = ARGV[6], ARGV[7], tonumber(ARGV[8])
  local known = user ~= '' and redis.call('HGET', people, user)
  local n, at = string.match(known or '', '^(%d+) ([%d.]+)$')
  if n and n ~= ARGV[9] then
    number, joined = tonumber(n), at
  elseif arrived < most then
    arrived = redis.call('HINCRBY', room, 'arrived', 1)
    number = arrived
    if user ~= '' then
      redis.call('HSET', people, user, number .. ' ' .. told)
    end
    if not opened then
      redis.call('HSET', room, 'mix', redis.sha1hex(get('mix') .. added))
    end
  end
end

if opened then
  -- The line waits for people: it may be no more than three seconds ahead of who has come, or a
  -- crowd that comes later would be let in at once.
  local last, served = line()
  local ahead = math.max(3 * rate, 1)
  if last[3] > 0 and served > arrived + ahead then
    turn_to(math.max(arrived + ahead, last[2]), 0)
  elseif last[3] > 0 and rate == 0 then
    turn_to(served, 0)
  elseif last[3] == 0 and rate > 0 and served < arrived then
    turn_to(served, rate)
  end
end

redis.call('HSET', room, 'looked', clock[1])
-- Two days after anybody was here, nothing is left of it in Redis.
redis.call('EXPIRE', room, 172800)
redis.call('EXPIRE', people, 172800)
local answer = redis.call('HGETALL', room)
table.insert(answer, 1, told)
table.insert(answer, 2, number)
table.insert(answer, 3, joined)
return answer
