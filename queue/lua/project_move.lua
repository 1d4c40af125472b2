-- project_move: who waits in a line that was edited goes on in what it became.
-- KEYS meta dir contacts waiting heads available agents deadlines work
-- ARGV  1 version  2 line  3 how many
-- gives ok 1 moved | ok 0 (overtaken);  O(how many · log n)
local refused = begin()
if refused then return refused end
if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then return { 'ok', '0' } end
local line, last = ARGV[2], nil
local found = call('ZRANGEBYLEX', K.waiting, '[' .. line .. '|', '(' .. line .. '}', 'LIMIT', '0', ARGV[3])
for _, m in ipairs(found) do
  local c = contact_get(sub(m, 33))
  if c and c.state == 'waiting' and waiting_member(c) == m then
    line_out(c)
    to_present(c)
    line_in(c)
    contact_put(c)
    last = c
  else
    call('ZREM', K.waiting, m)
    head_anew(sub(m, 1, 12))
  end
end
if last then match_need(last) end
return { 'ok', '1', int(#found) }
