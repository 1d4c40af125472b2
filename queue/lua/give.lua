-- give: somebody gives a waiting contact to an agent: it is their next one, before all others.
-- KEYS meta dir contacts waiting heads order available agents duty hushed offers deadlines work journal counts
-- ARGV  1 contact  2 agent escaped  3 for how long, ms; then its need counts again  4 by
-- gives ok contact | no_contact | no_agent | refused (it does not wait, or the agent takes nobody);  O(legs · places · log n)
local refused = begin()
if refused then return refused end
local c, a = contact_get(ARGV[1]), get(K.agents, ARGV[2])
if not c then return { 'no_contact', ARGV[1] } end
if not a or a.removed then return { 'no_agent', ARGV[2] } end
if c.state ~= 'waiting' and c.state ~= 'offered' then return { 'refused', 'contact ' .. c.id .. ' is ' .. c.state } end
if a.mode ~= 'ready' and a.mode ~= 'wrap_up' then return { 'refused', 'agent ' .. ARGV[2] .. ' is ' .. a.mode } end
if a['cap_' .. sub(c.need, 2, 2)] < 1 then return { 'refused', 'agent ' .. ARGV[2] .. ' takes no such medium' } end
if c.state == 'offered' and c.given and c.prefer == ARGV[2] then return { 'ok', contact_text(c) } end

let_wait(c)
undue('step|' .. c.id, 'prefer|' .. c.id)
c.line, c.prefer, c.given, c.step = a.line, ARGV[2], 1, 0
c.skip = without(c.skip, ARGV[2])
due('prefer|' .. c.id, now + ARGV[3] * 1000)
line_in(c)
contact_put(c)
journal('given', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', ARGV[2], 'by', ARGV[4])
match_need(c)
return { 'ok', contact_text(c) }
