-- answered: claim the offer for this leg; the first leg wins.
-- KEYS meta nodes dir contacts waiting order available agents offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 offer  4 leg
-- gives ok won(1|0) offer|'' contact|'' | stale_epoch;  O(log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local o = get(K.offers, ARGV[3])
local c = o and get(K.contacts, o.contact)
if not c or c.offer ~= o.id or not has(o.legs, ARGV[4]) then return { 'ok', '0', '', '' } end
if not OFFER_LIFE['answer ' .. o.state] or c.state ~= 'offered' then
  return { 'ok', o.winner == ARGV[4] and '1' or '0', cjson.encode(o), cjson.encode(c) }
end

local a, spec = agent_begin(o.agent)
o.state, o.winner = OFFER_LIFE['answer ' .. o.state], ARGV[4]
put(K.offers, o.id, o)
contact_move(c, 'answer')
c.agent, c.answered_at, c.skip, c.missed_at = o.agent, int(now), nil, nil
put(K.contacts, c.id, c)
out_of_order(c)
no_deadlines(c)
undue('setup|' .. o.id, 'ring|' .. o.id)
due('bridge|' .. o.id, now + BRIDGE_MS * 1000)
count(c.queue .. '|offered', -1)
count(c.queue .. '|connected', 1)
journal('answered', 'contact', c.id, 'offer', o.id, 'agent', o.agent, 'queue', c.queue, 'node', o.node,
  'wait_ms', wait_ms(c))
local losers = without(o.legs, o.winner)
if losers then
  work('hangup', 'node', o.node, 'offer', o.id, 'contact', c.id, 'legs', losers, 'reason', 'answered_elsewhere')
end
if a then
  if a.offer == o.id then a.offer = nil end
  a.calls, a.held, a.misses = add(a.calls, o.id), a.held + 1, 0
  if a.cap > 1 then a.avail = int(now) end -- each assignment starts availability anew
  agent_commit(o.agent, a, spec)
end
return { 'ok', '1', cjson.encode(o), cjson.encode(c) }
