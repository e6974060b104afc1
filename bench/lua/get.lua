-- Reads keys that the load put there, in turn.
local n = 0
function request()
  n = n + 1
  return wrk.format("GET", "/v1/kv/seed/" .. (n % 1000))
end
