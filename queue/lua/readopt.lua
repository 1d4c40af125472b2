-- readopt: a call that goes on in its bridge gets its contact and its offer back.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 contact  4 offer  5 leg  6 channel escaped  7 channel  8 queue  9 need's name or ''
--       10 agent  11 arrival µs or ''  12 answer µs or ''  13 priority, minutes or strict  14 caller's name  15 number
--       16 language or ''
-- gives ok new(1|0) contact | stale_epoch | not_ready | refused (the records say otherwise);  O(places · log n)
-- Idempotent by offer and leg. An offer that the agent got meanwhile is withdrawn when it is one too many.
local refused = begin()
if refused then return refused end
local node, id, oid, leg, element, queue, agent = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[8], ARGV[10]
local boot, stale = origin(node, ARGV[2])
if stale then return stale end
if not projected() then return { 'not_ready', '' } end

local o, c = get(K.offers, oid), contact_get(id)
if o and o.winner == leg and c then return { 'ok', '0', contact_text(c) } end
if o then return { 'refused', 'offer ' .. oid .. ' is ' .. o.state } end
local prefix = node .. '|' .. element .. '|'
local known = head(K.elements, '[' .. prefix, '(' .. node .. '|' .. element .. '}')
if c and (c.state ~= 'waiting' or c.node ~= node or c.channel ~= ARGV[7]) then
  return { 'refused', 'contact ' .. id .. ' is ' .. c.state }
end
if known and sub(known, -24) ~= id then return { 'refused', 'the channel has another contact' } end

local at = math.max(math.min(tonumber(ARGV[11]) or now, now), now - 86400 * 1000000)
if c then -- an older state of the records: there they wait still
  line_out(c)
  out_of_order(c)
  no_deadlines(c)
else
  local q, priority = get(K.dir, 'queue|' .. queue), tonumber(ARGV[13])
  local need = q and (call('HGET', K.dir, 'named|' .. queue .. '|' .. ARGV[9]) or q.need)
  c = {
    id = id, state = 'none', queue = queue, need = need or 'av0000000', step = 0, at = int(at),
    channel = ARGV[7], node = node, boot = boot.boot, priority = priority ~= 0 and priority or nil, name = ARGV[14],
    number = ARGV[15], language = ARGV[16] ~= '' and ARGV[16] or q and q.language or '',
    timeout_ms = q and q.timeout_ms or 0, announce_ms = q and q.announce_ms or 0, attempts = 0,
  }
  c.score = order_score(c)
  if element ~= c.channel then c.element = element end
  call('ZADD', K.elements, '0', prefix .. id)
  count(queue .. '|entered', '1')
end
contact_move(c, 'readopt')
c.offer, c.agent, c.skip, c.again_at, c.line, c.prefer, c.given = oid, agent, nil, nil, nil, nil, nil
c.answered_at = int(math.max(math.min(tonumber(ARGV[12]) or now, now), tonumber(c.at)))
contact_put(c)
o = {
  id = oid, contact = id, agent = agent, agents = agent, node = node, channel = c.channel, queue = c.queue,
  need = c.need, medium = sub(c.need, 2, 2), legs = leg, winner = leg, ring_ms = ring_of(c.queue).ring_ms,
  fence = int(fence), state = leads(OFFER_LIFE, 'readopt', 'none'), at = c.answered_at,
}
put(K.offers, oid, o)
journal('readopted', 'contact', id, 'offer', oid, 'agent', agent, 'channel', c.channel, 'queue', c.queue,
  'node', node, 'need', c.need, 'wait_ms', wait_ms(c))

local a, spec = agent_begin(agent)
if a then
  took(a, o)
  fair_busy(a)
  agent_commit(agent, a, spec)
  local other = a.offer and get(K.offers, a.offer)
  if other then
    local m, beside = other.medium, other.medium == 'v' and 'c' or 'v'
    if (a['held_' .. m] or 0) < spec['cap_' .. m]
      and ((a['held_' .. beside] or 0) == 0 or string.find(spec.beside, m, 1, true)) then
      other = nil -- they may have both
    end
  end
  if other and asked(other) == agent then
    offer_missed(other, 'withdrawn', 'in a call', true)
  elseif other then
    for l in string.gmatch(other.legs or '', '[^,]+') do
      if agent_of_leg(other, l) == agent then
        leg_missed(other, l, agent, 'withdrawn', 'in a call', true)
        break
      end
    end
  end
end
return { 'ok', '1', contact_text(c) }
