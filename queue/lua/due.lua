-- due: which deadlines are due, for the callmanager whose turn it is to fire them.
-- KEYS meta deadlines
-- ARGV  1 how many  2 who asks  3 for how long they fire alone, ms; 0: whoever else does, and for once
-- gives ok 1 now next(µs; '' when none) (member score)... | ok 0 now until (another's turn lasts until then);  O(log n + how many)
local refused = peek()
if refused then return refused end
local upto = stamp
if ARGV[3] ~= '0' then
  local turn = call('HMGET', K.meta, 'timer', 'timer_until')
  if turn[1] and turn[1] ~= ARGV[2] and tonumber(turn[2]) > now then return { 'ok', '0', upto, turn[2] } end
  if not turn[1] or turn[1] ~= ARGV[2] or tonumber(turn[2]) - now < ARGV[3] * 500 then
    call('HSET', K.meta, 'timer', ARGV[2], 'timer_until', int(now + ARGV[3] * 1000))
  end
end
local found = call('ZRANGEBYSCORE', K.deadlines, '-inf', upto, 'WITHSCORES', 'LIMIT', '0', ARGV[1])
local nxt = call('ZRANGEBYSCORE', K.deadlines, '(' .. upto, '+inf', 'WITHSCORES', 'LIMIT', '0', '1')
local out = { 'ok', '1', upto, nxt[2] and int(tonumber(nxt[2])) or '' }
for i = 1, #found, 2 do
  out[#out + 1] = found[i]
  out[#out + 1] = int(tonumber(found[i + 1]))
end
return out
