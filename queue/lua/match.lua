-- match: bring together who waits longest and whose turn it is.
-- KEYS meta dir contacts waiting heads available agents offers deadlines work claims journal counts
-- ARGV  1 cause (a work id, or '')  2 agent|need  3 its id
-- gives ok (offer contact domain)...;  O(places · log n) for each leg, MATCHES legs or one offer at most, then a further work entry
--
-- A pair is stable: the agent is the one whose turn it is for the contact, the
-- contact is the first of all that the agent may serve. It is found by going from
-- one to the other: each step leads to a contact that comes earlier, so it ends; or,
-- where agents prefer different queues, in a circle, whose agents have their way. A
-- ring-all takes all agents of the tier whose turn it is, and each of them is asked
-- for who comes earlier; but once twice as many wait as are free, each phone rings
-- for a caller of its own. The index is a hint: records decide.
local refused = peek() -- the tick is taken with the fence, when an offer is made
if refused then return refused end
local cause, kind, subject = ARGV[1], ARGV[2], ARGV[3]
local out = { 'ok' }

local function say(otext, ctext)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = otext, ctext, domain
end

if cause ~= '' then
  local claim = call('HGET', K.claims, cause)
  if claim then
    for id in string.gmatch(claim, '[^,]+') do
      local otext = call('HGET', K.offers, id)
      local o = otext and cjson.decode(otext)
      local ctext = o and is_open(o) and call('HGET', K.contacts, o.contact)
      if ctext then say(otext, ctext) end
    end
    return out
  end
  -- Somebody else has done it and deleted it: a late reader matches nothing.
  if string.find(cause, '^%d+%-%d+$') and not call('XRANGE', K.work, cause, cause)[1] then return out end
end

-- An emptied pool waits until its callers are back; the end of the hold wakes every need.
if hold > now then return out end

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
  if not a or not a.ix then return false end
  local place, kind = sub(m, 1, 15), string.lower(sub(m, 1, 2))
  local media = open_media(a, spec)
  if not media or not string.find(media, sub(kind, 2), 1, true) then return false end
  for i = 1, #spec.places do
    if spec.places[i] == place then return turn_score(kind, a, spec, i) == sub(m, 17, 36) end
  end
  return false
end

local rare, rarely, turn -- below

-- tried: of a field of heads, what was looked at last in vain; '~' ends the field.
local tried = {}

-- first: the member of waiting that comes first for somebody who looks at these heads,
-- and its key: their own ranking of the line, if they have one, the pool's order, the id.
local function first(spec)
  local best, at, of
  local part, n = spec, 0
  repeat
    local heads, ranks, targets = part.heads, part.ranks, part.targets
    local found = looked_at(heads)
    for i = 1, #heads do
      local h, f = found[i], heads[i]
      if h and tried[f] then
        local m = head(K.waiting, '(' .. f .. '|' .. tried[f], '(' .. f .. '}')
        h = m and sub(m, 14)
      end
      if h then
        local key = h
        if targets then key = rarely().in_time(key, targets[i]) end
        if ranks then key = ranks[i] .. key end
        if not best or key < best then best, at, of = key, f, h end
      end
    end
    part = nil
    while spec.spare and n < #spec.spare and not part do -- lines that they serve while enough of their group are left
      n = n + 1
      part = group_size(spec.spare[n].group) > spec.spare[n].keep and spec.spare[n] or nil
    end
  until not part
  if best then return at .. '|' .. of, best end
end

-- admitted: the steps of the need that are open to the contact: those of its wait, and those
-- of agents held back of whom enough are left.
local FIRST = { '00' }
local function admitted(c)
  local holds = sub(c.need, 1, 1) < 'a' -- an upper case letter
  if c.step == 0 and not holds then return FIRST end
  local steps, n = {}, c.step + 1
  for s = 0, c.step do steps[s + 1] = format('%02d', s) end
  local line = holds and get(K.dir, 'line|' .. c.need)
  for _, r in ipairs(line and line.reserve or {}) do
    if c.step >= r.from and c.step < r.step and group_size(r.group) > r.keep then
      n = n + 1
      steps[n] = format('%02d', r.step)
    end
  end
  return steps
end

-- rarely: what few contacts need. A function takes time to make whether it is used or
-- not: these are made for the first who needs one.
function rarely()
  if rare then return rare end
  --include rare
  return rare
end

-- turn: the agent, by their member, whose turn it is for the contact: lower tiers
-- first, then the score, across the steps that admit. Without one: were any passed over?
-- And those whose turn comes next.
function turn(c, skip)
  if c.line then -- for this agent alone
    local a, spec = agent_of(c.prefer)
    local media = a and a.ix and open_media(a, spec)
    if not media then return nil, false end
    -- Behind it may wait one whom they can take: their own are of all media.
    if has(skip, c.prefer) or not string.find(media, sub(c.need, 2, 2), 1, true) then return nil, true end
    return c.line .. '|00|00|0000' .. ZEROS .. '|' .. c.prefer, false
  end
  local steps, passed, best, behind = admitted(c), false, nil, ''
  for i = 1, #steps do
    local prefix = c.need .. '|' .. steps[i]
    local from, upto, later = '[' .. prefix .. '|', '(' .. prefix .. '}', false
    repeat
      local found = call('ZRANGEBYLEX', K.available, from, upto, 'LIMIT', '0', 'BEHIND')
      for k = 1, #found do
        local m = found[k]
        if best and sub(best, 14) <= sub(m, 14) then
          later = true
          break
        elseif has(skip, sub(m, 38)) then
          passed = true
        elseif stands(m, sub(m, 38)) then
          best, later, behind = m, true, ''
          for l = k + 1, #found do behind = behind .. sub(found[l], 38) .. ',' end
          break
        else
          call('ZREM', K.available, m)
        end
      end
      if found[1] then from = '(' .. found[#found] end
    until later or not found[1]
  end
  if best and string.find('xwbXWB', sub(c.need, 1, 1), 1, true) then best = rarely().by_chance(c, steps, best, skip) end
  return best, passed, behind
end

-- served: the contact of the member and the agents whom it gets: c, ids, the first one's
-- member, and who comes next. Without an agent the member, or all of its step, is left
-- out from now on.
local function served(m)
  local f = sub(m, 1, 12)
  local c = contact_get(sub(m, 33))
  if not c or c.state ~= 'waiting' or waiting_member(c) ~= m then
    call('ZREM', K.waiting, m)
    head_anew(f)
    return nil
  end
  local best, passed, behind = turn(c, c.skip)
  if not best and passed and c.skip and now >= tonumber(c.again_at) then
    c.skip = nil -- every agent ready now was tried, and the time is over
    best, passed, behind = turn(c, nil)
  end
  if best then
    local all = not c.line and string.find('gG', sub(c.need, 1, 1), 1, true)
    return c, all and rarely().taken(c, best) or { sub(best, 38) }, best, behind
  end
  tried[f] = passed and sub(m, 14) or '~'
end

-- pair: for who looks at these heads: an agent (owner), or nobody. The member of waiting,
-- and what served gives.
local function pair(spec, owner)
  for _ = 1, TRIES do
    local m = first(spec)
    if not m then return nil end
    local c, ids, best, behind = served(m)
    if c and ids[1] == owner and not ids[2] then return m, c, ids, best, behind end
    local seen, wish = { [m] = true }, nil
    while c do
      local to, key, whose = m, nil, nil
      for i = 1, #ids do
        local other, k
        if wish then other, k = wish(ids[i]) else other, k = first(specs[ids[i]]) end
        if other and other ~= m and (not key or k < key) then to, key, whose = other, k, ids[i] end
      end
      if to == m then return m, c, ids, best, behind end
      if not seen[to] then
        seen[to], m = true, to
        c, ids, best, behind = served(m)
      elseif wish then -- a circle: the agent has their way
        c = contact_get(sub(to, 33))
        if has(c.skip, whose) then c.skip = nil end -- they may be asked again, says wish
        return to, c, { whose }, rarely().member_of(whose, c)
      else -- by the order alone it is one; now by what each of them may be asked for
        seen, wish = { [m] = true }, rarely().wish
      end
    end
  end
end

local function claim(m, c, ids, best, behind)
  local q = ring_of(c.queue)
  -- By the tick an id is never used twice, whatever of the records was lost: word of a leg is of its own offer.
  local oid = c.id .. format('%07x%07x', math.floor(now / 268435456), now % 268435456)
  call('ZREM', K.waiting, m)
  local f = sub(m, 1, 12)
  if not tried[f] then head_anew(f) end -- it was the first
  contact_move(c, 'offer')
  c.offer, c.attempts, fence = oid, c.attempts + 1, fence + 1
  local ctext = contact_text(c)
  call('HSET', K.contacts, c.id, ctext)
  local legs
  for i = 1, #ids do
    local id = ids[i]
    local a, spec = agent_of(id)
    take_out(id, a, spec)
    a.offer, a.offered = oid, stamp
    put(K.agents, id, a)
    left_by(spec, '')
    if q.connect ~= 'dialplan' then legs = add(legs, 'hl-' .. oid .. format('-%02d', i - 1)) end
    journal('offered', 'contact', c.id, 'offer', oid, 'agent', id, 'queue', c.queue, 'node', c.node, 'need', c.need,
      'wait_ms', wait_ms(c), 'step', sub(best, 11, 12), 'tier', sub(best, 14, 15), 'behind', behind or '')
  end
  local otext = cjson.encode({
    id = oid, contact = c.id, agents = table.concat(ids, ','), agent = not ids[2] and ids[1] or nil, legs = legs,
    connect = q.connect, node = c.node, channel = c.channel, queue = c.queue, need = c.need, medium = sub(c.need, 2, 2),
    ring_ms = q.ring_ms, music = q.music, fence = int(fence), state = 'offered', at = stamp,
  })
  call('HSET', K.offers, oid, otext)
  due('setup|' .. oid, now + SETUP_MS * 1000)
  say(otext, ctext)
  return oid
end

local spec
if kind == 'agent' then
  local a
  a, spec = agent_of(subject)
  if not a or not a.ix then return out end
elseif sub(subject, 1, 1) == '=' then
  spec = { heads = { subject .. '|00' } }
else -- as an agent who serves every step of the need
  local line = get(K.dir, 'line|' .. subject)
  spec = { heads = {} }
  for s = 0, line and line.last or -1 do spec.heads[s + 1] = subject .. '|' .. format('%02d', s) end
end
local made
local legs = 0
repeat
  local m, c, ids, best, behind = pair(spec, kind == 'agent' and subject)
  if not m then break end
  made, legs = add(made, claim(m, c, ids, best, behind)), legs + #ids
  if kind == 'agent' and not records[subject].ix then break end
  if legs >= MATCHES then work('match', kind, subject) end
until legs >= MATCHES
if made then
  call('HSET', K.meta, 'clock', stamp, 'fence', int(fence))
  if cause ~= '' then call('HSET', K.claims, cause, made) end
end
return out
