-- lose: end the contacts of a node's earlier boots, a batch at a time; first those who wait:
-- an agent who is freed by the others is to find none of them in line.
-- KEYS meta nodes dir contacts elements waiting heads order available agents duty hushed offers deadlines work journal counts redial
-- ARGV  1 node  2 epoch  3 the member after which to go on, or ''  4 how many  5 whom: waiting | all
-- gives ok next('' when through) contact... (those ended) | stale_epoch;  O(batch · log n)
local refused = begin()
if refused then return refused end
local node, batch = ARGV[1], tonumber(ARGV[4])
local n, stale = origin(node, ARGV[2])
if stale then return stale end
local from = ARGV[3] == '' and '[' .. node .. '|' or '(' .. ARGV[3]
local found = call('ZRANGEBYLEX', K.elements, from, '(' .. node .. '}', 'LIMIT', '0', batch)
local out = { 'ok', #found == batch and found[batch] or '' }
for _, m in ipairs(found) do
  local c = contact_get(sub(m, -24))
  if not c then
    call('ZREM', K.elements, m)
  elseif c.boot ~= n.boot and (ARGV[5] == 'all' or c.state == 'waiting') then
    local o = c.offer and get(K.offers, c.offer)
    if o and is_open(o) then
      offer_close(o, 'caller_gone', 'node lost')
    elseif o then
      offer_over(o)
    end
    redial_keep(c)
    contact_end(c, 'lost_with_node')
    due('over|' .. c.id, now + OVER_MS * 1000) -- should the node live after all, the caller gets another id
    out[#out + 1] = contact_text(c)
  end
end
return out
