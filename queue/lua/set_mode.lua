-- set_mode: somebody asks for a mode. Of a busy agent it is the next mode.
-- KEYS meta dir waiting heads available agents duty hushed deadlines work journal
-- ARGV  1 agent  2 mode  3 reason  4 limit ms or 0  5 by  6 modes it may come from, or ''
-- gives ok agent | no_agent | refused | not_ready;  O(places · log n)
local refused = begin()
if refused then return refused end
if not projected() then return { 'not_ready', '' } end
local id, mode, reason, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if mode ~= 'paused' then reason, limit = '', 0 end -- they are a pause's
local a = get(K.agents, id)
if not a or a.removed then return { 'no_agent', id } end
local asked = mode == 'ready' or mode == 'paused' or mode == 'logged_out'
local from = ARGV[6]
if not asked or not leads(AGENT_LIFE, mode, a.mode) or (from ~= '' and not has(from, a.mode)) then
  return { 'refused', a.mode .. ' to ' .. mode }
end
local spec
if mode == 'logged_out' and spec_of(id).always == 1 then return { 'refused', 'always logged in' } end

a, spec = agent_begin(id)
a.misses = 0
local busy = a.offer or a.held > 0
if busy and a.mode == 'ready' and mode ~= 'ready' then
  a.next, a.next_reason, a.next_limit_ms, a.next_by = mode, reason, limit, ARGV[5]
  journal('next_mode', 'agent', id, 'mode', mode, 'reason', reason, 'by', ARGV[5])
elseif a.mode == 'ready' and mode == 'ready' or a.mode == 'logged_out' and mode == 'logged_out' then
  a.next, a.next_reason, a.next_limit_ms, a.next_by = nil, nil, nil, nil
else
  agent_mode(id, a, mode, {
    reason = reason, by = ARGV[5], until_at = limit > 0 and now + limit * 1000 or nil,
  })
end
agent_commit(id, a, spec)
return { 'ok', cjson.encode(a) }
