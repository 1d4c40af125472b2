-- match: bring together who waits longest and whose turn it is.
-- KEYS meta dir contacts waiting available agents offers deadlines work claims journal counts
-- ARGV  1 cause (a work id, or '')  2 agent|need  3 its id
-- gives ok offer...;  O(places · log n) for each leg, MATCHES legs or one offer at most, then a further work entry
--
-- A pair is stable: the agent is the one whose turn it is for the contact, the
-- contact is the one that waits longest of all that the agent may serve. It is
-- found by going from one to the other: each step leads to a contact that has
-- waited longer, so it ends. A ring-all takes all agents of the tier whose turn
-- it is, and each of them is asked for who waits longer; but once twice as many
-- wait as are free, each phone rings for a caller of its own. The index is a hint:
-- records decide.
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

-- An emptied pool waits until its callers are back; the end of the hold wakes every need.
if tonumber(call('HGET', K.meta, 'hold') or 0) > now then return out end

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

-- turn: the agent, by their member, whose turn it is for the contact: lower tiers
-- first, then the score, across the steps that admit. Without one: were any passed over?
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
    if best then return best end
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

-- taken: the agents whom the contact gets, in turn. best: the member of the first.
local function taken(c, best)
  if queue_of(c.queue).strategy ~= 'ring-all' then return { sub(best, 35) } end
  local all = {}
  for step = 0, c.step do
    local prefix = sub(best, 1, 12) .. string.format('%02d', step)
    local m, n = head(K.available, '[' .. prefix .. '|', '(' .. prefix .. '}'), 0
    while m and n < LEGS do
      if not has(c.skip, sub(m, 35)) and stands(m, sub(m, 35)) then
        all[#all + 1], n = m, n + 1
      end
      m = head(K.available, '(' .. m, '(' .. prefix .. '}')
    end
  end
  table.sort(all, function(a, b) return sub(a, 16) < sub(b, 16) end)
  local most = math.min(#all, LEGS)
  if call('ZLEXCOUNT', K.waiting, '[' .. c.need .. '|', '(' .. c.need .. '}') >= 2 * #all then most = 1 end
  local ids = {}
  for i = 1, most do ids[i] = sub(all[i], 35) end
  return ids
end

-- served: the contact of the member and the agents whom it gets. Without an
-- agent the member, or all of its step, is left out from now on.
local function served(m)
  local c = get(K.contacts, sub(m, 30))
  if not c or c.state ~= 'waiting' or waiting_member(c) ~= m then
    call('ZREM', K.waiting, m)
    return nil
  end
  local best, passed = turn(c, c.skip)
  if not best and passed and now >= tonumber(c.missed_at) + queue_of(c.queue).retry_ms * 1000 then
    c.skip = nil -- every agent ready now was tried, and the time is over
    best = turn(c, nil)
  end
  if best then return c, taken(c, best) end
  tried[sub(m, 1, 11)] = passed and m or sub(m, 1, 11) .. '|~'
end

-- pair: for the places of the owner, an agent, or of nobody.
local function pair(places, owner)
  for _ = 1, TRIES do
    local m = longest(places)
    if not m then return nil end
    local c, ids = served(m)
    if c and #ids == 1 and ids[1] == owner then return c, ids end
    while c do
      local longest_of_all = m
      for _, id in ipairs(ids) do
        local longer = longest(specs[id].places)
        if longer and sub(longer, 13) < sub(longest_of_all, 13) then longest_of_all = longer end
      end
      if longest_of_all == m then return c, ids end
      m = longest_of_all
      c, ids = served(m)
    end
  end
end

local function claim(c, ids)
  local q = queue_of(c.queue)
  fence, c.attempts = fence + 1, c.attempts + 1
  local oid = c.id .. string.format('%04x', ((c.serial or 0) + c.attempts) % 65536)
  call('ZREM', K.waiting, waiting_member(c))
  contact_move(c, 'offer')
  c.offer = oid
  put(K.contacts, c.id, c)
  local legs
  for i, id in ipairs(ids) do
    local a, spec = agent_of(id)
    take_out(id, a, spec)
    a.offer = oid
    put(K.agents, id, a)
    if q.connect ~= 'dialplan' then legs = add(legs, 'hl-' .. oid .. string.format('-%02d', i - 1)) end
    journal('offered', 'contact', c.id, 'offer', oid, 'agent', id, 'queue', c.queue, 'node', c.node, 'need', c.need,
      'wait_ms', wait_ms(c))
  end
  local text = cjson.encode({
    id = oid, contact = c.id, agents = table.concat(ids, ','), agent = #ids == 1 and ids[1] or nil, legs = legs,
    connect = q.connect, node = c.node, channel = c.channel, queue = c.queue, need = c.need, domain = domain,
    ring_ms = q.ring_ms, caller_name = c.caller_name, caller_number = c.caller_number, language = c.language,
    music = q.music, fence = int(fence), state = 'offered', at = int(now),
  })
  call('HSET', K.offers, oid, text)
  due('setup|' .. oid, now + SETUP_MS * 1000)
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
local legs = 0
repeat
  local c, ids = pair(places, kind == 'agent' and subject)
  if not c then break end
  made, legs = add(made, claim(c, ids)), legs + #ids
  if kind == 'agent' and not available(records[subject]) then break end
  if legs >= MATCHES then work('match', kind, subject) end
until legs >= MATCHES
if made then
  call('HSET', K.meta, 'fence', int(fence))
  if cause ~= '' then call('HSET', K.claims, cause, made) end
end
return out
