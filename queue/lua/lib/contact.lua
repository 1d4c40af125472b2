-- contact: the record, its places, the moves of its life.
-- Needs contacts elements waiting heads order available agents dir deadlines work journal counts.
--
-- A record is an array: what every contact has, in the order of contact_put, and
-- last, when there is any, what only some have, by name.
--
-- A contact waits in a line: its need, or for a while an agent's own line. A line has
-- nine characters (names.go): a need's are the letter of the strategy, that of
-- the medium, its id and its version; an agent's own is '=' and their number.
-- The member in waiting is 'line|step|score|contact', and heads has the least
-- 'score|contact' of each 'line|step', so that an agent finds who waits longest in one look.

local NONE = {}
local function contact_of(text)
  local a = cjson.decode(text)
  local c = { -- one table of the right size: growing one costs more than all the rest
    id = a[1], state = a[2], queue = a[3], need = a[4], step = a[5], score = a[6], at = a[7],
    channel = a[8], node = a[9], boot = a[10], name = a[11], number = a[12], language = a[13],
    timeout_ms = a[14], announce_ms = a[15], attempts = a[16],
  }
  for k, v in pairs(a[17] or NONE) do c[k] = v end
  return c
end

-- SOMETIMES: what only some contacts have.
local SOMETIMES = {
  'since', 'line', 'offer', 'agent', 'skip', 'again_at', 'said_at', 'said_position', 'answered_at', 'outcome', 'reason', 'by',
  'key', 'timed', 'overdue', 'reconnects', 'credit_ms', 'priority', 'prefer', 'given', 'element', 'came_to',
  'hops',
}

local function contact_text(c)
  local some
  for i = 1, #SOMETIMES do
    local k = SOMETIMES[i]
    local v = c[k]
    if v ~= nil then
      some = some or {}
      some[k] = v
    end
  end
  return cjson.encode({
    c.id, c.state, c.queue, c.need, c.step, c.score, c.at, c.channel, c.node, c.boot, c.name, c.number, c.language,
    c.timeout_ms, c.announce_ms, c.attempts, some,
  })
end

local function contact_get(id)
  local text = call('HGET', K.contacts, id)
  return text and contact_of(text)
end

local function contact_put(c) call('HSET', K.contacts, c.id, contact_text(c)) end

-- field_of: of heads, and the beginning of the member in waiting.
local function field_of(c) return (c.line or c.need) .. (c.step == 0 and '|00' or format('|%02d', c.step)) end

-- rank_of: what it has in heads. Who was given to an agent comes before all others of theirs.
local function rank_of(c) return (c.given and '00' .. sub(c.score, 3) or c.score) .. '|' .. c.id end

local function waiting_member(c) return field_of(c) .. '|' .. rank_of(c) end

-- head_anew: the head of the field is looked up.
local function head_anew(f)
  local m = head(K.waiting, '[' .. f .. '|', '(' .. f .. '}')
  if m then
    call('HSET', K.heads, f, sub(m, 14))
  else
    call('HDEL', K.heads, f)
  end
end

local function line_in(c)
  local f, r = field_of(c), rank_of(c)
  call('ZADD', K.waiting, '0', f .. '|' .. r)
  local h = call('HGET', K.heads, f)
  if not h or r < h then call('HSET', K.heads, f, r) end
end

local function line_out(c)
  local f, r = field_of(c), rank_of(c)
  call('ZREM', K.waiting, f .. '|' .. r)
  if call('HGET', K.heads, f) == r then head_anew(f) end
end

local function order_member(c) return c.queue .. '|' .. c.score .. '|' .. c.id end

-- queue_of: how one waits in the queue; ring_of: how one is offered. A queue that was
-- removed while somebody waited has what they need to end well.
local function queue_of(name)
  return get(K.dir, 'queue|' .. name) or { announce_min_ms = ANNOUNCE_MIN_MS, announce_first_ms = ANNOUNCE_FIRST_MS }
end

local function ring_of(name)
  return get(K.dir, 'ring|' .. name)
    or { ring_ms = RING_MS, retry_ms = RETRY_MS, wrap_up_ms = 0, max_misses = 0, music = 'default' }
end

-- PLACED: the states in which a contact stands in its queue's order. COUNTED: those
-- whose contacts are counted by queue.
local PLACED, COUNTED = '|waiting|offered|in_dialplan|', '|offered|in_dialplan|connected|leaving|'
local function placed(c) return string.find(PLACED, '|' .. c.state .. '|', 1, true) ~= nil end
local function counted(state) return string.find(COUNTED, '|' .. state .. '|', 1, true) ~= nil end

local function contact_move(c, event)
  local to = leads(CONTACT_LIFE, event, c.state)
  if not to then error('contact ' .. c.id .. ': no move ' .. event .. ' from ' .. c.state) end
  if counted(c.state) then count(c.queue .. '|' .. c.state, '-1') end
  if counted(to) then count(c.queue .. '|' .. to, '1') end
  c.state = to
end

-- contact_on: who is on the channel (escaped) of the node, if anybody.
local function contact_on(node, element)
  local prefix = node .. '|' .. element .. '|'
  local known = head(K.elements, '[' .. prefix, '(' .. node .. '|' .. element .. '}')
  return known and contact_get(sub(known, #prefix + 1))
end

local function position_of(c)
  return call('ZLEXCOUNT', K.order, '[' .. c.queue .. '|', '[' .. order_member(c))
end

local function waiting_in(queue)
  return call('ZLEXCOUNT', K.order, '[' .. queue .. '|', '(' .. queue .. '}')
end

-- wait_ms: what the caller waited, until the answer or until now.
local function wait_ms(c)
  return int(math.floor(((tonumber(c.answered_at) or now) - tonumber(c.at)) / 1000))
end

-- order_score: what order counts: the arrival, less the credit. A strict priority comes first.
local function order_score(c)
  local strict, credit = 0, c.credit_ms or 0
  if option('s') then strict = c.priority or 0 else credit = credit + (c.priority or 0) * 60000 end
  return format('%02d', 50 - math.max(-49, math.min(strict, 49))) .. pad(tonumber(c.at) - credit * 1000)
end

-- match_need: a contact that waits is worth a match when there is anybody to ask.
local function match_need(c)
  local line = c.line or c.need
  if c.line then
    local a = get(K.agents, c.prefer)
    if a and a.ix then work('match', 'need', line) end
  elseif head(K.available, '[' .. line .. '|', '(' .. line .. '}') then
    work('match', 'need', line)
  end
end

-- step_now: the step of the need that the contact's wait has reached; the next
-- one's deadline is set.
local function step_now(c)
  local step, n = 0, 0
  for after in string.gmatch(match(call('HGET', K.dir, 'line|' .. c.need) or '', '"after":"([^"]*)"') or '0', '%d+') do
    local opens = tonumber(c.at) + after * 1000
    if opens > now then
      due('step|' .. c.id, opens)
      break
    end
    step, n = n, n + 1
  end
  return step
end

-- empty_soon: should nobody be there who could serve it, it leaves, if its queue says so.
local function empty_soon(c, q)
  if not c.line and (q.leave_empty or '') ~= '' then due('empty|' .. c.need, now) end
end

-- out_of_order: off the queue; those behind may hear of it, at most once a second.
local function out_of_order(c)
  call('ZREM', K.order, order_member(c))
  if c.announce_ms > 0 then
    call('ZADD', K.deadlines, 'NX', int(now + 1000000), 'near|' .. c.queue)
  end
end

-- ttl_due: one deadline for the TTL keys that there are, at the earlier end of the two.
local function ttl_due(c, timeout, announce)
  local tail = '|' .. c.queue .. '|' .. c.id
  undue('both' .. tail, 'timeout' .. tail, 'announce' .. tail)
  if timeout or announce then
    due((timeout and announce and 'both' or timeout and 'timeout' or 'announce') .. tail,
      math.min(timeout or announce, announce or timeout))
  end
end

local function no_deadlines(c)
  local tail = c.queue .. '|' .. c.id
  undue('both|' .. tail, 'timeout|' .. tail, 'announce|' .. tail, 'near|' .. tail, 'arm|' .. tail, 'retry|' .. c.id,
    'step|' .. c.id, 'prefer|' .. c.id, 'overflow|' .. c.id)
end

-- contact_leave: the outcome is decided; a callmanager sends the channel on.
local function contact_leave(c, outcome)
  if c.state == 'waiting' then line_out(c) end
  if placed(c) then out_of_order(c) end
  contact_move(c, 'leave')
  no_deadlines(c)
  c.outcome, c.offer, c.line, c.prefer, c.given = outcome, nil, nil, nil, nil
  contact_put(c)
  journal('leaving', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'outcome', outcome, 'agent', c.agent or '',
    'wait_ms', wait_ms(c), 'reason', c.reason or '', 'by', c.by or '')
  work('leave', 'contact', c.id, 'channel', c.channel, 'node', c.node, 'queue', c.queue, 'outcome', outcome,
    'agent', c.agent or '', 'language', c.language, 'wait_ms', wait_ms(c), 'reason', c.reason or '', 'key', c.key or '')
end

-- to_present: the need was edited, and goes on as another line. The step is the one that
-- its wait has reached, and at least the one that the step so far became.
local function to_present(c)
  for _ = 1, 9 do
    local was = call('HGET', K.dir, 'was|' .. c.need)
    if not was then return end
    local least, i = 0, 0
    for s in string.gmatch(sub(was, 11), '%d+') do
      if i == c.step then least = tonumber(s) end
      i = i + 1
    end
    c.need = sub(was, 1, 9)
    undue('step|' .. c.id)
    if not c.line then c.step = math.max(least, step_now(c)) end
  end
end

-- to_need: out of an agent's own line, into that of the need. It does not wait now.
local function to_need(c)
  if not c.line then return end
  undue('prefer|' .. c.id)
  c.line, c.prefer, c.given = nil, nil, nil
  to_present(c)
  c.step = step_now(c)
end

-- contact_missed: agents (a list) to skip for a while, until again_at. Whoever waited for one of
-- them alone waits for the others now.
local function contact_missed(c, agents)
  for id in string.gmatch(agents, '[^,]+') do
    if not has(c.skip, id) then c.skip = add(c.skip, id) end
  end
  c.again_at = int(now + ring_of(c.queue).retry_ms * 1000)
  to_need(c)
end

-- contact_return: back to the old place; or out, when its time was over meanwhile.
-- The offer is closed already. quiet: the caller's music was stopped for it.
local function contact_return(c, quiet)
  if c.timed then return contact_leave(c, 'timed_out') end
  local talked, q = c.state == 'connected', ring_of(c.queue)
  contact_move(c, 'return')
  c.offer = nil
  to_present(c)
  if c.skip then due('retry|' .. c.id, math.max(now, tonumber(c.again_at))) end
  if talked then
    c.agent, c.answered_at, c.since = nil, nil, stamp
    c.step = math.max(c.step, step_now(c)) -- the answer ended its deadlines
    c.credit_ms = (c.credit_ms or 0) + (q.credit_ms or 0)
    c.score = order_score(c)
    call('ZADD', K.order, '0', order_member(c))
    due('arm|' .. c.queue .. '|' .. c.id, now) -- its TTL keys, which this script may not name
    local over = queue_of(c.queue).overflow_ms or 0
    if over > 0 and (c.hops or 0) < HOPS then due('overflow|' .. c.id, now + over * 1000) end
  end
  empty_soon(c, queue_of(c.queue))
  if talked or quiet then
    work('music', 'contact', c.id, 'channel', c.channel, 'node', c.node, 'queue', c.queue, 'music', q.music)
  end
  line_in(c)
  contact_put(c)
  journal('returned', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'need', c.need)
  if c.overdue then due('overflow|' .. c.id, now) end
  match_need(c)
end

-- contact_end: the one end. The offer is closed already.
local function contact_end(c, outcome)
  if c.state == 'waiting' then line_out(c) end
  if placed(c) then out_of_order(c) end
  contact_move(c, 'end')
  no_deadlines(c)
  call('HDEL', K.contacts, c.id)
  call('ZREM', K.elements, c.node .. '|' .. (c.element or c.channel) .. '|' .. c.id)
  c.outcome = outcome
  count(c.queue .. '|ended|' .. outcome, '1')
  journal('ended', 'contact', c.id, 'channel', c.channel, 'queue', c.queue, 'node', c.node, 'outcome', outcome,
    'agent', c.agent or '', 'wait_ms', wait_ms(c), 'reason', c.reason or '')
end
