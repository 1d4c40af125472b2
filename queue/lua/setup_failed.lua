-- setup_failed: the offer's phone could not be rung at all.
-- KEYS meta dir contacts waiting order available agents offers deadlines work journal counts
-- ARGV  1 offer  2 reason
-- gives ok | no_offer | refused (it rings: whoever says so was wrong);  O(log n)
local refused = begin()
if refused then return refused end
local o = get(K.offers, ARGV[1])
if not o or not is_open(o) then return { 'no_offer', ARGV[1] } end
if o.state == 'ringing' then return { 'refused', 'it rings' } end
local c = get(K.contacts, o.contact)
offer_close(o, 'setup_failed', ARGV[2])
hangup(o, 'setup_failed') -- a leg that a lost answer hid does not ring on
if c then contact_return(c, o.agent) end
return { 'ok' }
