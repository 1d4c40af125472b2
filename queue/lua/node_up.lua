-- node_up: the next epoch of a node, and its boot. The epoch is a tick of the
-- pool's clock, so that it rises also after Redis was emptied.
-- KEYS meta nodes journal
-- ARGV  1 node  2 boot
-- gives ok epoch;  O(1)
local refused = begin()
if refused then return refused end
put(K.nodes, ARGV[1], { boot = ARGV[2], epoch = stamp })
journal('node_up', 'node', ARGV[1], 'reason', ARGV[2])
return { 'ok', stamp }
