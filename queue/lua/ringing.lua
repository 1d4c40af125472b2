-- ringing: the agent's phone rings. The ring deadline is a backstop behind Asterisk's own timeout.
-- KEYS meta nodes offers deadlines journal
-- ARGV  1 node  2 epoch  3 offer  4 leg
-- gives ok | stale_epoch | no_offer;  O(log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local o = get(K.offers, ARGV[3])
local id = o and agent_of_leg(o, ARGV[4])
if not id or not leads(OFFER_LIFE, 'ring', o.state) then return { 'no_offer', ARGV[3] } end
if has(o.rang, ARGV[4]) then return { 'ok' } end

if o.state ~= 'ringing' then
  undue('setup|' .. o.id)
  due('ring|' .. o.id, now + (o.ring_ms + RING_GRACE_MS) * 1000)
end
o.state, o.rang = leads(OFFER_LIFE, 'ring', o.state), add(o.rang, ARGV[4])
put(K.offers, o.id, o)
journal('ringing', 'offer', o.id, 'contact', o.contact, 'agent', id, 'queue', o.queue, 'node', o.node)
return { 'ok' }
