-- fire_offer: the time of an offer is over: to set it up, to ring, to bridge, in the dialplan.
-- KEYS meta dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 member: setup|ring|bridge|dialplan, offer
-- gives ok;  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local kind, id = due_now(ARGV[1])
local o = kind and get(K.offers, id)
if not o then return { 'ok' } end

if kind == 'setup' then
  if o.state == 'offered' then offer_missed(o, 'setup_failed', 'deadline', true) end
elseif kind == 'ring' then
  if is_open(o) then offer_missed(o, 'no_answer', 'deadline', true) end
elseif kind == 'bridge' and o.state == 'answered' then
  o.bridge_tries = (o.bridge_tries or 0) + 1
  if o.bridge_tries > BRIDGE_TRIES then -- nobody can: two people in silence are worse than a second attempt
    local c = contact_get(o.contact)
    offer_over(o, true)
    hangup(o, o.winner, 'setup_failed')
    if c then contact_return(c) end
  else
    put(K.offers, id, o)
    due(ARGV[1], now + BRIDGE_MS * 1000)
    work('bridge', 'node', o.node, 'channel', o.channel, 'offer', id, 'contact', o.contact, 'legs', o.winner)
  end
elseif kind == 'dialplan' and is_open(o) then
  -- The dialplan had its time. The agents are free; the contact comes back, or is gone.
  local c = contact_get(o.contact)
  offer_close(o, 'no_answer', 'deadline')
  if c and c.state == 'in_dialplan' then
    contact_missed(c, asked(o))
    c.offer = nil
    contact_put(c)
  end
end
return { 'ok' }
