-- fire_agent: the bound of an agent's wrap-up or pause, of what keeps offers from them, or of
-- the last word on their device.
-- KEYS meta dir waiting heads available agents duty hushed deadlines work journal
-- ARGV  1 member: wrapup|limit|guard|device, agent
-- gives ok;  O(places · log n)
local refused = begin()
if refused then return refused end
local kind, id = due_now(ARGV[1])
local a, spec
if kind then a, spec = agent_begin(id) end
if not a then return { 'ok' } end

if kind == 'guard' then
  if a.guard and tonumber(a.guard) <= now then unguard(id, a) end
elseif kind == 'device' then
  a.device = nil
elseif a.until_at and tonumber(a.until_at) <= now then
  agent_mode(id, a, kind == 'wrapup' and 'wrapped_up' or 'limit_over')
end
agent_commit(id, a, spec)
return { 'ok' }
