-- returned: the caller is back in the application, and this was the DIALSTATUS.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 channel escaped  4 offer  5 dial status  6 Q.850 cause or 0  7 agent or ''
-- gives ok contact | stale_epoch | no_contact;  O(legs · places · log n)

-- OUTCOMES: CHANUNAVAIL is nobody registered, or by its cause a reject;
-- CONGESTION is a busy proxy, or none.
local OUTCOMES = {
  BUSY = 'busy', NOANSWER = 'no_answer', CANCEL = 'no_answer', CHANUNAVAIL = 'unreachable',
  CONGESTION = 'unreachable', DONTCALL = 'reject', TORTURE = 'reject',
}

local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local c = contact_on(ARGV[1], ARGV[3])
if not c then return { 'no_contact', ARGV[3] } end
local o, status = c.offer and get(K.offers, c.offer), ARGV[5]
if not o or o.connect ~= 'dialplan' then o = nil end
if o and o.id ~= ARGV[4] then status = '' end -- it says nothing of this offer

if c.state == 'in_dialplan' then
  if status == 'ANSWER' then
    if o then -- nobody heard the answer; when it is not known whose it was, it was whose turn it was
      offer_answer(o, c, has(o.agents, ARGV[7]) and ARGV[7] or string.match(asked(o), '^[^,]+'))
      offer_over(o)
    end
    contact_leave(c, 'answered')
  elseif o then
    local outcome = OUTCOMES[status] or 'setup_failed'
    if outcome == 'unreachable' and ARGV[6] == '21' then outcome = 'reject' end
    c = offer_missed(o, outcome, 'dial ' .. status)
  else
    contact_return(c, true)
  end
elseif c.state == 'connected' and o then
  offer_over(o)
  contact_leave(c, 'answered')
end
return { 'ok', contact_text(c) }
