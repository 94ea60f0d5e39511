/**
 * `e:KEY` an entry's bytes, which Redis itself lets go at its keptUntil; `u` a sorted set of keys by their last use, `x`
 * by keptUntil, `s` a hash of their sizes, `t` the sum. Numbers are text all the way: Lua's own way loses digits.
 */
const shared = `
local p = KEYS[1]
local function forget(key)
  redis.call('DEL', p .. 'e:' .. key)
  redis.call('ZREM', p .. 'u', key)
  redis.call('ZREM', p .. 'x', key)
  local size = redis.call('HGET', p .. 's', key)
  if not size then return 0 end
  redis.call('HDEL', p .. 's', key)
  redis.call('DECRBY', p .. 't', size)
  return 1
end
local function clean(now, most)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', p .. 'x', '-inf', now, 'LIMIT', '0', most)) do forget(key) end
end
`;

/**
 * ARGV: key, bytes, size, now, keptUntil (0: never), maxSize, the most to remove for it: Redis does nothing else
 * meanwhile. Gives 0 when it is kept, 1 when more has to go first.
 */
export const putScript = `${shared}
local key, size, max = ARGV[1], ARGV[3], tonumber(ARGV[6])
clean(ARGV[4], '20')
forget(key)
local most = tonumber(ARGV[7])
while tonumber(redis.call('GET', p .. 't') or '0') + tonumber(size) > max do
  if most == 0 then return 1 end
  most = most - 1
  local oldest = redis.call('ZRANGE', p .. 'u', '0', '0')[1]
  if not oldest then
    redis.call('DEL', p .. 't', p .. 's', p .. 'x')
    break
  end
  forget(oldest)
end
redis.call('SET', p .. 'e:' .. key, ARGV[2])
-- Later than all: what was used while a clock ran ahead would stay, and this be the first to go.
local newest = redis.call('ZRANGE', p .. 'u', '-1', '-1', 'WITHSCORES')[2]
local isAhead = newest and tonumber(newest) > tonumber(ARGV[4])
redis.call('ZADD', p .. 'u', isAhead and string.format('%.3f', tonumber(newest) + 0.001) or ARGV[4], key)
redis.call('HSET', p .. 's', key, size)
redis.call('INCRBY', p .. 't', size)
if ARGV[5] ~= '0' then
  redis.call('ZADD', p .. 'x', ARGV[5], key)
  redis.call('PEXPIREAT', p .. 'e:' .. key, ARGV[5])
end
return 0
`;

/** ARGV: now, then keys. Gives how many there were. */
export const removeScript = `${shared}
clean(ARGV[1], '1000')
local removed = 0
for i = 2, #ARGV do removed = removed + forget(ARGV[i]) end
return removed
`;

/** ARGV: now. Gives \`entries bytes\`. */
export const statsScript = `${shared}
clean(ARGV[1], '1000')
return redis.call('HLEN', p .. 's') .. ' ' .. (redis.call('GET', p .. 't') or '0')
`;
