-- gone: the caller's channel left the application, or died; the contact ends. One
-- that left for the dialplan to be dialled there does not.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 channel escaped  4 left|gone
-- gives ok contact wait_ms ended(1|0) | stale_epoch | no_contact;  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local c = contact_on(ARGV[1], ARGV[3])
if not c then return { 'no_contact', ARGV[3] } end

local o = c.offer and get(K.offers, c.offer)
if ARGV[4] == 'left' and (c.state == 'in_dialplan' or c.state == 'connected' and o and o.connect == 'dialplan') then
  return { 'ok', contact_text(c), wait_ms(c), '0' }
end
local outcome = c.outcome or 'abandoned'
if o and is_open(o) then
  offer_close(o, 'caller_gone', nil, true)
elseif o then
  outcome = 'answered'
  offer_over(o)
  hangup(o, o.legs, 'ended')
end
contact_end(c, outcome)
return { 'ok', contact_text(c), wait_ms(c), '1' }
