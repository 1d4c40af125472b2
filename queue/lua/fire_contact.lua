-- fire_contact: a waiting contact is tried again, its need widens, or its time in a line is over.
-- KEYS meta dir contacts waiting heads order available agents duty deadlines work journal counts
-- ARGV  1 member: retry|step|prefer|overflow, contact
-- gives ok;  O(log n)
local refused = begin()
if refused then return refused end
local kind, id = due_now(ARGV[1])
local c = kind and contact_get(id)
if not c or not placed(c) then return { 'ok' } end
local waits = c.state == 'waiting'

if kind == 'retry' then
  if waits then match_need(c) end
elseif kind == 'overflow' then
  if not waits then
    c.overdue = 1 -- the offer's result is waited for
    contact_put(c)
    return { 'ok' }
  end
  local q = queue_of(c.queue)
  if not q.overflow_to then return { 'ok' } end
  if q.overflow_to == '' then
    contact_leave(c, 'overflowed')
    return { 'ok' }
  end
  local name, to, line = takes(q.overflow_to)
  if not name or name == c.queue then -- or it would be handed back
    due(ARGV[1], now + OVERFLOW_RETRY_MS * 1000)
    return { 'ok' }
  end
  line_out(c)
  local from = c.queue
  c.hops = (c.hops or 0) + 1
  contact_to(c, name, to, line)
  line_in(c)
  contact_put(c)
  journal('moved', 'contact', id, 'queue', name, 'node', c.node, 'need', line, 'from', from, 'reason', 'overflow')
  match_need(c)
else -- step, prefer: more agents may serve it
  if waits then line_out(c) end
  if kind == 'prefer' then
    to_need(c)
  elseif not c.line then
    c.step = math.max(c.step, step_now(c))
  end
  if waits then line_in(c) end
  contact_put(c)
  if kind == 'prefer' and waits and (c.timed or c.overdue) then -- while a phone rang, before they were given
    if c.timed then
      contact_leave(c, 'timed_out')
      return { 'ok' }
    end
    due('overflow|' .. id, now)
  end
  if waits then empty_soon(c, queue_of(c.queue)) end
  journal('widened', 'contact', id, 'queue', c.queue, 'node', c.node, 'need', c.need, 'step', c.step, 'reason', kind)
  if waits then match_need(c) end
end
return { 'ok' }
