import { CLOCKS_DIFFER_MS } from './store.ts';

/**
 * The arithmetic of strategies.ts in Lua, where Redis can run it over all meters at once.
 *
 * Fixed windows are a hash (e: ends, u: used, s: start). Moving ones are a sorted set of `time:cost` by time, and
 * beside it a string with the sum of the costs. Numbers are written with `%.17g`: Lua's own way loses digits of
 * milliseconds. Nothing is random and time is an argument, so that replicas and tests can repeat it.
 */
const shared = `
local function text(number) return string.format('%.17g', number) end
local function lasting(ends, now, beyond) return string.format('%.0f', math.ceil(ends - now) + beyond) end
local function keep(key, ends, now, beyond) redis.call('PEXPIRE', key, lasting(ends, now, beyond)) end
local function costOf(entry) return tonumber(string.match(entry, ':(.*)$')) end

local function readFixed(m, now)
  local got = redis.call('HMGET', m.key, 'e', 'u', 's')
  if got[1] and tonumber(got[1]) > now then
    m.ends, m.used, m.start = tonumber(got[1]), tonumber(got[2]), tonumber(got[3])
    if m.ends > now + m.window then
      m.ends, m.start = now + m.window, math.min(m.start, now)
      redis.call('HSET', m.key, 'e', text(m.ends), 's', text(m.start))
    end
  end
end

local function writeSum(m)
  if m.used > 0 then redis.call('SET', m.sum, text(m.used), 'KEEPTTL') else redis.call('DEL', m.sum) end
end

local function readNewest(m)
  local newest = redis.call('ZRANGE', m.key, -1, -1, 'WITHSCORES')
  m.newest = newest[2] and tonumber(newest[2])
  m.ends = m.newest and m.newest + m.window
end

local function putEntry(m, time, cost)
  -- Nearly always it is the latest, and there is no need to look.
  local isLatest = not m.newest or m.newest < time
  local same = not isLatest and redis.call('ZRANGEBYSCORE', m.key, text(time), text(time))[1]
  if same then cost = cost + costOf(same) end
  -- Added first: a set that is empty for a moment loses its time to live.
  if cost > 0 then redis.call('ZADD', m.key, text(time), text(time) .. ':' .. text(cost)) end
  if same then redis.call('ZREM', m.key, same) end
end

-- What is later than now becomes one entry of now.
local function pullBack(m, now)
  local later = redis.call('ZRANGEBYSCORE', m.key, '(' .. text(now), '+inf')
  local cost = 0
  for _, entry in ipairs(later) do cost = cost + costOf(entry) end
  putEntry(m, now, cost)
  redis.call('ZREMRANGEBYSCORE', m.key, '(' .. text(now), '+inf')
  readNewest(m)
end

local function readMoving(m, now)
  local sum = redis.call('GET', m.sum)
  if not sum then
    redis.call('DEL', m.key)
    return
  end
  m.used = tonumber(sum)
  local before = '(' .. text(now - m.window)
  local gone = redis.call('ZRANGEBYSCORE', m.key, '-inf', before)
  if #gone > 0 then
    for _, entry in ipairs(gone) do m.used = m.used - costOf(entry) end
    redis.call('ZREMRANGEBYSCORE', m.key, '-inf', before)
    writeSum(m)
  end
  if m.used > 0 then
    readNewest(m)
    if m.newest and m.newest > now + ${CLOCKS_DIFFER_MS} then pullBack(m, now) end
  end
end
`;

/**
 * KEYS: one a meter; for `m` two. ARGV: strategy (`f`, `e` or `m`), now, how long to keep beyond the end, then
 * amount, window and cost of each meter. Gives `allowed remaining reset retry remaining reset retry …`, retry -1
 * for never.
 */
export const hitScript = `${shared}
local moving, elastic = ARGV[1] == 'm', ARGV[1] == 'e'
local now, beyond = tonumber(ARGV[2]), tonumber(ARGV[3])
local meters, allowed = {}, true
for i = 1, (#ARGV - 3) / 3 do
  local m = { used = 0, amount = tonumber(ARGV[3 * i + 1]), window = tonumber(ARGV[3 * i + 2]) }
  m.cost = tonumber(ARGV[3 * i + 3])
  if moving then
    m.key, m.sum = KEYS[2 * i - 1], KEYS[2 * i]
    readMoving(m, now)
  else
    m.key = KEYS[i]
    readFixed(m, now)
  end
  m.fits = m.cost == 0 or m.used + m.cost <= m.amount
  allowed = allowed and m.fits
  meters[i] = m
end

local function stretch(m)
  m.ends = math.max(m.ends, now + m.window)
end

local function countFixed(m)
  local lasts = m.ends and not elastic
  m.ends, m.start = m.ends or now + m.window, math.min(m.start or now, now)
  if elastic then stretch(m) end
  m.used = m.used + m.cost
  redis.call('HSET', m.key, 'e', text(m.ends), 'u', text(m.used), 's', text(m.start))
  if not lasts then keep(m.key, m.ends, now, beyond) end
end

local function countMoving(m)
  putEntry(m, now, m.cost)
  m.used = m.used + m.cost
  m.ends = math.max(m.ends or 0, now + m.window)
  redis.call('SET', m.sum, text(m.used), 'PX', lasting(m.ends, now, beyond))
  keep(m.key, m.ends, now, beyond)
end

local function retry(m)
  if m.cost > m.amount then return -1 end
  if m.fits then return 0 end
  if not moving then return m.ends - now end
  local excess = m.used + m.cost - m.amount
  local oldest = redis.call('ZRANGE', m.key, 0, math.ceil(excess) - 1, 'WITHSCORES')
  for i = 1, #oldest, 2 do
    excess = excess - costOf(oldest[i])
    if excess <= 0 then return tonumber(oldest[i + 1]) + m.window - now + 1 end
  end
end

local answer = { allowed and '1' or '0' }
for _, m in ipairs(meters) do
  if allowed and m.cost > 0 then
    if moving then countMoving(m) else countFixed(m) end
  elseif elastic and not m.fits and m.ends then
    stretch(m)
    redis.call('HSET', m.key, 'e', text(m.ends))
    keep(m.key, m.ends, now, beyond)
  end
  local reset = m.ends and m.ends - now + (moving and 1 or 0) or 0
  answer[#answer + 1] = text(math.max(0, m.amount - m.used))
  answer[#answer + 1] = text(reset)
  answer[#answer + 1] = text(retry(m))
end
return table.concat(answer, ' ')
`;

/** KEYS as above. ARGV: strategy, at, delta, now, then the window of each meter. */
export const settleScript = `${shared}
local moving = ARGV[1] == 'm'
local at, delta, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function correctFixed(m)
  readFixed(m, now)
  if not m.ends or at < m.start then return end
  m.used = m.used + delta
  if m.used > 0 then redis.call('HSET', m.key, 'u', text(m.used)) else redis.call('DEL', m.key) end
end

local function correctMoving(m)
  readMoving(m, now)
  local entry = redis.call('ZRANGEBYSCORE', m.key, text(at), text(at))[1]
  if not entry then return end
  local change = math.max(delta, -costOf(entry))
  if change == 0 then return end
  m.newest = at
  putEntry(m, at, change)
  m.used = m.used + change
  writeSum(m)
end

for i = 1, #ARGV - 4 do
  local m = { used = 0, window = tonumber(ARGV[4 + i]) }
  if moving then
    m.key, m.sum = KEYS[2 * i - 1], KEYS[2 * i]
    correctMoving(m)
  else
    m.key = KEYS[i]
    correctFixed(m)
  end
end
`;
