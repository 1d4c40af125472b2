-- enqueue: give an arrival its place. Idempotent by node and channel.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty deadlines work journal counts redial timeout announce
-- ARGV  1 node  2 epoch  3 contact  4 channel escaped  5 channel  6 queue  7 need's name or ''
--       8 arrival µs or ''  9 timeout ms or '' (the queue's)  10 announce ms or ''  11 priority, minutes or strict
--       12 caller's name  13 number  14 language or ''  15 since when the timeout counts, µs or '' (the arrival)
--       16 back (their record was lost: the id is from their channel) | ''  17 credit ms
--       18 the agent whom they are for, escaped, or ''  19 how long from the arrival on they are for this agent alone, ms
-- gives ok new(1|0) position contact | stale_epoch | no_queue | no_need | closed | full | empty
--       | refused (the id is another's) | no_contact (back, and over) | not_ready
-- O(log n). The TTL keys and their deadlines end at the same millisecond.
local refused = begin()
if refused then return refused end
local node, id, element, asks = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
local boot, stale = origin(node, ARGV[2])
if stale then return stale end

local prefix = node .. '|' .. element .. '|'
local known = head(K.elements, '[' .. prefix, '(' .. node .. '|' .. element .. '}')
local c = known and contact_get(sub(known, #prefix + 1))
if c then return { 'ok', '0', int(placed(c) and position_of(c) or 0), contact_text(c) } end
if not projected() then return { 'not_ready', '' } end
local back = ARGV[16] ~= ''
if back and call('ZSCORE', K.deadlines, 'over|' .. id) then return { 'no_contact', id } end
if call('HEXISTS', K.contacts, id) == 1 then return { 'refused', 'contact ' .. id .. ' has another channel' } end

local line = ARGV[7] ~= '' and call('HGET', K.dir, 'named|' .. asks .. '|' .. ARGV[7]) or nil
local queue, q, to, why
if ARGV[7] ~= '' and not line then
  why = call('HEXISTS', K.dir, 'queue|' .. asks) == 1 and 'no_need' or 'no_queue'
elseif back then -- who was inside is not turned away
  q = get(K.dir, 'queue|' .. asks)
  queue, to, why = q and asks, q and (line or q.need), not q and 'no_queue'
else
  queue, q, to = takes(asks, line)
  why = not queue and q
end
local told = call('ZSCORE', K.deadlines, 'refused|' .. id) -- and the answer was lost
if told then return { why or 'closed', asks } end
if why then
  -- A name that is no queue's is no field of the counts either: it comes from outside.
  local name = why ~= 'no_queue' and asks or ''
  count(name .. '|entered', '1')
  count(name .. '|ended|refused', '1')
  journal('entered', 'contact', id, 'channel', ARGV[5], 'queue', asks, 'node', node)
  journal('ended', 'contact', id, 'channel', ARGV[5], 'queue', asks, 'node', node, 'outcome', 'refused', 'reason', why)
  due('refused|' .. id, now + REFUSED_MS * 1000)
  return { why, asks }
end

local at = tonumber(ARGV[8]) or now
at = math.max(math.min(at, now), now - 86400 * 1000000)
local since = math.max(math.min(tonumber(ARGV[15]) or at, now), at)
-- The place of a call that was lost with its node is theirs again.
local place, reconnects = redial_take(queue, ARGV[13], back and id)
if place and not back then at = math.min(at, place) end
local credit = tonumber(ARGV[17]) + (place and not back and q.credit_redialled_ms or 0)
local priority = tonumber(ARGV[11])
c = {
  id = id, state = 'waiting', queue = queue, need = to, step = 0, at = int(at), since = since ~= at and int(since) or nil,
  channel = ARGV[5], node = node, boot = boot.boot, name = ARGV[12], number = ARGV[13],
  language = ARGV[14] ~= '' and ARGV[14] or q.language,
  timeout_ms = tonumber(ARGV[9]) or q.timeout_ms, announce_ms = tonumber(ARGV[10]) or q.announce_ms,
  attempts = 0, priority = priority ~= 0 and priority or nil, credit_ms = credit ~= 0 and credit or nil,
  reconnects = not back and reconnects or nil, came_to = queue ~= asks and asks or nil,
}
if element ~= c.channel then c.element = element end
c.score = order_score(c)

local own = ARGV[18] ~= '' and get(K.agents, ARGV[18])
local alone = at + ARGV[19] * 1000
if own and (own.mode == 'ready' or own.mode == 'wrap_up') and not own.removed and own['cap_' .. sub(to, 2, 2)] > 0
  and alone > now then
  c.line, c.prefer = own.line, ARGV[18]
  due('prefer|' .. id, alone)
else
  c.step = step_now(c)
end

contact_put(c)
call('ZADD', K.elements, '0', prefix .. id)
line_in(c)
call('ZADD', K.order, '0', order_member(c))
if queue ~= asks then
  due('arm|' .. queue .. '|' .. id, now) -- the caller of this script did not name the keys of that queue
elseif c.timeout_ms > 0 or c.announce_ms > 0 then
  local timeout, announce
  if c.timeout_ms > 0 then
    local over = math.floor(since / 1000) + c.timeout_ms
    if over * 1000 > now then call('SET', K.timeout, '1', 'PXAT', int(over)) end
    timeout = over * 1000
  end
  if c.announce_ms > 0 then
    local first = math.floor(now / 1000) + q.announce_first_ms
    call('SET', K.announce, '1', 'PXAT', int(first))
    announce = first * 1000
  end
  ttl_due(c, timeout, announce)
end
if q.overflow_ms > 0 then due('overflow|' .. id, math.max(now, at + q.overflow_ms * 1000)) end
empty_soon(c, q)
count(queue .. '|entered', '1')
journal('entered', 'contact', id, 'channel', c.channel, 'queue', queue, 'node', node, 'need', to,
  'reconnects', c.reconnects or '', 'agent', c.prefer or '', 'reason', c.came_to or '')
match_need(c)
return { 'ok', '1', int(position_of(c)), contact_text(c) }
