-- offer: how an offer ends, for its agent. The contact is the command's business.
-- Needs offers and what agent and contact need.

local function is_open(o) return OFFER_LIFE['close ' .. o.state] ~= nil end

local function hangup(o, reason)
  work('hangup', 'node', o.node, 'offer', o.id, 'contact', o.contact, 'legs', o.legs, 'reason', reason)
end

-- offer_close: not answered. Each outcome has its own effect (life.go).
local function offer_close(o, outcome, reason)
  local effect, id = EFFECTS[outcome], o.agent
  call('HDEL', K.offers, o.id)
  undue('setup|' .. o.id, 'ring|' .. o.id)
  count(o.queue .. '|offered', -1)
  journal('closed', 'offer', o.id, 'contact', o.contact, 'agent', id, 'queue', o.queue, 'node', o.node,
    'outcome', outcome, 'reason', reason or '')
  local a, spec = agent_begin(id)
  if not a then return end
  if a.offer == o.id then
    a.offer = nil
    if effect.avail == 'restart' then a.avail = int(now) end
    if effect.avail == 'guard' then agent_guard(id, a) end
    if effect.miss and spec.always ~= 1 then
      a.misses = a.misses + 1
      local most = queue_of(o.queue).max_misses
      if most > 0 and a.misses >= most and not a.next then agent_mode(id, a, 'missed', { reason = outcome }) end
    end
    agent_next(id, a)
  end
  agent_commit(id, a, spec)
end

-- offer_over: the call that came of it is over. lost: the device went in mid-call.
local function offer_over(o, lost)
  local id = o.agent
  call('HDEL', K.offers, o.id)
  undue('bridge|' .. o.id)
  count(o.queue .. '|connected', -1)
  journal('closed', 'offer', o.id, 'contact', o.contact, 'agent', id, 'queue', o.queue, 'node', o.node,
    'outcome', 'answered', 'reason', lost and 'device_lost' or '')
  local a, spec = agent_begin(id)
  if not a then return end
  if has(a.calls, o.id) then
    a.calls, a.held = without(a.calls, o.id), a.held - 1
    local limit = spec.wrap_up_ms >= 0 and spec.wrap_up_ms or queue_of(o.queue).wrap_up_ms
    if lost then
      a.avail = int(now)
      agent_guard(id, a)
      agent_next(id, a)
    elseif agent_next(id, a) then
      -- what was chosen while busy comes in place of the wrap-up
    elseif limit > 0 and AGENT_LIFE['call_over ' .. a.mode] then
      agent_mode(id, a, 'call_over', { until_at = now + limit * 1000 })
    else
      a.avail = int(now)
    end
  end
  agent_commit(id, a, spec)
end
