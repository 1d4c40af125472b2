-- seen: is this still the node's present epoch? A pool that lost its memory knows none.
-- KEYS meta nodes
-- ARGV  1 node  2 epoch
-- gives ok | stale_epoch;  O(1). Writes nothing.
local refused = peek()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
return stale or { 'ok' }
