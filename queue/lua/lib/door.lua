-- door: whether a queue takes a contact, and the way from one queue to another.
-- Needs what contact needs, and duty.

-- COUNTS: the words of queues.join_empty and leave_empty are states in which an agent
-- does not count; each mode's word, by its letter in duty.
local WORDS = { r = '', w = 'wrap_up', p = 'paused', n = 'not_responding' }

-- nobody: does no agent of the line count, by these words? One who is logged out never
-- does; 'busy' leaves those who can take nobody now uncounted, 'later' those whom only a
-- later step admits.
local function nobody(line, words)
  if words == '' then return false end
  local later, busy = has(words, 'later'), has(words, 'busy')
  for letter, word in pairs(WORDS) do
    if not has(words, word) and not (letter == 'r' and busy) then
      local from = line .. '|' .. letter .. '|' .. (later and '00|' or '')
      if head(K.duty, '[' .. from, '(' .. sub(from, 1, -2) .. '}') then return false end
    end
  end
  if not busy then return true end
  return not head(K.available, '[' .. line .. '|', '(' .. line .. (later and '|00}' or '}'))
end

-- shut: why the queue takes nobody, or nobody more; nil when it does.
local function shut(name, q, line)
  if not q.open then return 'closed' end
  if q.max_waiting > 0 and waiting_in(name) >= q.max_waiting then return 'full' end
  if nobody(line, q.join_empty) then return 'empty' end
end

-- takes: the queue that takes a contact who asks for this one: itself, or the one that it
-- overflows to. Gives name, settings and line; or nil and why.
local function takes(name, line)
  local first
  for _ = 1, HOPS do
    local q = get(K.dir, 'queue|' .. name)
    if not q then return nil, first or 'no_queue' end
    line = line or q.need
    local why = shut(name, q, line)
    if not why then return name, q, line end
    first = first or why
    if q.overflow_to == '' then return nil, first end
    name, line = q.overflow_to, nil
  end
  return nil, first
end

-- contact_to: a contact that waits, or whose offer is closed, goes on in another queue:
-- its arrival, and so its wait, stay. The record is not written yet.
local function contact_to(c, name, q, line)
  out_of_order(c)
  no_deadlines(c)
  if counted(c.state) then
    count(c.queue .. '|' .. c.state, '-1')
    count(name .. '|' .. c.state, '1')
  end
  if name ~= c.queue then
    count(c.queue .. '|moved_out', '1')
    count(name .. '|moved_in', '1')
    c.came_to = c.came_to or c.queue
    c.credit_ms = (c.credit_ms or 0) + q.credit_moved_ms
  end
  c.queue, c.need, c.line, c.prefer, c.given, c.skip, c.again_at, c.overdue, c.timed = name, line, nil, nil, nil, nil, nil, nil, nil
  c.announce_ms = c.announce_ms > 0 and q.announce_ms or 0
  c.said_at, c.said_position = nil, nil
  if c.credit_ms == 0 then c.credit_ms = nil end
  c.score = order_score(c)
  c.step = step_now(c)
  call('ZADD', K.order, '0', order_member(c))
  due('arm|' .. name .. '|' .. c.id, now) -- its TTL keys, which this script may not name
  empty_soon(c, q)
  if q.overflow_ms > 0 and (c.hops or 0) < HOPS then
    due('overflow|' .. c.id, math.max(now, tonumber(c.at) + q.overflow_ms * 1000))
  end
end

-- let_wait: takes back the offer of a contact that is to be moved; says whether it waits then.
local function let_wait(c)
  if c.state == 'waiting' then
    line_out(c)
    return true
  end
  local o = c.state == 'offered' and get(K.offers, c.offer)
  if not o then return false end
  offer_close(o, 'withdrawn', 'moved', true)
  contact_move(c, 'return')
  c.offer = nil
  return true
end
