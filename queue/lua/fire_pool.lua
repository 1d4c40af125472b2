-- fire_pool: what is due for a line, a queue or the pool.
-- KEYS meta dir contacts waiting heads order available duty deadlines work journal counts redial
-- ARGV  1 member: empty, line | near, queue | hold|all | redial, place | over, contact | refused, contact
-- gives ok;  O(log n), for at most LEAVES contacts
local refused = begin()
if refused then return refused end
local kind, id = due_now(ARGV[1])

if kind == 'empty' then -- nobody is left who could serve the line: who waits there leaves, if the queue says so
  local line = get(K.dir, 'line|' .. id)
  local q = line and queue_of(line.queue)
  if not q or not q.leave_empty or not nobody(id, q.leave_empty) then return { 'ok' } end
  local found = call('ZRANGEBYLEX', K.waiting, '[' .. id .. '|', '(' .. id .. '}', 'LIMIT', '0', 'LEAVES')
  for _, m in ipairs(found) do
    local c = contact_get(sub(m, 33))
    if c and c.state == 'waiting' and waiting_member(c) == m then
      c.reason = 'empty'
      contact_leave(c, 'withdrawn')
    end
  end
  if found[LEAVES] then due(ARGV[1], now) end
elseif kind == 'near' then -- somebody left the queue; who stands near its head may hear of it
  local least = queue_of(id).announce_min_ms * 1000
  for place, m in ipairs(call('ZRANGEBYLEX', K.order, '[' .. id .. '|', '(' .. id .. '}', 'LIMIT', '0', 'NEAR')) do
    local c = contact_get(sub(m, -24))
    if c and c.announce_ms > 0 and c.said_position and place < c.said_position then
      due('near|' .. id .. '|' .. c.id, math.max(now, tonumber(c.said_at) + least))
    end
  end
elseif kind == 'hold' then -- all who came back have their places; every line is looked at
  call('HDEL', K.meta, 'hold')
  local from = '-'
  while true do
    local m = head(K.waiting, from, '+')
    if not m then break end
    work('match', 'need', sub(m, 1, 9))
    from = '[' .. sub(m, 1, 9) .. '}'
  end
elseif kind == 'redial' then
  call('ZREM', K.redial, id)
end
return { 'ok' }
