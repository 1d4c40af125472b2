-- enqueue: give an arrival its place. Idempotent by node and channel.
-- KEYS meta nodes dir contacts elements waiting order available deadlines work journal counts redial timeout announce
-- ARGV  1 node  2 epoch  3 contact  4 channel escaped  5 channel  6 queue  7 need's name or ''
--       8 arrival µs or ''  9 timeout ms or '' (the queue's)  10 announce ms or ''  11 priority, minutes
--       12 caller's name  13 number  14 language or ''  15 since when the timeout counts, µs or '' (the arrival)
--       16 back (their record was lost: the id is from their channel) | ''
-- gives ok new(1|0) position contact | stale_epoch | no_queue | no_need | closed
--       | refused (the id is another's) | no_contact (back, and over) | not_ready
-- O(log n). The TTL keys and their deadlines end at the same millisecond.
local refused = begin()
if refused then return refused end
local node, id, element, queue = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
local boot, stale = origin(node, ARGV[2])
if stale then return stale end

local prefix = node .. '|' .. element .. '|'
local known = call('ZRANGEBYLEX', K.elements, '[' .. prefix, '(' .. node .. '|' .. element .. '}', 'LIMIT', 0, 1)[1]
local c = known and get(K.contacts, sub(known, #prefix + 1))
if c then
  local place = HAS_PLACE[c.state] and position_of(c) or 0
  return { 'ok', '0', int(place), cjson.encode(c) }
end
if not projected() then return { 'not_ready', '' } end
local back = ARGV[16] ~= ''
if back and call('ZSCORE', K.deadlines, 'over|' .. id) then return { 'no_contact', id } end
if call('HEXISTS', K.contacts, id) == 1 then return { 'refused', 'contact ' .. id .. ' has another channel' } end

local q = get(K.dir, 'queue|' .. queue)
local need = q and (ARGV[7] == '' and q.need or call('HGET', K.dir, 'named|' .. queue .. '|' .. ARGV[7]))
local why = not q and 'no_queue' or not need and 'no_need' or not q.open and 'closed'
local told = call('ZSCORE', K.deadlines, 'refused|' .. id) -- and the answer was lost
if told then return { why or 'closed', queue } end
if why then
  -- A name that is no queue's is no field of the counts either: it comes from outside.
  local name = q and queue or ''
  count(name .. '|entered', 1)
  count(name .. '|ended|refused', 1)
  journal('entered', 'contact', id, 'channel', ARGV[5], 'queue', queue, 'node', node)
  journal('ended', 'contact', id, 'channel', ARGV[5], 'queue', queue, 'node', node, 'outcome', 'refused', 'reason', why)
  due('refused|' .. id, now + REFUSED_MS * 1000)
  return { why, queue }
end

local at = tonumber(ARGV[8]) or now
at = math.max(math.min(at, now), now - 86400 * 1000000)
local since = math.max(math.min(tonumber(ARGV[15]) or at, now), at)
-- The place of a call that was lost with its node is theirs again.
local place, reconnects = redial_take(queue, ARGV[13], back and id)
if place and not back then at = math.min(at, place) end
local priority = tonumber(ARGV[11])
c = {
  id = id, state = 'waiting', queue = queue, need = need, step = 0, at = int(at),
  score = pad(at - priority * 60000000), channel = ARGV[5], node = node, boot = boot.boot,
  priority = priority, caller_name = ARGV[12], caller_number = ARGV[13],
  language = ARGV[14] ~= '' and ARGV[14] or q.language,
  timeout_ms = tonumber(ARGV[9]) or q.timeout_ms, announce_ms = tonumber(ARGV[10]) or q.announce_ms,
  attempts = 0, reconnects = not back and reconnects or nil,
  serial = back and math.floor(now / 1000000) % 65536 or nil, -- no offer of theirs had such an id
}
if element ~= c.channel then c.element = element end

-- The step that their wait has reached already, and the deadline of the next.
local n = get(K.dir, 'need|' .. need)
local step = 0
for after in string.gmatch(n and n.after or '0', '%d+') do
  local opens = at + tonumber(after) * 1000
  if opens <= now then
    c.step = step
  else
    due('step|' .. id, opens)
    break
  end
  step = step + 1
end

put(K.contacts, id, c)
call('ZADD', K.elements, 0, prefix .. id)
call('ZADD', K.waiting, 0, waiting_member(c))
call('ZADD', K.order, 0, order_member(c))
if c.timeout_ms > 0 then
  local over = math.floor(since / 1000) + c.timeout_ms
  if over * 1000 > now then call('SET', K.timeout, '1', 'PXAT', int(over)) end
  due('timeout|' .. queue .. '|' .. id, over * 1000)
end
if c.announce_ms > 0 then
  local first = math.floor(now / 1000) + q.announce_first_ms
  call('SET', K.announce, '1', 'PXAT', int(first))
  due('announce|' .. queue .. '|' .. id, first * 1000)
end
count(queue .. '|entered', 1)
journal('entered', 'contact', id, 'channel', c.channel, 'queue', queue, 'node', node, 'need', need,
  'reconnects', c.reconnects or '')
match_need(c)
return { 'ok', '1', int(position_of(c)), cjson.encode(c) }
