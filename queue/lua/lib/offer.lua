-- offer: how an offer is answered and how it ends, for its agents. What else
-- becomes of the contact is the command's business.
-- Needs offers and what agent and contact need.
--
-- legs and agents are parallel lists of those who are asked still; connect mode
-- dialplan has no legs of ours. agent is the only one, or the winner.

local function is_open(o) return leads(OFFER_LIFE, 'close', o.state) ~= nil end

-- asked: the list of the agents.
local function asked(o) return o.agents or o.agent or '' end

-- beside: what stands in one list where the other has this.
local function beside(list, other, this)
  local all, i = {}, 0
  for v in string.gmatch(list or '', '[^,]+') do all[#all + 1] = v end
  for v in string.gmatch(other or '', '[^,]+') do
    i = i + 1
    if v == this then return all[i] end
  end
end

-- agent_of_leg: whom the leg rings; nil when it is no leg of the offer any more.
local function agent_of_leg(o, leg) return beside(asked(o), o.legs, leg) end

local function hangup(o, legs, reason)
  if not legs then return end
  work('hangup', 'node', o.node, 'offer', o.id, 'contact', o.contact, 'legs', legs, 'reason', reason)
end

-- effect_of: what the outcome does to the agent and the contact (life.go), in words.
local function effect_of(outcome) return match(EFFECTS, '|' .. outcome .. '>([^|]*)') end

-- let_go: the offer is over for one agent, unanswered. leg: it is being hung up, and rings their phone until then.
local function let_go(o, id, outcome, reason, leg)
  local effect = effect_of(outcome)
  journal('closed', 'offer', o.id, 'contact', o.contact, 'agent', id, 'queue', o.queue, 'node', o.node,
    'outcome', outcome, 'reason', reason or '')
  local a, spec = agent_begin(id)
  if not a then return end
  if a.offer == o.id then
    a.offer = nil
    if has(effect, 'restart') then a.avail = stamp end
    if has(effect, 'guard') then agent_guard(id, a) end
    if leg then agent_hush(id, a, leg) end
    if has(effect, 'miss') and spec.always ~= 1 then
      a.misses = a.misses + 1
      local most = ring_of(o.queue).max_misses
      if most > 0 and a.misses >= most and not a.next then agent_mode(id, a, 'missed', { reason = outcome }) end
    end
    agent_next(id, a)
  end
  agent_commit(id, a, spec)
end

-- offer_close: not answered, for all who are asked still. hung: their legs are being hung up.
local function offer_close(o, outcome, reason, hung)
  call('HDEL', K.offers, o.id)
  undue('setup|' .. o.id, 'ring|' .. o.id, 'dialplan|' .. o.id)
  if hung then hangup(o, o.legs, outcome) end
  for id in string.gmatch(asked(o), '[^,]+') do
    let_go(o, id, outcome, reason, hung and o.legs and beside(o.legs, asked(o), id))
  end
end

-- offer_missed: not answered by anybody; the contact goes back to its place.
local function offer_missed(o, outcome, reason, hung)
  local c = contact_get(o.contact)
  offer_close(o, outcome, reason, hung)
  if not c then return end
  if has(effect_of(outcome), 'skip') then contact_missed(c, asked(o)) end
  contact_return(c, o.connect == 'dialplan')
  return c
end

-- leg_missed: not answered by the one whom the leg rings (id). The last one ends the offer.
local function leg_missed(o, leg, id, outcome, reason, hung)
  local others = without(o.legs, leg)
  if not others then return offer_missed(o, outcome, reason, hung) end
  o.legs, o.agents = others, without(o.agents, id)
  if not string.find(o.agents, ',', 1, true) then o.agent = o.agents end
  put(K.offers, o.id, o)
  if hung then hangup(o, leg, outcome) end
  let_go(o, id, outcome, reason, hung and leg)
  local c = contact_get(o.contact)
  if not c then return end
  if has(effect_of(outcome), 'skip') then contact_missed(c, id) end
  contact_put(c)
  return c
end

-- offer_answer: by this agent, on this leg (nil: in the dialplan). The others lost the race.
local function offer_answer(o, c, id, leg)
  local others, losers = without(asked(o), id), without(o.legs, leg or '')
  local a, spec = agent_begin(id)
  o.state, o.winner, o.legs = leads(OFFER_LIFE, 'answer', o.state), leg, leg
  o.agent, o.agents = id, id
  put(K.offers, o.id, o)
  out_of_order(c)
  contact_move(c, 'answer')
  c.agent, c.answered_at, c.skip, c.again_at, c.line, c.prefer, c.given = id, stamp, nil, nil, nil, nil, nil
  contact_put(c)
  no_deadlines(c)
  undue('setup|' .. o.id, 'ring|' .. o.id, 'dialplan|' .. o.id)
  if leg then due('bridge|' .. o.id, now + BRIDGE_MS * 1000) end
  journal('answered', 'contact', c.id, 'offer', o.id, 'agent', id, 'queue', c.queue, 'node', o.node,
    'wait_ms', wait_ms(c))
  if leg then hangup(o, losers, 'answered_elsewhere') end
  for other in string.gmatch(others or '', '[^,]+') do
    let_go(o, other, 'lost_race', nil, leg and beside(losers, others, other))
  end
  if not a then return end
  if a.offer == o.id then a.offer = nil end
  took(a, o)
  fair_busy(a)
  if spec['cap_' .. o.medium] > 1 then a.avail = stamp end -- each assignment starts availability anew
  agent_commit(id, a, spec)
end

-- offer_over: the call that came of it is over. lost: the device went in mid-call.
local function offer_over(o, lost)
  local id = o.agent
  call('HDEL', K.offers, o.id)
  undue('bridge|' .. o.id)
  journal('closed', 'offer', o.id, 'contact', o.contact, 'agent', id, 'queue', o.queue, 'node', o.node,
    'outcome', 'answered', 'reason', lost and 'device_lost' or '')
  local a, spec = agent_begin(id)
  if not a then return end
  if freed(a, o) then
    local limit = spec.wrap_up_ms >= 0 and spec.wrap_up_ms or ring_of(o.queue).wrap_up_ms
    local wraps = not lost and not a.next and limit > 0 and leads(AGENT_LIFE, 'call_over', a.mode)
    if wraps then
      agent_mode(id, a, 'call_over', { until_at = now + limit * 1000 })
    else
      if a.held == 0 then fair_free(a) end
      a.avail = stamp
      if lost then agent_guard(id, a) end
      agent_next(id, a) -- what was chosen while busy comes in place of the wrap-up
    end
  end
  agent_commit(id, a, spec)
end
