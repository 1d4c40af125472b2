-- bridged: caller and agent are in the offer's bridge.
-- KEYS meta nodes offers deadlines journal
-- ARGV  1 node  2 epoch  3 offer
-- gives ok | stale_epoch | no_offer;  O(log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local o = get(K.offers, ARGV[3])
if not o or o.state ~= 'answered' then return { 'no_offer', ARGV[3] } end
if undue('bridge|' .. o.id) == 1 then
  journal('bridged', 'offer', o.id, 'contact', o.contact, 'agent', o.agent, 'queue', o.queue, 'node', o.node)
end
return { 'ok' }
