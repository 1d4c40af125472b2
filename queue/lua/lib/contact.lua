-- contact: the record, its places, the moves of its life.
-- Needs contacts elements waiting order available dir deadlines work journal counts.

local function waiting_member(c)
  return c.need .. '|' .. string.format('%02d', c.step) .. '|' .. c.score .. '|' .. c.id
end

local function order_member(c) return c.queue .. '|' .. c.score .. '|' .. c.id end

-- queue_of: the queue's settings; what a contact needs to end well when the
-- queue was removed while it waited.
local function queue_of(name)
  return get(K.dir, 'queue|' .. name) or {
    ring_ms = RING_MS, retry_ms = RETRY_MS, wrap_up_ms = 0, max_misses = 0, music = 'default',
    announce_min_ms = ANNOUNCE_MIN_MS, announce_first_ms = ANNOUNCE_FIRST_MS,
  }
end

-- HAS_PLACE: the states in which a contact stands in its queue's order.
local HAS_PLACE = { waiting = true, offered = true, in_dialplan = true }
-- COUNTED: the states whose contacts are counted by queue.
local COUNTED = { offered = true, in_dialplan = true, connected = true, leaving = true }

local function contact_move(c, event)
  local to = CONTACT_LIFE[event .. ' ' .. c.state]
  if not to then error('contact ' .. c.id .. ': no move ' .. event .. ' from ' .. c.state) end
  if COUNTED[c.state] then count(c.queue .. '|' .. c.state, -1) end
  if COUNTED[to] then count(c.queue .. '|' .. to, 1) end
  c.state = to
end

-- contact_on: who is on the channel (escaped) of the node, if anybody.
local function contact_on(node, element)
  local prefix = node .. '|' .. element .. '|'
  local known = call('ZRANGEBYLEX', K.elements, '[' .. prefix, '(' .. node .. '|' .. element .. '}', 'LIMIT', 0, 1)[1]
  return known and get(K.contacts, sub(known, #prefix + 1))
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

-- match_need: a contact that waits is worth a match when the index holds anybody.
local function match_need(c)
  if call('ZRANGEBYLEX', K.available, '[' .. c.need .. '|', '(' .. c.need .. '}', 'LIMIT', 0, 1)[1] then
    work('match', 'need', c.need)
  end
end

-- out_of_order: off the queue; those behind may hear of it, at most once a second.
local function out_of_order(c)
  call('ZREM', K.order, order_member(c))
  if c.announce_ms > 0 then
    call('ZADD', K.deadlines, 'NX', int(now + 1000000), 'near|' .. c.queue)
  end
end

local function no_deadlines(c)
  local tail = c.queue .. '|' .. c.id
  undue('timeout|' .. tail, 'announce|' .. tail, 'near|' .. tail, 'arm|' .. tail, 'retry|' .. c.id, 'step|' .. c.id)
end

-- contact_leave: the outcome is decided; a callmanager sends the channel on.
local function contact_leave(c, outcome)
  if c.state == 'waiting' then call('ZREM', K.waiting, waiting_member(c)) end
  if HAS_PLACE[c.state] then out_of_order(c) end
  contact_move(c, 'leave')
  no_deadlines(c)
  c.outcome, c.offer = outcome, nil
  put(K.contacts, c.id, c)
  journal('leaving', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'outcome', outcome, 'agent', c.agent or '',
    'wait_ms', wait_ms(c))
  work('leave', 'contact', c.id, 'channel', c.channel, 'node', c.node, 'queue', c.queue, 'outcome', outcome,
    'agent', c.agent or '', 'language', c.language, 'wait_ms', wait_ms(c))
end

-- contact_missed: agents (a list) to skip for a while.
local function contact_missed(c, agents)
  for id in string.gmatch(agents, '[^,]+') do
    if not has(c.skip, id) then c.skip = add(c.skip, id) end
  end
  c.missed_at = int(now)
end

-- contact_return: back to the old place; or out, when its time was over meanwhile.
-- The offer is closed already. quiet: the caller's music was stopped for it.
local function contact_return(c, quiet)
  if c.timed then return contact_leave(c, 'timed_out') end
  local talked, retry = c.state == 'connected', queue_of(c.queue).retry_ms
  contact_move(c, 'return')
  c.offer = nil
  if c.skip then due('retry|' .. c.id, math.max(now, tonumber(c.missed_at) + retry * 1000)) end
  if talked then
    c.agent, c.answered_at = nil, nil
    call('ZADD', K.order, 0, order_member(c))
    due('arm|' .. c.queue .. '|' .. c.id, now) -- its TTL keys, which this script may not name
  end
  if talked or quiet then
    work('music', 'contact', c.id, 'channel', c.channel, 'node', c.node, 'queue', c.queue,
      'music', queue_of(c.queue).music)
  end
  call('ZADD', K.waiting, 0, waiting_member(c))
  put(K.contacts, c.id, c)
  journal('returned', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'need', c.need)
  match_need(c)
end

-- contact_end: the one end. The offer is closed already.
local function contact_end(c, outcome)
  if c.state == 'waiting' then call('ZREM', K.waiting, waiting_member(c)) end
  if HAS_PLACE[c.state] then out_of_order(c) end
  contact_move(c, 'end')
  no_deadlines(c)
  call('HDEL', K.contacts, c.id)
  call('ZREM', K.elements, c.node .. '|' .. (c.element or c.channel) .. '|' .. c.id)
  c.outcome = outcome
  count(c.queue .. '|ended|' .. outcome, 1)
  journal('ended', 'contact', c.id, 'channel', c.channel, 'queue', c.queue, 'node', c.node, 'outcome', outcome,
    'agent', c.agent or '', 'wait_ms', wait_ms(c))
end
