-- done: a work entry is done. The set-up of its offers is over with it: those
-- that are open are watched by the ring deadline from now on.
-- KEYS meta offers deadlines work claims
-- ARGV  1 work id  2 its offers, joined by ",", in case another replica has ended it before
-- gives ok (offer legs)... (the entry's that are open or answered: whatever else rings for it is to stop);  O(offers · log n)
local refused = begin()
if refused then return refused end
local id, out = ARGV[1], { 'ok' }
local claim = call('HGET', K.claims, id)
for offer in string.gmatch(claim or ARGV[2], '[^,]+') do
  local o = get(K.offers, offer)
  if o then
    out[#out + 1] = offer
    out[#out + 1] = o.legs or ''
    if o.state == 'offered' and undue('setup|' .. offer) == 1 then
      due('ring|' .. offer, now + (o.ring_ms + RING_GRACE_MS) * 1000)
    end
  end
end
call('XACK', K.work, 'callmanagers', id)
call('XDEL', K.work, id)
if claim then call('HDEL', K.claims, id) end
return out
