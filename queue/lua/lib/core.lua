-- core: the clock, replies, records. Needs meta; each helper names the key it needs.
local call, sub, format, match = redis.call, string.sub, string.format, string.match
local now, stamp, fence, domain, opts, hold = 0, '', 0, '', '', 0

-- int: a number of microseconds in full (a plain tostring gives 14 digits).
local function int(n) return format('%.0f', n) end

-- pad: sixteen digits, so that order as text is order in time. A double is
-- exact up to 9e15, which is the year 2255.
local function pad(n) return format('%016.0f', math.max(0, math.min(n, 9e15))) end

-- peek: what time it is (stamp, in full), without taking a tick. Gives a reply when refused.
local function peek()
  local m = call('HMGET', K.meta, 'schema', 'clock', 'fence', 'domain', 'opts', 'hold', 'frozen')
  if m[1] and (tonumber(m[1]) > SCHEMA or tonumber(m[1]) < SCHEMA_LEAST) then return { 'schema', m[1] } end
  if m[7] then -- a test has stopped the clock
    now = tonumber(m[7])
  else
    local t = call('TIME')
    now = t[1] * 1000000 + t[2]
  end
  local last = tonumber(m[2] or 0)
  if now <= last then now = last + 1 end
  stamp = int(now)
  fence, domain, opts, hold = tonumber(m[3] or 0), m[4] or '', m[5] or '', tonumber(m[6] or 0)
  return nil, m[1]
end

-- begin: peek, and take the tick: no two scripts have the same now.
local function begin()
  local refused, schema = peek()
  if refused then return refused end
  if schema then
    call('HSET', K.meta, 'clock', stamp)
  else
    call('HSET', K.meta, 'clock', stamp, 'schema', SCHEMA)
  end
end

-- option: is this one of the pool's options? s: priority is strict, l: contacts by
-- service level, k: an agent's availability outlives a pause.
local function option(letter) return string.find(opts, letter, 1, true) end

-- projected: does the pool work by a directory?
local function projected() return call('HGET', K.meta, 'dir_version') end

local function get(key, id)
  local text = call('HGET', key, id)
  return text and cjson.decode(text)
end

local function put(key, id, record) call('HSET', key, id, cjson.encode(record)) end

-- leads: where the event leads from the state; nil when the life has no such move.
-- A life is '|event state>to|…' (life.go): a text costs nothing until it is used.
local function leads(life, event, state) return match(life, '|' .. event .. ' ' .. state .. '>([^|]*)') end

-- head: the first member between the two.
local function head(key, from, upto) return call('ZRANGEBYLEX', key, from, upto, 'LIMIT', '0', '1')[1] end

-- has: is the word in the list?
local function has(list, word)
  return list ~= nil and string.find(',' .. list .. ',', ',' .. word .. ',', 1, true) ~= nil
end

-- add, without: the list with or without the word; nil when empty.
local function add(list, word) return list and list .. ',' .. word or word end
local function without(list, word)
  local left
  for w in string.gmatch(list or '', '[^,]+') do
    if w ~= word then left = add(left, w) end
  end
  return left
end

local function due(member, at) call('ZADD', K.deadlines, int(at), member) end
local function undue(...) return call('ZREM', K.deadlines, ...) end
local function count(field, n) call('HINCRBY', K.counts, field, n) end
local function work(kind, ...) call('XADD', K.work, '*', 'kind', kind, ...) end
local function journal(event, ...)
  call('XADD', K.journal, 'MAXLEN', '~', 'JOURNAL_MAX', '*',
    'event', event, 'at', stamp, 'fence', int(fence), ...)
end

-- origin: the node's record when this epoch is its present one; a reply when not.
local function origin(node, epoch)
  local n = get(K.nodes, node)
  if not n or n.epoch ~= epoch then return nil, { 'stale_epoch', node } end
  return n
end
