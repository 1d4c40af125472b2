-- match: bring together who waits longest and whose turn it is.
-- KEYS meta dir contacts waiting available agents offers deadlines work claims journal counts
-- ARGV  1 cause (a work id, or '')  2 agent|need  3 its id
-- gives ok offer...;  O(places · log n) for each offer, MATCHES offers at most, then a further work entry
--
-- A pair is stable: the agent is the one whose turn it is for the contact, the
-- contact is the one that waits longest of all that the agent may serve. It is
-- found by going from one to the other: each step leads to a contact that has
-- waited longer, so it ends. The index is a hint: records decide.
local refused = begin()
if refused then return refused end
local cause, kind, subject = ARGV[1], ARGV[2], ARGV[3]
local out = { 'ok' }

if cause ~= '' then
  local claim = call('HGET', K.claims, cause)
  if claim then
    for id in string.gmatch(claim, '[^,]+') do
      local text = call('HGET', K.offers, id)
      if text and is_open(cjson.decode(text)) then out[#out + 1] = text end
    end
    return out
  end
  -- Somebody else has done it and deleted it: a late reader matches nothing.
  if string.find(cause, '^%d+%-%d+$') and not call('XRANGE', K.work, cause, cause)[1] then return out end
end

local function head(key, from, upto) return call('ZRANGEBYLEX', key, from, upto, 'LIMIT', 0, 1)[1] end

-- agent_of: the agent's record and spec, read once.
local records, specs = {}, {}
local function agent_of(id)
  if records[id] == nil then
    records[id] = get(K.agents, id) or false
    specs[id] = records[id] and spec_of(id)
  end
  return records[id], specs[id]
end

-- stands: does the record say what the member of the index says?
local function stands(m, id)
  local a, spec = agent_of(id)
  if not a or not available(a) then return false end
  local found = string.find(spec.places, sub(m, 1, 15), 1, true)
  return found and score(sub(spec.places, found, found + 17), a, {}) == sub(m, 16, 33)
end

-- turn: the agent whose turn it is for the contact: lower tiers first, then the
-- score, across the steps that admit. Without one: were any passed over?
local function turn(c, skip)
  local passed, from, upto = false, '[' .. c.need .. '|', '(' .. c.need .. '}'
  while true do
    local first = head(K.available, from, upto)
    if not first then return nil, passed end
    local tier, best = c.need .. '|' .. sub(first, 10, 11)
    for step = 0, c.step do
      local prefix = tier .. '|' .. string.format('%02d', step)
      local m = first
      if sub(first, 1, 14) ~= prefix then m = head(K.available, '[' .. prefix .. '|', '(' .. prefix .. '}') end
      while m and not (best and sub(best, 16) <= sub(m, 16)) do
        local id = sub(m, 35)
        if has(skip, id) then
          passed = true
        elseif stands(m, id) then
          best = m
          break
        else
          call('ZREM', K.available, m)
        end
        m = head(K.available, '(' .. m, '(' .. prefix .. '}')
      end
    end
    if best then return sub(best, 35) end
    from = '[' .. tier .. '}'
  end
end

-- longest: the member that waits longest among the places, the heads that were
-- tried in vain left out.
local tried = {}
local function longest(places)
  local best
  for place in string.gmatch(places, '[^,]+') do
    local need, last = sub(place, 1, 8), sub(place, 16, 17)
    local from = '[' .. need .. '|' .. sub(place, 13, 14) .. '|'
    while true do
      local m = head(K.waiting, from, '(' .. need .. '}')
      if not m then break end
      local step = sub(m, 1, 11)
      if tried[step] then m = head(K.waiting, '(' .. tried[step], '(' .. step .. '}') end
      if m and not (best and sub(best, 13) <= sub(m, 13)) then best = m end
      if sub(step, 10) == last then break end
      from = '[' .. step .. '}'
    end
  end
  return best
end

-- served: the contact of the member and the agent whose turn it is. Without an
-- agent the member, or all of its step, is left out from now on.
local function served(m)
  local c = get(K.contacts, sub(m, 30))
  if not c or c.state ~= 'waiting' or waiting_member(c) ~= m then
    call('ZREM', K.waiting, m)
    return nil
  end
  local id, passed = turn(c, c.skip)
  if not id and passed and now >= tonumber(c.missed_at) + queue_of(c.queue).retry_ms * 1000 then
    c.skip = nil -- every agent ready now was tried, and the time is over
    id = turn(c, nil)
  end
  if id then return c, id end
  tried[sub(m, 1, 11)] = passed and m or sub(m, 1, 11) .. '|~'
end

-- pair: for the places of the owner, an agent, or of nobody.
local function pair(places, owner)
  for _ = 1, TRIES do
    local m = longest(places)
    if not m then return nil end
    local c, id = served(m)
    if id and id == owner then return c, id end
    while c do
      local longer = longest(specs[id].places)
      if longer == m or not longer then return c, id end
      m = longer
      c, id = served(m)
    end
  end
end

local function claim(c, id)
  local a, spec = agent_of(id)
  local q = queue_of(c.queue)
  fence, c.attempts = fence + 1, c.attempts + 1
  local oid = c.id .. string.format('%04x', c.attempts % 65536)
  call('ZREM', K.waiting, waiting_member(c))
  contact_move(c, 'offer')
  c.offer = oid
  put(K.contacts, c.id, c)
  take_out(id, a, spec)
  a.offer = oid
  put(K.agents, id, a)
  local text = cjson.encode({
    id = oid, contact = c.id, agent = id, node = c.node, channel = c.channel, queue = c.queue, need = c.need,
    legs = 'hl-' .. oid .. '-00', domain = domain, ring_ms = q.ring_ms, caller_name = c.caller_name,
    caller_number = c.caller_number, language = c.language, fence = int(fence), state = 'offered', at = int(now),
  })
  call('HSET', K.offers, oid, text)
  due('setup|' .. oid, now + SETUP_MS * 1000)
  count(c.queue .. '|offered', 1)
  journal('offered', 'contact', c.id, 'offer', oid, 'agent', id, 'queue', c.queue, 'node', c.node, 'need', c.need,
    'wait_ms', wait_ms(c))
  out[#out + 1] = text
  return oid
end

local places
if kind == 'agent' then
  local a, spec = agent_of(subject)
  if not a or not available(a) then return out end
  places = spec.places
else
  places = subject .. '|00|00|99a' -- as an agent who serves every step of the need
end
local made
for i = 1, MATCHES do
  local c, id = pair(places, kind == 'agent' and subject)
  if not c then break end
  made = add(made, claim(c, id))
  if kind == 'agent' and not available(records[subject]) then break end
  if i == MATCHES then work('match', kind, subject) end
end
if made then
  call('HSET', K.meta, 'fence', int(fence))
  if cause ~= '' then call('HSET', K.claims, cause, made) end
end
return out
