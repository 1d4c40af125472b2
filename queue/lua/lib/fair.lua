-- fair: how much an agent worked of late, for the strategy that asks who worked least.
-- Needs meta.
--
-- a.fair is seconds of talk and wrap-up, halved for every FAIR_HALF_MS in which the
-- agent was there: out and in a pause it stands still. It decays in steps, a sixteenth
-- of a half-life each, so that it is the same number wherever it is computed. While
-- nobody works all decay alike, so the order of two agents who are available stays: the
-- key is a.fair at a common moment.

-- ROOTS: 2^(-k/16).
local ROOTS = {
  1, 0.9576032806985737, 0.9170040432046712, 0.8781260801866497, 0.8408964152537145, 0.8052451659746271,
  0.7711054127039704, 0.7384130729697497, 0.7071067811865476, 0.6771277734684463, 0.6484197773255048,
  0.620928906036742, 0.5946035575013605, 0.5693943173783458, 0.5452538663326288, 0.5221368912137069,
}
local FAIR_STEP = FAIR_HALF_MS * 1000 / 16

-- fair_now: lets it decay until now.
local function fair_now(a)
  local n = math.floor((now - tonumber(a.fair_at or now)) / FAIR_STEP)
  local fair = tonumber(a.fair or 0)
  if n > 0 then
    fair = math.ldexp(fair * ROOTS[n % 16 + 1], -math.floor(n / 16))
    a.fair_at = int(tonumber(a.fair_at) + n * FAIR_STEP)
  end
  return fair
end

local function fair_set(a, fair)
  a.fair = format('%.6f', fair)
  a.fair_at = a.fair_at or stamp
  local n = math.floor(tonumber(a.fair_at) / FAIR_STEP)
  local up = n % 16 == 0 and 1 or 2 * ROOTS[17 - n % 16]
  local m, e = math.frexp(math.max(tonumber(a.fair), 0.000001) * up)
  a.fair_key = format('%08.0f%012.0f', e + math.floor(n / 16), math.floor(m * 549755813888))
end

-- fair_in: the agent is there again. anew: a login, which begins with the pool's mean, so
-- that who comes late is not given everything.
local function fair_in(a, anew)
  if not a.fair_on then return end
  a.fair_at = stamp
  fair_set(a, anew and tonumber(call('HGET', K.meta, 'fair_mean') or 0) or tonumber(a.fair or 0))
end

local function fair_out(a)
  if a.fair_on then a.fair = format('%.6f', fair_now(a)) end
end

-- fair_busy, fair_free: work begins, and is over.
local function fair_busy(a)
  if a.fair_on and not a.busy_at then a.busy_at = stamp end
end

local function fair_free(a)
  if not a.fair_on or not a.busy_at then return end
  local fair = fair_now(a) + (now - tonumber(a.busy_at)) / 1000000
  a.busy_at = nil
  fair_set(a, fair)
  local mean = tonumber(call('HGET', K.meta, 'fair_mean') or 0)
  call('HSET', K.meta, 'fair_mean', format('%.6f', mean + (fair - mean) / 16))
end
