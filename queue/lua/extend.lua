-- extend: an agent's wrap-up ends later.
-- KEYS meta agents deadlines journal
-- ARGV  1 agent escaped  2 by how much, ms  3 how long it may last in all, ms  4 by
-- gives ok agent | no_agent | refused (no wrap-up, or it may not last longer);  O(places · log n)
local refused = begin()
if refused then return refused end
local id = ARGV[1]
local a = get(K.agents, id)
if not a or a.removed then return { 'no_agent', id } end
local most = tonumber(a.since) + ARGV[3] * 1000
if a.mode ~= 'wrap_up' or not a.until_at then return { 'refused', a.mode .. ' is no wrap-up' } end
if tonumber(a.until_at) >= most then return { 'refused', 'the wrap-up lasts as long as it may' } end
a.until_at = int(math.min(tonumber(a.until_at) + ARGV[2] * 1000, most))
due('wrapup|' .. id, tonumber(a.until_at))
put(K.agents, id, a)
journal('mode', 'agent', id, 'mode', 'wrap_up', 'reason', 'extended', 'by', ARGV[4], 'until', a.until_at)
return { 'ok', cjson.encode(a) }
