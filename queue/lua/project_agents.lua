-- project_agents: agents that are new, changed or gone. Nobody else is touched.
-- KEYS meta dir waiting heads available agents duty hushed deadlines work journal
-- ARGV  1 version  then 'agent|id', spec ('' removes), restored mode or ''...
-- gives ok 1 | ok 0 (overtaken);  O(agents · places · log n)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end

-- new_agent: as they were before the pool lost its memory, if that is known.
local function new_agent(id, text)
  local a = { mode = 'logged_out', since = stamp, avail = '0', held = 0, misses = 0 }
  if text == '' then return a end
  local r = cjson.decode(text)
  local since, over = math.min(tonumber(r.since), now), tonumber(r.until_at)
  if over and over <= now then
    r.mode, since, r.reason, over = 'ready', over, nil, nil
  end
  a.mode, a.since, a.reason = r.mode, int(since), r.reason
  if r.mode == 'ready' then a.avail = int(since) end
  if over then
    a.until_at = int(over)
    due('limit|' .. id, over)
  end
  if a.mode ~= 'logged_out' then
    journal('mode', 'agent', id, 'mode', a.mode, 'reason', a.reason or '', 'by', 'restored')
  end
  return a
end

for i = 2, #ARGV, 3 do
  local name, text = ARGV[i], ARGV[i + 1]
  local id = sub(name, 7)
  if text == '' then
    local a, spec = agent_begin(id)
    if a then
      not_alone(a)
      duty_out(id, a, spec)
      left_by(spec, '')
      call('HDEL', K.dir, name)
      a.removed = 1 -- a live call is finished first
      agent_commit(id, a, spec_of(id))
    else
      call('HDEL', K.dir, name)
    end
  elseif call('HGET', K.dir, name) ~= text then
    local a, was = agent_begin(id)
    local spec = cjson.decode(text)
    if a then
      duty_out(id, a, was)
      left_by(was, '')
    end
    call('HSET', K.dir, name, text)
    a = a or new_agent(id, ARGV[i + 2])
    a.name, a.line, a.cap_v, a.cap_c, a.removed = spec.name, spec.line, spec.cap_v, spec.cap_c, nil
    if spec.fair_on == 1 and not a.fair_on then
      a.fair_on = 1
      fair_in(a, true)
    end
    if spec.always == 1 and a.mode == 'logged_out' then agent_mode(id, a, 'ready', { by = 'directory' }) end
    agent_commit(id, a, spec)
  end
end
return { 'ok', '1' }
