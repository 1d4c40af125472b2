-- reprioritise: a contact's priority becomes another, and its place with it.
-- KEYS meta contacts waiting heads order available agents deadlines work journal
-- ARGV  1 contact  2 priority, minutes of credit or, in a pool that is strict, -49 to 49  3 by
-- gives ok position contact | no_contact | refused (it has no place);  O(log n)
local refused = begin()
if refused then return refused end
local c = contact_get(ARGV[1])
if not c then return { 'no_contact', ARGV[1] } end
if not placed(c) then return { 'refused', 'contact ' .. c.id .. ' is ' .. c.state } end
if c.state == 'waiting' then line_out(c) end
call('ZREM', K.order, order_member(c))
local priority = tonumber(ARGV[2])
c.priority = priority ~= 0 and priority or nil
c.score = order_score(c)
call('ZADD', K.order, '0', order_member(c))
if c.state == 'waiting' then line_in(c) end
contact_put(c)
if c.announce_ms > 0 then call('ZADD', K.deadlines, 'NX', int(now + 1000000), 'near|' .. c.queue) end
journal('reprioritised', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'priority', ARGV[2], 'by', ARGV[3])
if c.state == 'waiting' then match_need(c) end
return { 'ok', int(position_of(c)), contact_text(c) }
