-- fire_ttl: a deadline that belongs to a TTL key, or writes one.
-- KEYS meta dir contacts waiting heads order deadlines work journal counts timeout announce
-- ARGV  1 member: timeout|announce|near|arm, queue, contact  2 due, or look (a suspicion before the time)
-- gives ok;  O(log n)
-- The key decides: alive, the deadline is re-armed to its expiry; gone, it fires.
local refused = begin()
if refused then return refused end
local member = ARGV[1]
local kind, queue, id = string.match(member, '^(%a+)|(.*)|([^|]+)$')
local at = call('ZSCORE', K.deadlines, member)
if not at or (ARGV[2] ~= 'look' and tonumber(at) > now) then return { 'ok' } end

local key = kind == 'timeout' and K.timeout or kind == 'announce' and K.announce
local c = contact_get(id)
if not c or c.queue ~= queue or not placed(c) then
  undue(member)
  if key then call('DEL', key) end
  return { 'ok' }
end
if key then
  local left = call('PTTL', key)
  if left > 0 then
    due(member, now + (left + 1) * 1000)
    return { 'ok' }
  elseif left == -1 then -- somebody took the expiry away: not due while they leave it so
    due(member, now + 60 * 1000000)
    return { 'ok' }
  end
  call('DEL', key) -- at its last millisecond it may still be there
end
undue(member)

local function arm(name, ttl, over)
  if over > now / 1000 then call('SET', ttl, '1', 'PXAT', int(over)) end
  due(name .. '|' .. queue .. '|' .. id, over * 1000)
end
local today = math.floor(now / 1000)

if kind == 'arm' then -- it came here from another queue, or back from a call
  if c.timeout_ms > 0 then arm('timeout', K.timeout, math.floor(tonumber(c.since) / 1000) + c.timeout_ms) end
  if c.announce_ms > 0 then
    arm('announce', K.announce, today + (c.said_at and c.announce_ms or queue_of(queue).announce_first_ms))
  end
elseif kind == 'timeout' then
  if c.state == 'waiting' then
    contact_leave(c, 'timed_out')
  else
    c.timed = true -- the offer's result is waited for
    contact_put(c)
  end
elseif c.announce_ms > 0 then -- announce, near
  local position = position_of(c)
  if kind == 'near' and not (c.said_position and position < c.said_position) then return { 'ok' } end
  if c.state == 'waiting' then -- nobody is talked to while a phone rings for them
    c.said_at, c.said_position = int(now), position
    contact_put(c)
    work('announce', 'contact', id, 'channel', c.channel, 'node', c.node, 'queue', queue, 'position', position,
      'waiting', waiting_in(queue), 'language', c.language, 'music', queue_of(queue).music)
  end
  arm('announce', K.announce, today + c.announce_ms)
end
return { 'ok' }
