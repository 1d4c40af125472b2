-- agent: the record, the index of those available, the moves between modes.
-- Needs agents available waiting dir deadlines journal work.
--
-- A place is 'need(8)|tier(2)|step(2)|last(2)strategy': the need, the penalty
-- tier, the first of the need's steps that admits the agent, the need's last
-- step, the letter of the queue's strategy. The agent's member in the index is
-- 'need|tier|step|score(18)|agent'.

-- SCORES: a strategy is a score that stays put while the agent is available.
local SCORES = {
  -- longest-available: most free capacity first, then the earliest start.
  a = function(a) return string.format('%02d', 99 - a.cap + a.held) .. pad(tonumber(a.avail)) end,
}

-- score: the one by the place's strategy. known: those worked out already.
local function score(place, a, known)
  local letter = sub(place, 18, 18)
  if not known[letter] then known[letter] = SCORES[letter](a) end
  return known[letter]
end

-- available: may a further offer go to this agent now?
local function available(a)
  return a.mode == 'ready' and not a.next and not a.guard and not a.offer and not a.removed and a.held < a.cap
end

local function spec_of(id)
  return get(K.dir, 'agent|' .. id) or { places = '', wrap_up_ms = -1, cap = 1, always = 0 }
end

local function take_out(id, a, spec)
  if not a.ix then return end
  local members, known, n = {}, {}, 0
  for place in string.gmatch(spec.places, '[^,]+') do
    n = n + 1
    members[n] = sub(place, 1, 15) .. score(place, a, known) .. '|' .. id
  end
  for i = 1, n, 1000 do
    call('ZREM', K.available, unpack(members, i, math.min(i + 999, n)))
  end
  a.ix = nil
end

local function put_in(id, a, spec)
  local args, known, n = {}, {}, 0
  for place in string.gmatch(spec.places, '[^,]+') do
    args[n + 1], args[n + 2] = 0, sub(place, 1, 15) .. score(place, a, known) .. '|' .. id
    n = n + 2
  end
  for i = 1, n, 1000 do
    call('ZADD', K.available, unpack(args, i, math.min(i + 999, n)))
  end
  a.ix = 1
end

-- wake: an agent who became available is worth a match when somebody waits.
local function wake(id, spec)
  for place in string.gmatch(spec.places, '[^,]+') do
    local need = sub(place, 1, 8)
    local from = '[' .. need .. '|' .. sub(place, 13, 14) .. '|'
    if call('ZRANGEBYLEX', K.waiting, from, '(' .. need .. '}', 'LIMIT', 0, 1)[1] then
      return work('match', 'agent', id)
    end
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
    undue('wrapup|' .. id, 'guard|' .. id, 'limit|' .. id)
    call('HDEL', K.agents, id)
    return journal('mode', 'agent', id, 'mode', 'logged_out', 'reason', 'removed')
  end
  if available(a) then put_in(id, a, spec) end
  put(K.agents, id, a)
  if a.ix then wake(id, spec) end
end

-- agent_mode: make the move; false when the table has none. o: reason, until_at, by.
local function agent_mode(id, a, event, o)
  local to = AGENT_LIFE[event .. ' ' .. a.mode]
  if not to then return false end
  o = o or {}
  if a.until_at then undue('wrapup|' .. id, 'limit|' .. id) end
  if to == 'ready' and a.mode ~= 'ready' then a.avail = int(now) end
  if to == 'logged_out' and a.guard then -- a login is with a device that is there
    undue('guard|' .. id)
    a.guard = nil
  end
  a.mode, a.since, a.reason, a.until_at = to, int(now), o.reason, nil
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

-- agent_guard: no offer until the device is free, or registers again, or this is over.
local function agent_guard(id, a)
  a.guard, a.quiet = int(now + GUARD_MS * 1000), nil
  due('guard|' .. id, now + GUARD_MS * 1000)
end

-- agent_hush: no offer until the leg has ended that rings their phone still.
local function agent_hush(id, a, leg)
  if a.guard then return end
  a.guard, a.quiet = int(now + HUSH_MS * 1000), leg
  due('guard|' .. id, now + HUSH_MS * 1000)
end

-- agent_quiet: the leg has ended.
local function agent_quiet(id, leg)
  local a, spec = agent_begin(id)
  if not a then return end
  if a.guard and a.quiet == leg then
    undue('guard|' .. id)
    a.guard, a.quiet = nil, nil
  end
  agent_commit(id, a, spec)
end
