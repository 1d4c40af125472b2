-- project_open: begin to apply a version of the directory.
-- KEYS meta heads counts deadlines
-- ARGV  1 version  2 domain  3 the pool's options (core.lua)  4 are modes restored? 1|0
-- gives ok 1 | ok 0 (applied already, or a newer one is on its way);  O(1)
local refused = begin()
if refused then return refused end
local v = call('HMGET', K.meta, 'dir_version', 'dir_target')
local version = tonumber(ARGV[1])
if version <= tonumber(v[1] or 0) or version < tonumber(v[2] or 0) then return { 'ok', '0' } end
-- Small hashes are lists in Redis, in which every look-up goes through all fields; one
-- field that is too long for a list makes it a table. (hash-max-listpack-value is 64.)
for _, key in ipairs({ K.meta, K.heads, K.counts }) do call('HSET', key, '-', string.rep('-', 65)) end
call('HSET', K.meta, 'dir_target', ARGV[1], 'domain', ARGV[2], 'opts', ARGV[3])
if not v[1] and ARGV[4] == '1' then -- emptied: nobody is served until all callers are back
  local over = now + HOLD_MS * 1000
  call('HSET', K.meta, 'hold', int(over))
  due('hold|all', over)
end
return { 'ok', '1' }
