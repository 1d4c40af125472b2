-- device: the agent's device is in a call outside the queues, or in none any more.
-- KEYS meta dir heads available agents duty hushed deadlines work journal
-- ARGV  1 agent escaped  2 for how long this is believed, ms; 0: in no call
-- gives ok changed(1|0) | no_agent;  O(places · log n)
local refused = begin()
if refused then return refused end
local id, lasts = ARGV[1], tonumber(ARGV[2])
local a, spec = agent_begin(id)
if not a then return { 'no_agent', id } end
local was = a.device
if lasts > 0 then
  a.device = was or stamp
  due('device|' .. id, now + lasts * 1000)
else
  undue('device|' .. id)
  a.device = nil
end
agent_commit(id, a, spec)
if (was == nil) == (a.device == nil) then return { 'ok', '0' } end
journal('device', 'agent', id, 'reason', a.device and 'in_use' or 'free')
return { 'ok', '1' }
