-- withdraw: somebody takes a contact out of its queue; its dialplan goes on.
-- KEYS meta dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 contact  2 by  3 reason
-- gives ok contact | no_contact | refused (it does not wait);  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local c = contact_get(ARGV[1])
if not c then return { 'no_contact', ARGV[1] } end
if c.state ~= 'waiting' and c.state ~= 'offered' then return { 'refused', 'contact ' .. c.id .. ' is ' .. c.state } end
local o = c.offer and get(K.offers, c.offer)
if o then offer_close(o, 'withdrawn', 'withdrawn', true) end
c.by, c.reason = ARGV[2], ARGV[3]
contact_leave(c, 'withdrawn')
return { 'ok', contact_text(c) }
