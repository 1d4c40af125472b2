-- leg_ended: an agent's leg is gone, for this Q.850 cause.
-- KEYS meta nodes dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 offer  4 leg  5 cause
-- gives ok outcome returned(1|0) offer contact|'' domain | stale_epoch | no_offer;  O(places · log n)

-- OUTCOMES: what a cause says whether or not the phone rang. 1–3, 20, 22, 27,
-- 28, 38: nobody there, or no way there.
local OUTCOMES = {
  ['17'] = 'busy', ['21'] = 'reject', ['1'] = 'unreachable', ['2'] = 'unreachable', ['3'] = 'unreachable',
  ['20'] = 'unreachable', ['22'] = 'unreachable', ['27'] = 'unreachable', ['28'] = 'unreachable',
  ['38'] = 'unreachable',
}
-- SILENT: after ringing these are no answer; before, nobody was reached (a
-- registrar's 480 is 19, a proxy's 408 is 18, its 504 is 102).
local SILENT = { ['18'] = 1, ['19'] = 1, ['102'] = 1 }
-- ROUTE: the way to the phone died before it rang (channelapi, watch.go): nobody's
-- fault, so the same two are matched again at once.
local ROUTE = '25'
-- LOST: causes that no hanging-up gives; in mid-call the device is lost.
local LOST = { ['27'] = 1, ['38'] = 1, ['41'] = 1, ['44'] = 1, ['102'] = 1 }

local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local o = get(K.offers, ARGV[3])
local id = o and agent_of_leg(o, ARGV[4])
if not id then
  agent_quiet(ARGV[4])
  return { 'no_offer', ARGV[3] }
end
local cause, before = ARGV[5], cjson.encode(o)

if not is_open(o) then
  if o.winner ~= ARGV[4] then return { 'no_offer', ARGV[3] } end
  local c = contact_get(o.contact)
  local lost = LOST[cause] and c ~= nil
  offer_over(o, lost)
  if lost then
    contact_return(c)
  elseif c then
    contact_leave(c, 'answered')
  end
  return { 'ok', 'answered', lost and '1' or '0', before, c and contact_text(c) or '', domain }
end

local rang = has(o.rang, ARGV[4]) or now - tonumber(o.at) >= o.ring_ms * 1000
local outcome = OUTCOMES[cause] or rang and 'no_answer' or cause == ROUTE and 'withdrawn' or SILENT[cause] and 'unreachable' or 'setup_failed'
local c = leg_missed(o, ARGV[4], id, outcome, 'cause ' .. cause)
return { 'ok', outcome, '0', before, c and contact_text(c) or '', domain }
