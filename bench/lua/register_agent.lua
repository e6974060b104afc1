-- Registers new instances with the agent, each with a check that waits for news, of a hundred services.
local n = 0
local id = 0
function setup(thread) thread:set("id", id); id = id + 1 end
function request()
  n = n + 1
  return wrk.format("PUT", "/v1/agent/service/register", nil, string.format(
    '{"ID":"i%d-%d","Name":"svc%d","Port":80,"Tags":["v1"],"Check":{"TTL":"10m","Status":"passing"}}',
    id, n, n % 100))
end
