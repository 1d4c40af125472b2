-- chance: who is chosen where no score says whose turn it is. Needs available.

-- draw: one of 0 to n-1, the same for the same words wherever it is drawn.
local function draw(words, n) return tonumber(sub(redis.sha1hex(words), 1, 8), 16) % n end

-- PROBES: how many members are passed over that may not be chosen, before the first that may.
local PROBES = 50

-- by_chance: x, any of those admitted; w, the more likely the greater their weight; b, of
-- those who hold least, the one whom the contact's id points to. best is the first of them
-- all, and is there: so somebody is chosen. may: may this member be chosen?
local function by_chance(letter, c, tier, steps, best, may)
  local classes, total = {}, 0
  local words = c.id .. (letter == 'b' and '' or '|' .. c.attempts)
  local from, upto = 0, 0
  if letter == 'w' then from, upto = 1, WEIGHT_MAX end
  for s = 1, #steps do
    for weight = from, upto do
      local prefix = tier .. steps[s] .. '|'
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
    if m and may(m) then return m end
    at = at + 1
    if at >= k.n then i, at = i % #classes + 1, 0 end
  end
  return best
end
