-- What all scripts of a waiting room begin with. KEYS[1]: the room's hash. ARGV[1]: its epoch.
local room, epoch = KEYS[1], ARGV[1]
local clock = redis.call('TIME')
local told = string.format('%d.%03d', clock[1], math.floor(clock[2] / 1000))
local now = tonumber(told)
local MOST_PACES = 40

-- An operator may have stored anything here.
if redis.pcall('HGET', room, 'epoch') ~= epoch then
  return { told, -1 }
end

local function get(field)
  return redis.call('HGET', room, field)
end

-- The last pace, and how many places have had their turn by now.
local function line()
  local paces = cjson.decode(get('paces') or '[]')
  local last = paces[#paces]
  return last, last[2] + last[3] * math.max(now - last[1], 0)
end

-- By how many seconds a turn moves if two paces become one. Places that had their turn keep it.
local function moved(first, second, third)
  local places = third[2] - first[2]
  if places <= 0 then
    return 0
  end
  local at = first[1] + (second[2] - first[2]) * (third[1] - first[1]) / places
  local reached = second[1]
  if first[3] > 0 then
    reached = math.min(reached, first[1] + (second[2] - first[2]) / first[3])
  end
  return math.max(math.abs(at - reached), math.abs(at - second[1]))
end

-- Make one of the two paces that differ least, until there are few.
local function merged(paces)
  while #paces > MOST_PACES do
    local best, least = 1, math.huge
    for i = 1, #paces - 2 do
      local by = moved(paces[i], paces[i + 1], paces[i + 2])
      if by < least then
        best, least = i, by
      end
    end
    local first, third = paces[best], table.remove(paces, best + 1) and paces[best + 1]
    local seconds = third[1] - first[1]
    first[3] = seconds > 0 and math.max(third[2] - first[2], 0) / seconds or 0
  end
  return paces
end

-- Keep the paces that tell of turns which may still be used, and add one.
local function turn_to(served, per_second)
  local paces, kept = cjson.decode(get('paces') or '[]'), {}
  local oldest = now - tonumber(get('lasts'))
  for i, pace in ipairs(paces) do
    local following = paces[i + 1]
    if not following or following[1] >= oldest then
      kept[#kept + 1] = pace
    end
  end
  kept[#kept + 1] = { now, served, per_second }
  kept = merged(kept)
  for i, pace in ipairs(kept) do
    kept[i] = string.format('[%.3f,%.3f,%.4f]', pace[1], pace[2], pace[3])
  end
  redis.call('HSET', room, 'paces', '[' .. table.concat(kept, ',') .. ']')
end
