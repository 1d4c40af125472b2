-- stats: the pool's numbers, at one instant.
-- KEYS meta contacts order counts
-- gives ok now live (field number)...;  O(queues · log n). Writes nothing.
local refused = peek()
if refused then return refused end
local all = call('HGETALL', K.counts)
local offered, queues, known = {}, {}, {}
local out = { 'ok', stamp, tostring(call('HLEN', K.contacts)) }
for i = 1, #all, 2 do
  local queue, what = string.match(all[i], '^([^|]*)|([%a_]+)$')
  if what == 'offered' or what == 'in_dialplan' then offered[queue] = (offered[queue] or 0) + tonumber(all[i + 1]) end
  if (what == 'entered' or what == 'moved_in') and not known[queue] then
    queues[#queues + 1], known[queue] = queue, true
  end
  out[#out + 1] = all[i]
  out[#out + 1] = all[i + 1]
end
for _, queue in ipairs(queues) do
  local stand = call('ZLEXCOUNT', K.order, '[' .. queue .. '|', '(' .. queue .. '}')
  out[#out + 1] = queue .. '|waiting'
  out[#out + 1] = int(stand - (offered[queue] or 0))
end
return out
