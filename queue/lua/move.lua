-- move: somebody moves a contact to another queue. It keeps its arrival, and so its wait.
-- KEYS meta dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 contact  2 queue  3 need's name or ''  4 by  5 reason
-- gives ok contact | no_contact | no_queue | no_need | closed | full | refused (it does not wait);  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local c = contact_get(ARGV[1])
if not c then return { 'no_contact', ARGV[1] } end
if c.state ~= 'waiting' and c.state ~= 'offered' then return { 'refused', 'contact ' .. c.id .. ' is ' .. c.state } end
local name, q = ARGV[2], get(K.dir, 'queue|' .. ARGV[2])
if not q then return { 'no_queue', name } end
local line = ARGV[3] == '' and q.need or call('HGET', K.dir, 'named|' .. name .. '|' .. ARGV[3])
if not line then return { 'no_need', ARGV[3] } end
if sub(line, 2, 2) ~= sub(c.need, 2, 2) then return { 'refused', 'queue ' .. name .. ' is of another medium' } end
if name == c.queue and line == c.need and not c.line then return { 'ok', contact_text(c) } end
local why = name ~= c.queue and shut(name, q, line)
if why and why ~= 'empty' then return { why, name } end

let_wait(c)
local from = c.queue
c.hops = nil
contact_to(c, name, q, line)
line_in(c)
contact_put(c)
journal('moved', 'contact', c.id, 'queue', name, 'node', c.node, 'need', line, 'from', from, 'by', ARGV[4], 'reason', ARGV[5])
match_need(c)
return { 'ok', contact_text(c) }
