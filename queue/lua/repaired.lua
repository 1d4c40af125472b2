-- repaired: a difference between the lines and the records was mended.
-- KEYS meta nodes repairs
-- ARGV  1 node  2 epoch  3 kind  4 contact or ''  5 channel
-- gives ok | stale_epoch;  O(1). The stream keeps about REPAIRS_MAX entries.
local refused = begin()
if refused then return refused end
local _, stale = origin(ARGV[1], ARGV[2])
if stale then return stale end
call('XADD', K.repairs, 'MAXLEN', '~', 'REPAIRS_MAX', '*', 'at', stamp, 'kind', ARGV[3], 'contact', ARGV[4],
  'channel', ARGV[5], 'node', ARGV[1])
return { 'ok' }
