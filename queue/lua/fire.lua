-- fire: a deadline without a TTL key does what it is there for, if it is due.
-- KEYS meta dir contacts waiting order available agents offers deadlines work journal counts redial
-- ARGV  1 member
-- gives ok;  O(log n)
local refused = begin()
if refused then return refused end
local member = ARGV[1]
local at = call('ZSCORE', K.deadlines, member)
if not at or tonumber(at) > now then return { 'ok' } end
local kind, id = string.match(member, '^(%a+)|(.+)$')
call('ZREM', K.deadlines, member)

-- missed: the offer ends here, and what may be of its legs.
local function missed(o, outcome)
  hangup(o, o.legs, outcome)
  offer_missed(o, outcome, 'deadline')
end

-- mode_over: the bound of an agent's mode, if it is this mode's still.
local function mode_over(event)
  local a, spec = agent_begin(id)
  if not a then return end
  if a.until_at and tonumber(a.until_at) <= now then agent_mode(id, a, event) end
  agent_commit(id, a, spec)
end

local FIRE = {
  setup = function()
    local o = get(K.offers, id)
    if o and o.state == 'offered' then missed(o, 'setup_failed') end
  end,
  ring = function()
    local o = get(K.offers, id)
    if o and is_open(o) then missed(o, 'no_answer') end
  end,
  bridge = function()
    local o = get(K.offers, id)
    if not o or o.state ~= 'answered' then return end
    o.bridge_tries = (o.bridge_tries or 0) + 1
    if o.bridge_tries > BRIDGE_TRIES then -- nobody can: two people in silence are worse than a second attempt
      local c = get(K.contacts, o.contact)
      offer_over(o, true)
      hangup(o, o.winner, 'setup_failed')
      if c then contact_return(c) end
      return
    end
    put(K.offers, id, o)
    due(member, now + BRIDGE_MS * 1000)
    work('bridge', 'node', o.node, 'channel', o.channel, 'offer', id, 'contact', o.contact, 'legs', o.winner)
  end,
  -- dialplan: the dialplan had its time. The agents are free; the contact comes back, or is gone.
  dialplan = function()
    local o = get(K.offers, id)
    if not o or not is_open(o) then return end
    local c = get(K.contacts, o.contact)
    offer_close(o, 'no_answer', 'deadline')
    if not c or c.state ~= 'in_dialplan' then return end
    contact_missed(c, asked(o))
    c.offer = nil
    put(K.contacts, c.id, c)
  end,
  wrapup = function() mode_over('wrapped_up') end,
  limit = function() mode_over('limit_over') end,
  guard = function()
    local a, spec = agent_begin(id)
    if not a then return end
    if a.guard and tonumber(a.guard) <= now then a.guard = nil end
    agent_commit(id, a, spec)
  end,
  retry = function()
    local c = get(K.contacts, id)
    if c and c.state == 'waiting' then match_need(c) end
  end,
  step = function()
    local c = get(K.contacts, id)
    if not c or not HAS_PLACE[c.state] then return end
    if c.state == 'waiting' then call('ZREM', K.waiting, waiting_member(c)) end
    local n, step, last = get(K.dir, 'need|' .. c.need), 0, -1
    for after in string.gmatch(n and n.after or '0', '%d+') do
      local opens = tonumber(c.at) + tonumber(after) * 1000
      last = last + 1
      if opens <= now then
        step = last
      elseif step == last - 1 then
        due(member, opens)
      end
    end
    c.step = math.min(math.max(c.step, step), last) -- it widens and never shrinks, but there may be fewer
    put(K.contacts, id, c)
    if c.state == 'waiting' then
      call('ZADD', K.waiting, 0, waiting_member(c))
      match_need(c)
    end
  end,
  -- hold: all who came back have their places; every need is looked at.
  hold = function()
    call('HDEL', K.meta, 'hold')
    local from = '-'
    while true do
      local m = call('ZRANGEBYLEX', K.waiting, from, '+', 'LIMIT', 0, 1)[1]
      if not m then return end
      local need = sub(m, 1, 8)
      work('match', 'need', need)
      from = '[' .. need .. '}'
    end
  end,
  redial = function() call('ZREM', K.redial, id) end,
  -- steps: the need changed; all who wait for it are due, a hundred at a time.
  steps = function()
    local need, after = string.sub(id, 1, 8), string.sub(id, 10)
    local from = after == '' and '[' .. need .. '|' or '(' .. after
    local found = call('ZRANGEBYLEX', K.waiting, from, '(' .. need .. '}', 'LIMIT', 0, 100)
    for _, m in ipairs(found) do due('step|' .. sub(m, 30), now) end
    if found[100] then due('steps|' .. need .. '>' .. found[100], now) end
  end,
  -- near: somebody left the queue (id); who stands near its head may hear of it.
  near = function()
    local from = '[' .. id .. '|'
    local least = (queue_of(id).announce_min_ms) * 1000
    for place, m in ipairs(call('ZRANGEBYLEX', K.order, from, '(' .. id .. '}', 'LIMIT', 0, NEAR)) do
      local c = get(K.contacts, sub(m, -24))
      if c and c.announce_ms > 0 and c.said_position and place < c.said_position then
        due('near|' .. id .. '|' .. c.id, math.max(now, tonumber(c.said_at) + least))
      end
    end
  end,
}
if FIRE[kind] then FIRE[kind]() end
return { 'ok' }
