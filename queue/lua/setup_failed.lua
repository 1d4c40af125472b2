-- setup_failed: a phone could not be rung at all, or none of the offer's.
-- KEYS meta dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 offer  2 leg, or '' for all  3 reason
-- gives ok | no_offer | refused (it rings: whoever says so was wrong);  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local o, leg = get(K.offers, ARGV[1]), ARGV[2]
local id = o and leg ~= '' and agent_of_leg(o, leg)
if not o or not is_open(o) or (leg ~= '' and not id) then return { 'no_offer', ARGV[1] } end
local c = contact_get(o.contact)
if c and c.state == 'in_dialplan' then return { 'refused', 'the dialplan has it' } end
if leg == '' and o.state == 'ringing' or has(o.rang, leg) then return { 'refused', 'it rings' } end
-- A leg that a lost answer hid does not ring on.
if leg == '' then
  hangup(o, o.legs, 'setup_failed')
  offer_missed(o, 'setup_failed', ARGV[3])
else
  hangup(o, leg, 'setup_failed')
  leg_missed(o, leg, id, 'setup_failed', ARGV[3])
end
return { 'ok' }
