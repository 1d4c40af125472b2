-- fire_ttl: a deadline that belongs to a TTL key, or writes one.
-- KEYS meta dir contacts waiting order deadlines work journal counts timeout announce
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
local c = get(K.contacts, id)
if not c or c.queue ~= queue or not HAS_PLACE[c.state] then
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

local function arm(name, ttl, after_ms)
  local over = math.floor(now / 1000) + after_ms
  call('SET', ttl, '1', 'PXAT', int(over))
  due(name .. '|' .. queue .. '|' .. id, over * 1000)
end

if kind == 'arm' then -- back after a call whose device was lost: the wait begins anew
  if c.timeout_ms > 0 then arm('timeout', K.timeout, c.timeout_ms) end
  if c.announce_ms > 0 then arm('announce', K.announce, c.announce_ms) end
elseif kind == 'timeout' then
  if c.state == 'waiting' then
    contact_leave(c, 'timed_out')
  else
    c.timed = true -- the offer's result is waited for
    put(K.contacts, id, c)
  end
elseif c.announce_ms > 0 then -- announce, near
  local position = position_of(c)
  if kind == 'near' and not (c.said_position and position < c.said_position) then return { 'ok' } end
  if c.state == 'waiting' then -- nobody is talked to while a phone rings for them
    c.said_at, c.said_position = int(now), position
    put(K.contacts, id, c)
    work('announce', 'contact', id, 'channel', c.channel, 'node', c.node, 'queue', queue, 'position', position,
      'waiting', waiting_in(queue), 'language', c.language, 'music', queue_of(queue).music)
  end
  arm('announce', K.announce, c.announce_ms)
end
return { 'ok' }
