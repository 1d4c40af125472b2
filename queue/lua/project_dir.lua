-- project_dir: settings of queues and needs.
-- KEYS meta dir deadlines
-- ARGV  1 version  then field, value ('' removes)...
-- gives ok 1 | ok 0 (overtaken);  O(fields)
-- A need that changes sets a deadline at which those who wait for it look at its steps again.
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
for i = 2, #ARGV, 2 do
  local need = string.match(ARGV[i], '^need|(%d+)$')
  if need and call('HEXISTS', K.dir, ARGV[i]) == 1 then due('steps|' .. need, now) end
  if ARGV[i + 1] == '' then
    call('HDEL', K.dir, ARGV[i])
  else
    call('HSET', K.dir, ARGV[i], ARGV[i + 1])
  end
end
return { 'ok', '1' }
