-- answered: claim the offer for this leg; the first leg wins.
-- KEYS meta nodes dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 offer  4 leg
-- gives ok won(1|0) offer|'' contact|'' domain | stale_epoch;  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local o = get(K.offers, ARGV[3])
local c, id = o and contact_get(o.contact), o and agent_of_leg(o, ARGV[4])
if not c or c.offer ~= o.id or not id then return { 'ok', '0', '', '' } end
if not leads(OFFER_LIFE, 'answer', o.state) or c.state ~= 'offered' then
  return { 'ok', o.winner == ARGV[4] and '1' or '0', cjson.encode(o), contact_text(c), domain }
end
offer_answer(o, c, id, ARGV[4])
return { 'ok', '1', cjson.encode(o), contact_text(c), domain }
