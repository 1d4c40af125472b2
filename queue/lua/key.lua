-- key: a caller pressed a key. One of the queue's exit keys lets them leave.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 channel escaped  4 key
-- gives ok left(1|0) contact | stale_epoch | no_contact;  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
local c = contact_on(ARGV[1], ARGV[3])
if not c then return { 'no_contact', ARGV[3] } end
local keys = queue_of(c.queue).exit_keys or ''
if (c.state ~= 'waiting' and c.state ~= 'offered') or #ARGV[4] ~= 1 or not string.find(keys, ARGV[4], 1, true) then
  return { 'ok', '0', contact_text(c) }
end
local o = c.offer and get(K.offers, c.offer)
if o then offer_close(o, 'withdrawn', 'left by key', true) end
c.key = ARGV[4]
contact_leave(c, 'left_by_key')
return { 'ok', '1', contact_text(c) }
