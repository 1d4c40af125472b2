-- dialling: the caller of an offer goes to the dialplan now, which dials the agents.
-- KEYS meta contacts offers deadlines journal counts
-- ARGV  1 offer
-- gives ok | no_offer | refused (the queue connects in a bridge);  O(log n)
local refused = begin()
if refused then return refused end
local o = get(K.offers, ARGV[1])
local c = o and contact_get(o.contact)
if not c or c.offer ~= o.id or not is_open(o) then return { 'no_offer', ARGV[1] } end
if o.connect ~= 'dialplan' then return { 'refused', 'a bridge connects it' } end
if c.state == 'in_dialplan' then return { 'ok' } end

contact_move(c, 'dial')
contact_put(c)
undue('setup|' .. o.id, 'ring|' .. o.id)
due('dialplan|' .. o.id, now + (o.ring_ms + DIALPLAN_GRACE_MS) * 1000)
journal('dialling', 'contact', c.id, 'offer', o.id, 'agent', o.agent or '', 'queue', c.queue, 'node', o.node)
return { 'ok' }
