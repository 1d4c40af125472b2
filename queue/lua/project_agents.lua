-- project_agents: agents that are new, changed or gone. Nobody else is touched.
-- KEYS meta dir waiting available agents deadlines work journal
-- ARGV  1 version  then 'agent|id', spec ('' removes)...
-- gives ok 1 | ok 0 (overtaken);  O(agents · places · log n)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
for i = 2, #ARGV, 2 do
  local field, text = ARGV[i], ARGV[i + 1]
  local id = sub(field, 7)
  if text == '' then
    local a, spec = agent_begin(id)
    call('HDEL', K.dir, field)
    if a then
      a.removed = 1 -- a live call is finished first
      agent_commit(id, a, spec)
    end
  elseif call('HGET', K.dir, field) ~= text then
    local a = agent_begin(id)
    local spec = cjson.decode(text)
    call('HSET', K.dir, field, text)
    a = a or { mode = 'logged_out', since = int(now), avail = '0', held = 0, misses = 0 }
    a.name, a.cap, a.removed = spec.name, spec.cap, nil
    if spec.always == 1 and a.mode == 'logged_out' then agent_mode(id, a, 'ready', { by = 'directory' }) end
    agent_commit(id, a, spec)
  end
end
return { 'ok', '1' }
