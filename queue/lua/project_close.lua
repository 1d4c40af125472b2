-- project_close: the version is applied whole.
-- KEYS meta
-- ARGV  1 version
-- gives ok 1 | ok 0 (overtaken);  O(1)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
call('HSET', K.meta, 'dir_version', ARGV[1])
return { 'ok', '1' }
