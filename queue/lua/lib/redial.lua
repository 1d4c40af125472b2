-- redial: the places of callers who were lost with their node.
-- Needs redial deadlines. A member is 'queue|number|arrival(16)|contact'.

-- NOBODY: numbers that do not say who calls.
local NOBODY = '||anonymous|unknown|unavailable|restricted|private|withheld|asterisk|'

-- redial_prefix: of the members of a number in a queue; nil when the number is nobody's.
local function redial_prefix(queue, number)
  number = string.lower(number or '')
  if #number > 64 or string.find(NOBODY, '|' .. number .. '|', 1, true) then return nil end
  number = string.gsub(number, '[%%{}:|,]', function(c) return string.format('%%%02X', string.byte(c)) end)
  return queue .. '|' .. number .. '|'
end

-- redial_keep: the place of a lost contact stays for a while.
local function redial_keep(c)
  local ms, prefix = queue_of(c.queue).redial_ms or 0, redial_prefix(c.queue, c.number)
  if ms <= 0 or not prefix or c.state == 'leaving' then return end
  local member = prefix .. pad(tonumber(c.at)) .. '|' .. c.id
  call('ZADD', K.redial, '0', member)
  due('redial|' .. member, now + ms * 1000)
end

-- redial_take: the earliest place of the number, which is nobody's from now on.
-- own: only the place of this contact. Gives its arrival and contact, or nil.
local function redial_take(queue, number, own)
  local prefix = redial_prefix(queue, number)
  if not prefix then return nil end
  local upto = '(' .. sub(prefix, 1, -2) .. '}'
  for _, m in ipairs(call('ZRANGEBYLEX', K.redial, '[' .. prefix, upto, 'LIMIT', '0', own and 100 or 1)) do
    if not own or sub(m, -24) == own then
      call('ZREM', K.redial, m)
      undue('redial|' .. m)
      return tonumber(sub(m, #prefix + 1, #prefix + 16)), sub(m, -24)
    end
  end
end
