-- fire_ttl: the deadline of a contact's TTL keys, or one that writes them.
-- KEYS meta dir contacts waiting heads order deadlines work journal counts timeout announce
-- ARGV  1 member: both|timeout|announce|near|arm, queue, contact  2 due, or look (a suspicion before the time)
-- gives ok;  O(log n)
-- The key decides: alive, the deadline is re-armed to its expiry; gone, it fires. Which of
-- the two keys there are stands in the deadline's kind, and it is due at the earlier end.
local refused = begin()
if refused then return refused end
local member = ARGV[1]
local kind, queue, id = string.match(member, '^(%a+)|(.*)|([^|]+)$')
local at = call('ZSCORE', K.deadlines, member)
if not at or (ARGV[2] ~= 'look' and tonumber(at) > now) then return { 'ok' } end
undue(member)

local c = contact_get(id)
if not c or c.queue ~= queue or not placed(c) then
  if kind ~= 'near' and kind ~= 'arm' then call('DEL', K.timeout, K.announce) end
  return { 'ok' }
end

-- ends: when the key's time is over, in µs; 0 when it is, and the key is gone then.
local function ends(key)
  local left = call('PTTL', key)
  if left > 0 then return now + (left + 1) * 1000 end
  if left == -1 then return now + 60 * 1000000 end -- somebody took the expiry away: not due while they leave it so
  call('DEL', key) -- at its last millisecond it may still be there
  return 0
end

-- set: the key lives until then (ms).
local function set(key, over)
  if over > now / 1000 then call('SET', key, '1', 'PXAT', int(over)) end
  return over * 1000
end

-- say: tells the caller their position; nobody is talked to while a phone rings for them.
local function say(position)
  if c.state ~= 'waiting' then return end
  c.said_at, c.said_position = stamp, position
  contact_put(c)
  work('announce', 'contact', id, 'channel', c.channel, 'node', c.node, 'queue', queue, 'position', position,
    'waiting', waiting_in(queue), 'language', c.language, 'music', ring_of(queue).music)
end

local timeout, announce
local today = math.floor(now / 1000)
if kind == 'arm' then -- it came here from another queue, or back from a call
  if c.timeout_ms > 0 and not c.timed then
    timeout = set(K.timeout, math.floor(tonumber(c.since or c.at) / 1000) + c.timeout_ms)
  end
  if c.announce_ms > 0 then
    announce = set(K.announce, today + (c.said_at and c.announce_ms or queue_of(queue).announce_first_ms))
  end
elseif kind == 'near' then
  local position = position_of(c)
  if c.announce_ms == 0 or not c.said_position or position >= c.said_position then return { 'ok' } end
  say(position)
  if c.timeout_ms > 0 and not c.timed then timeout = ends(K.timeout) end
  announce = set(K.announce, today + c.announce_ms)
else
  if kind ~= 'announce' then
    timeout = ends(K.timeout)
    if timeout == 0 then
      if c.state == 'waiting' then
        contact_leave(c, 'timed_out')
        call('DEL', K.announce)
        return { 'ok' }
      end
      timeout, c.timed = nil, true -- the offer's result is waited for
      contact_put(c)
    end
  end
  if kind ~= 'timeout' then
    announce = ends(K.announce)
    if announce == 0 then
      say(position_of(c))
      announce = set(K.announce, today + c.announce_ms)
    end
  end
end
ttl_due(c, timeout, announce)
return { 'ok' }
