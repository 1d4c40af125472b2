-- gone: the caller's channel left the application or died; the contact ends.
-- KEYS meta nodes dir contacts elements waiting order available agents offers deadlines work journal counts
-- ARGV  1 node  2 epoch  3 channel escaped
-- gives ok contact wait_ms | stale_epoch | no_contact;  O(log n)
local refused = begin()
if refused then return refused end
local node = ARGV[1]
local _, stale = origin(node, ARGV[2])
if stale then return stale end
local prefix = node .. '|' .. ARGV[3] .. '|'
local known = call('ZRANGEBYLEX', K.elements, '[' .. prefix, '(' .. node .. '|' .. ARGV[3] .. '}', 'LIMIT', 0, 1)[1]
local c = known and get(K.contacts, sub(known, #prefix + 1))
if not c then return { 'no_contact', ARGV[3] } end

local o = c.offer and get(K.offers, c.offer)
local outcome = c.outcome or 'abandoned'
if o and is_open(o) then
  offer_close(o, 'caller_gone')
  hangup(o, 'caller_gone')
elseif o then
  outcome = 'answered'
  offer_over(o)
  hangup(o, 'ended')
end
contact_end(c, outcome)
return { 'ok', cjson.encode(c), wait_ms(c) }
