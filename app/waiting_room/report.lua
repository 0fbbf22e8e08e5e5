-- Take what a process has seen in its last second; one process a second is told of all, and decides.
-- KEYS: the room's figures, the bits of the places that came, and of those that booked.
-- ARGV: epoch; the process; its strain, as numbers with spaces between them (the last two are the
-- seconds that the event's orders took, and how many there were); the seconds for which the event's
-- desk may be slow; '1' if nobody waits and nothing is strained; the first and the last place whose pass runs; the first and
-- the last of those whose turn was some time ago; how many have come; their places, then the places
-- of those who booked.
-- Returns {0}, or {1, the slowest strain, orders a second, came lately, came and booked in all, booked
-- of those whose pass runs, came of those some time ago, seconds for which the desk was slow, seconds
-- for which nobody waited and nothing was slow, 1 once a minute, the pace that was wanted last}.
local figures, came, booked = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local second = tonumber(clock[1])
local CAME_WITHIN, KEPT = 6, 172800

if redis.call('HGET', figures, 'epoch') ~= ARGV[1] then
  redis.call('DEL', figures, came, booked)
  redis.call('HSET', figures, 'epoch', ARGV[1])
end

local function get(field)
  return tonumber(redis.call('HGET', figures, field) or 0)
end

local function mark(key, from, to)
  local new = 0
  for i = from, to do
    new = new + 1 - redis.call('SETBIT', key, ARGV[i], 1)
  end
  return new
end

-- The bits from one place to another, both included.
local function count(key, from, to)
  local found = 0
  while from <= to and from % 8 ~= 0 do
    found, from = found + redis.call('GETBIT', key, from), from + 1
  end
  while from <= to and to % 8 ~= 7 do
    found, to = found + redis.call('GETBIT', key, to), to - 1
  end
  if from <= to then
    found = found + redis.call('BITCOUNT', key, from / 8, (to - 7) / 8)
  end
  return found
end

local first = 11
local new = mark(came, first, first + ARGV[10] - 1)
if new > 0 then
  redis.call('HINCRBY', figures, 'came', new)
end
local lately, seconds = 0, {}
for at, number in string.gmatch(redis.call('HGET', figures, 'lately') or '', '(%d+):(%d+)') do
  if second - at < CAME_WITHIN then
    lately = lately + number
    seconds[#seconds + 1] = at .. ':' .. number
  end
end
if new > 0 then
  lately = lately + new
  seconds[#seconds + 1] = second .. ':' .. new
end
redis.call('HSET', figures, 'lately', table.concat(seconds, ' '))
local more = mark(booked, first + ARGV[10], #ARGV)
if more > 0 then
  redis.call('HINCRBY', figures, 'booked', more)
end
redis.call('HSET', figures, 'of ' .. ARGV[2], second .. ' ' .. ARGV[3])
for _, key in ipairs(KEYS) do
  redis.call('EXPIRE', key, KEPT)
end
if get('second') == second then
  return { 0 }
end
redis.call('HSET', figures, 'second', second)

local slowest, orders = {}, 0
local all = redis.call('HGETALL', figures)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 3) == 'of ' then
    local parts = {}
    for part in string.gmatch(all[i + 1], '%S+') do
      parts[#parts + 1] = tonumber(part)
    end
    local age = second - parts[1]
    if age > 60 then
      redis.call('HDEL', figures, all[i])
    elseif age <= 2 then
      for j = 2, 5 do
        slowest[j - 1] = math.max(slowest[j - 1] or 0, parts[j])
      end
      orders = orders + parts[6]
    end
  end
end

local function since(field, holds)
  if not holds then
    redis.call('HDEL', figures, field)
    return 0
  end
  redis.call('HSETNX', figures, field, string.format('%.3f', now))
  return now - get(field)
end

local slow_for = since('slow_since', slowest[4] >= tonumber(ARGV[4]))
local calm_for = since('calm_since', ARGV[5] == '1' and slowest[4] < tonumber(ARGV[4]))
local minute = math.floor(second / 60)
local is_new = minute > get('minute')
if is_new then
  redis.call('HSET', figures, 'minute', minute)
end
return {
  1,
  string.format('%.3f %.3f %.3f %.3f', slowest[1], slowest[2], slowest[3], slowest[4]),
  orders,
  lately,
  get('came'),
  get('booked'),
  count(booked, tonumber(ARGV[6]), tonumber(ARGV[7])),
  count(came, tonumber(ARGV[8]), tonumber(ARGV[9])),
  string.format('%.3f', slow_for),
  string.format('%.3f', calm_for),
  is_new and 1 or 0,
  redis.call('HGET', figures, 'told wanted') or '0',
}
