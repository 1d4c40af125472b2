-- dialled: an agent has answered in the dialplan.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 channel escaped  4 agent, or '' when only one was dialled
-- gives ok contact | stale_epoch | no_contact | no_offer;  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local c = contact_on(ARGV[1], ARGV[3])
if not c then return { 'no_contact', ARGV[3] } end
local o = c.offer and get(K.offers, c.offer)
local id = o and (ARGV[4] ~= '' and ARGV[4] or o.agent)
if not id or o.connect ~= 'dialplan' or not has(asked(o), id) then return { 'no_offer', ARGV[3] } end
if c.state == 'in_dialplan' and is_open(o) then offer_answer(o, c, id) end
return { 'ok', contact_text(c) }
