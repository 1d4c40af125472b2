-- project_close: the version is applied whole.
-- KEYS meta deadlines
-- ARGV  1 version  then lines that may have nobody left...
-- gives ok 1 | ok 0 (overtaken);  O(lines · log n)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
for i = 2, #ARGV do due('empty|' .. ARGV[i], now) end
call('HSET', K.meta, 'dir_version', ARGV[1])
return { 'ok', '1' }
