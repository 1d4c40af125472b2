-- rare: what few contacts need of a match, in which this stands (match.lua).

-- draw: one of 0 to n-1, the same for the same words wherever it is drawn.
local function draw(words, n) return tonumber(sub(redis.sha1hex(words), 1, 8), 16) % n end

-- PROBES: how many members are passed over that may not be chosen, before the first that may.
local PROBES = 50

local function may(m, skip) return not has(skip, sub(m, 38)) and stands(m, sub(m, 38)) end

-- by_chance: who is chosen where no score says whose turn it is. x, any of those admitted;
-- w, the more likely the greater their weight; b, of those who hold least, the one whom the
-- contact's id points to. best is the first of them all, and is there: so somebody is chosen.
local function by_chance(c, steps, best, skip)
  local letter = string.lower(sub(c.need, 1, 1))
  local classes, total = {}, 0
  local words = c.id .. (letter == 'b' and '' or '|' .. c.attempts)
  local from, upto = 0, 0
  if letter == 'w' then from, upto = 1, WEIGHT_MAX end
  for s = 1, #steps do
    for weight = from, upto do
      local prefix = c.need .. '|' .. steps[s] .. sub(best, 13, 16)
      if letter == 'w' then prefix = prefix .. format('%04d', weight) end
      if letter == 'b' then prefix = prefix .. sub(best, 17, 20) end
      local n = call('ZLEXCOUNT', K.available, '[' .. prefix, '(' .. prefix .. '~')
      if n > 0 then
        classes[#classes + 1] = { prefix = prefix, n = n, each = math.max(weight, 1) }
        total = total + n * math.max(weight, 1)
      end
    end
  end
  local at = draw(words, total)
  local i = 1
  while at >= classes[i].n * classes[i].each do
    at = at - classes[i].n * classes[i].each
    i = i + 1
  end
  at = math.floor(at / classes[i].each)
  for _ = 1, PROBES do
    local k = classes[i]
    k.first = k.first or call('ZRANK', K.available, head(K.available, '[' .. k.prefix, '(' .. k.prefix .. '~'))
    local m = call('ZRANGE', K.available, k.first + at, k.first + at)[1]
    if m and may(m, skip) then return m end
    at = at + 1
    if at >= k.n then i, at = i % #classes + 1, 0 end
  end
  return best
end

-- in_time: the score as a queue's target orders it: who has waited the greatest part of it first.
-- Who has a negative credit may have waited less than nothing.
local function in_time(score, target_ms)
  return sub(score, 1, 2) .. pad(5e15 - math.floor((now - tonumber(sub(score, 3, 18))) / target_ms * 1000000)) .. sub(score, 19)
end

-- taken: all agents whom a ring-all asks, in turn. best: the member of the first.
local function taken(c, best)
  local all, steps = {}, admitted(c)
  local most = math.min(ring_of(c.queue).ring_most or LEGS, LEGS)
  for i = 1, #steps do
    local prefix = c.need .. '|' .. steps[i] .. sub(best, 13, 15)
    local m, n = head(K.available, '[' .. prefix .. '|', '(' .. prefix .. '}'), 0
    while m and n < LEGS do
      if may(m, c.skip) then
        all[#all + 1], n = m, n + 1
      end
      m = head(K.available, '(' .. m, '(' .. prefix .. '}')
    end
  end
  table.sort(all, function(a, b) return sub(a, 17) < sub(b, 17) end)
  most = math.min(#all, most)
  if call('ZLEXCOUNT', K.waiting, '[' .. c.need .. '|', '(' .. c.need .. '}') >= 2 * #all then most = 1 end
  local ids = {}
  for i = 1, most do ids[i] = sub(all[i], 38) end
  return ids
end

-- member_of: the agent's in available, for the contact's need.
local function member_of(id, c)
  local a, spec = agent_of(id)
  for i = 1, #spec.places do
    if sub(spec.places[i], 1, 9) == c.need then
      return spec.places[i] .. '|' .. turn_score(string.lower(sub(c.need, 1, 2)), a, spec, i) .. '|' .. id
    end
  end
  return c.need .. '|00|00|0000' .. ZEROS .. '|' .. id -- theirs alone
end

-- wish: the first contact that the agent, who may be asked, may be asked for, and its key: one
-- that does not skip them, or nobody else for long enough, of a medium for which they have room.
-- By the order alone it may be another.
local function wish(id)
  local a, spec = agent_of(id)
  local media = open_media(a, spec)
  local was, m, key = tried, nil, nil
  tried = {}
  for f, last in pairs(was) do tried[f] = last end
  repeat
    m, key = first(spec)
    local c = m and contact_get(sub(m, 33))
    local fits = c and string.find(media, sub(c.need, 2, 2), 1, true)
    if fits and has(c.skip, id) then fits = now >= tonumber(c.again_at) and not turn(c, c.skip) end
    if m and not fits then tried[sub(m, 1, 12)] = sub(m, 14) end
  until fits or not m
  tried = was
  return m, key
end

rare = { wish = wish, by_chance = by_chance, in_time = in_time, taken = taken, member_of = member_of }
