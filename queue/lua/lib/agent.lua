-- agent: the record, the index of those available, the moves between modes.
-- Needs agents available heads duty hushed dir meta deadlines journal work.
--
-- What the directory says of an agent (dir, 'agent|id') has the places that they
-- have, 'line|step|tier': the line of a need, the first of its steps that admits them, the
-- penalty tier. The agent's member in available is 'line|step|tier|score|agent':
-- one for each place of a medium in which they may be offered something now (a.ix).

local ZEROS = '0000000000000000'

-- padded: a moment as text, in sixteen digits; it mostly is.
local function padded(at) return #at == 16 and at or pad(tonumber(at)) end

-- turn_score: a strategy is a score of twenty digits that stays put while the agent is
-- available. kind is the strategy's letter and the medium's, i the place's number.
local function turn_score(kind, a, spec, i)
  local s, m = sub(kind, 1, 1), sub(kind, 2, 2)
  if s == 'a' or s == 'g' then -- most free capacity first, then the longest available
    return format('%04d', 9999 - spec['cap_' .. m] + (a['held_' .. m] or 0)) .. padded(a.avail)
  elseif s == 'f' then return a.fair_key or '0000' .. ZEROS
  elseif s == 's' then return format('%04d', spec.skilled) .. padded(a.avail)
  elseif s == 'c' then return format('%04d', math.min(a.served or 0, 9999)) .. padded(a.avail)
  elseif s == 'r' then return '0000' .. padded(a.offered or '0')
  elseif s == 'l' or s == 'w' then return spec.own[i] .. ZEROS
  elseif s == 'b' then return format('%04d', a['held_' .. m] or 0) .. ZEROS
  end
  return '0000' .. ZEROS -- x, whom chance picks; and the groups, which are only counted
end

-- turn_members: the agent's in available, of the media. What stands behind the place is
-- the same for all places of a kind, unless the strategy wants something of each.
local function turn_members(id, a, spec, media)
  local out, n, tails = {}, 0, {}
  local places = spec.places
  for i = 1, #places do
    local place = places[i]
    local kind = sub(place, 1, 2)
    local tail = tails[kind]
    if tail == nil then
      local k = string.lower(kind)
      tail = string.find(media, sub(k, 2), 1, true) and '|' .. turn_score(k, a, spec, i) .. '|' .. id or false
      if not spec.own then tails[kind] = tail end
    end
    if tail then
      n = n + 1
      out[n] = place .. tail
    end
  end
  return out, n
end

local function take_out(id, a, spec)
  if not a.ix then return end
  local all, n = turn_members(id, a, spec, a.ix)
  for i = 1, n, 1000 do
    call('ZREM', K.available, unpack(all, i, math.min(i + 999, n)))
  end
  a.ix = nil
end

local function put_in(id, a, spec, media)
  local all, n = turn_members(id, a, spec, media)
  local args = {}
  for i = 1, n do args[2 * i - 1], args[2 * i] = '0', all[i] end
  for i = 1, 2 * n, 1000 do
    call('ZADD', K.available, unpack(args, i, math.min(i + 999, 2 * n)))
  end
  a.ix = media
end

-- open_media: the letters of the media in which a further offer may go to this agent now.
-- One medium comes beside another only where the directory says so.
local function open_media(a, spec)
  if a.mode ~= 'ready' or a.next or a.guard or a.device or a.offer or a.removed then return nil end
  local v, c = a.held_v or 0, a.held_c or 0
  local media = ''
  if v < spec.cap_v and (c == 0 or string.find(spec.beside, 'v', 1, true)) then media = 'v' end
  if c < spec.cap_c and (v == 0 or string.find(spec.beside, 'c', 1, true)) then media = media .. 'c' end
  return media ~= '' and media or nil
end

local function spec_of(id)
  return get(K.dir, 'agent|' .. id)
    or { places = {}, heads = {}, wrap_up_ms = -1, cap_v = 1, cap_c = 0, beside = '', always = 0, skilled = 0 }
end

-- looked_at: what is in the heads of the lines that the agent serves, in the order of fields.
local function looked_at(fields)
  if not fields[1] then return {} end
  if not fields[1001] then return call('HMGET', K.heads, unpack(fields)) end
  local all = {}
  for i = 1, #fields, 1000 do
    for k, v in ipairs(call('HMGET', K.heads, unpack(fields, i, math.min(i + 999, #fields)))) do all[i + k - 1] = v end
  end
  return all
end

local function somebody_in(fields)
  for _, s in ipairs(looked_at(fields)) do
    if s then return true end
  end
  return false
end

-- wake: an agent who became available is worth a match when somebody waits.
local function wake(id, spec)
  if somebody_in(spec.heads) then return work('match', 'agent', id) end
  for _, g in ipairs(spec.spare or {}) do
    if somebody_in(g.heads) then return work('match', 'agent', id) end
  end
end

-- group_size: how many of those who are held back are available.
local function group_size(group) return call('ZLEXCOUNT', K.available, '[' .. group .. '|', '(' .. group .. '}') end

-- let_others: with one more of a group, lines that hold the others back may have them again.
local function let_others(spec)
  for _, f in ipairs(spec.frees) do
    if group_size(f.group) == f.keep + 1 and somebody_in(f.heads) then work('match', 'need', sub(f.heads[1], 1, 9)) end
  end
end

-- DUTY: the letter of a mode in duty, which says of lines with rules for empty queues
-- who is logged in: 'line|letter|step|agent'.
local DUTY = '|ready>r|wrap_up>w|paused>p|not_responding>n|'

local function duty_anew(id, a, spec)
  local is = spec.duty and match(DUTY, '|' .. a.mode .. '>(.)')
  if is == a.duty then return end
  for _, d in ipairs(spec.duty or {}) do
    local line, step = sub(d, 1, 10), sub(d, 10) .. '|' .. id
    if a.duty then call('ZREM', K.duty, line .. a.duty .. step) end
    if is then call('ZADD', K.duty, '0', line .. is .. step) end
  end
  a.duty = is
end

-- duty_out: off the lines of a spec that is no more.
local function duty_out(id, a, spec)
  for _, d in ipairs(a.duty and spec.duty or {}) do
    call('ZREM', K.duty, sub(d, 1, 10) .. a.duty .. sub(d, 10) .. '|' .. id)
  end
  a.duty = nil
end

-- left_by: the lines that an agent serves no more, or not now, may have nobody left. media:
-- those in which they may be offered something.
local function left_by(spec, media)
  for _, line in ipairs(spec.leaves or {}) do
    if not string.find(media, sub(line, 2, 2), 1, true) then due('empty|' .. line, now) end
  end
end

-- agent_begin, agent_commit: every change of an agent stands between the two,
-- so that the index never holds a score that the record no longer gives.
local function agent_begin(id)
  local a = get(K.agents, id)
  if not a then return nil end
  local spec = spec_of(id)
  take_out(id, a, spec)
  return a, spec
end

local function agent_commit(id, a, spec)
  if a.removed and not a.offer and a.held == 0 then
    undue('wrapup|' .. id, 'guard|' .. id, 'limit|' .. id, 'device|' .. id)
    if a.quiet then call('HDEL', K.hushed, a.quiet) end
    a.mode = 'logged_out'
    duty_anew(id, a, spec)
    call('HDEL', K.agents, id)
    return journal('mode', 'agent', id, 'mode', 'logged_out', 'reason', 'removed')
  end
  duty_anew(id, a, spec)
  local media = open_media(a, spec)
  if media then
    put_in(id, a, spec, media)
    wake(id, spec)
    if spec.frees then let_others(spec) end
  end
  left_by(spec, media or '')
  put(K.agents, id, a)
end

-- unguard: nothing keeps offers from the agent any more.
local function unguard(id, a)
  undue('guard|' .. id)
  if a.quiet then call('HDEL', K.hushed, a.quiet) end
  a.guard, a.quiet = nil, nil
end

-- agent_guard: no offer until the device is free, or registers again, or this is over.
local function agent_guard(id, a)
  unguard(id, a)
  a.guard = int(now + GUARD_MS * 1000)
  due('guard|' .. id, now + GUARD_MS * 1000)
end

-- agent_hush: no offer until the leg has ended that rings their phone still.
local function agent_hush(id, a, leg)
  if a.guard then return end
  a.guard, a.quiet = int(now + HUSH_MS * 1000), leg
  call('HSET', K.hushed, leg, id)
  due('guard|' .. id, now + HUSH_MS * 1000)
end

-- agent_quiet: the leg has ended.
local function agent_quiet(leg)
  local id = call('HGET', K.hushed, leg)
  local a, spec
  if id then a, spec = agent_begin(id) end
  if not a then return end
  if a.quiet == leg then unguard(id, a) end
  agent_commit(id, a, spec)
end

-- not_alone: who waits for this agent alone waits for the others now, too.
local function not_alone(a)
  for _, m in ipairs(call('ZRANGEBYLEX', K.waiting, '[' .. a.line .. '|', '(' .. a.line .. '}', 'LIMIT', '0', 1000)) do
    due('prefer|' .. sub(m, 33), now)
  end
end

-- agent_mode: make the move; false when the table has none. o: reason, until_at, by.
local function agent_mode(id, a, event, o)
  local to = leads(AGENT_LIFE, event, a.mode)
  if not to then return false end
  o = o or {}
  if a.until_at then undue('wrapup|' .. id, 'limit|' .. id) end
  if a.mode == 'wrap_up' and a.held == 0 then fair_free(a) end
  if to == 'paused' and a.mode == 'ready' then a.froze = int(now - tonumber(a.avail)) end
  if to == 'ready' and a.mode ~= 'ready' then
    a.avail = int(a.mode == 'paused' and a.froze and option('k') and now - tonumber(a.froze) or now)
  end
  if to ~= 'paused' then a.froze = nil end
  if to == 'ready' and (a.mode == 'logged_out' or a.mode == 'paused') then fair_in(a, a.mode == 'logged_out') end
  if to == 'paused' or to == 'logged_out' then fair_out(a) end
  if to == 'logged_out' then -- a login is with a device that is there
    if a.guard then unguard(id, a) end
    a.served = 0
  end
  if to ~= 'ready' and to ~= 'wrap_up' then not_alone(a) end
  a.mode, a.since, a.reason, a.until_at = to, stamp, o.reason, nil
  if o.until_at then
    a.until_at = int(o.until_at)
    due((to == 'wrap_up' and 'wrapup|' or 'limit|') .. id, o.until_at)
  end
  journal('mode', 'agent', id, 'mode', to, 'reason', o.reason or '', 'by', o.by or '', 'until', a.until_at or '')
  return true
end

-- agent_next: the mode that was chosen while busy, once nothing is left to finish.
local function agent_next(id, a)
  if not a.next or a.offer or a.held > 0 then return false end
  local limit = a.next_limit_ms or 0
  agent_mode(id, a, a.next, {
    reason = a.next_reason, by = a.next_by, until_at = limit > 0 and now + limit * 1000 or nil,
  })
  a.next, a.next_reason, a.next_limit_ms, a.next_by = nil, nil, nil, nil
  return true
end

-- took, freed: the agent has the offer's contact now, or has it no more.
local function took(a, o)
  local m = 'held_' .. o.medium
  a.calls, a.held, a[m], a.misses, a.served = add(a.calls, o.id), a.held + 1, (a[m] or 0) + 1, 0, (a.served or 0) + 1
end

local function freed(a, o)
  if not has(a.calls, o.id) then return false end
  local m = 'held_' .. o.medium
  a.calls, a.held, a[m] = without(a.calls, o.id), a.held - 1, a[m] - 1
  return true
end
