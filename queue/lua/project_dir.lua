-- project_dir: settings of queues, lines, and what became of lines that were edited.
-- KEYS meta dir
-- ARGV  1 version  then field, value ('' removes)...
-- gives ok 1 | ok 0 (overtaken);  O(fields)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    call('HDEL', K.dir, ARGV[i])
  else
    call('HSET', K.dir, ARGV[i], ARGV[i + 1])
  end
end
return { 'ok', '1' }
