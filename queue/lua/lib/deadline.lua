-- deadline: a deadline is fired once, by whoever comes first. Needs deadlines.

-- due_now: the kind of the deadline and whom it is about, if it is due; it is gone then.
local function due_now(member)
  local at = call('ZSCORE', K.deadlines, member)
  if not at or tonumber(at) > now then return nil end
  undue(member)
  return match(member, '^(%a+)|(.+)$')
end
