-- Writes keys, each thread its own, in turn.
local n = 0
local id = 0
function setup(thread) thread:set("id", id); id = id + 1 end
function request()
  n = n + 1
  return wrk.format("PUT", "/v1/kv/bench/" .. id .. "/" .. (n % 1000), nil, "value-" .. n)
end
