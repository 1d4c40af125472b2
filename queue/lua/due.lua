-- due: which deadlines are due.
-- KEYS meta deadlines
-- ARGV  1 how many
-- gives ok now next('' when none) (member score)...;  O(log n + how many). Writes nothing.
local refused = peek()
if refused then return refused end
local upto = int(now)
local found = call('ZRANGEBYSCORE', K.deadlines, '-inf', upto, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local nxt = call('ZRANGEBYSCORE', K.deadlines, '(' .. upto, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local out = { 'ok', upto, nxt[2] and int(tonumber(nxt[2])) or '' }
for i = 1, #found, 2 do
  out[#out + 1] = found[i]
  out[#out + 1] = int(tonumber(found[i + 1]))
end
return out
