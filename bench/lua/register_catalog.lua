-- Registers new instances, each with a check, over a hundred nodes and a hundred services.
local n = 0
local id = 0
function setup(thread) thread:set("id", id); id = id + 1 end
function request()
  n = n + 1
  local service = "svc" .. (n % 100)
  local instance = "i" .. id .. "-" .. n
  return wrk.format("PUT", "/v1/catalog/register", nil, string.format(
    '{"Node":"bench%d","Address":"10.1.0.%d","Service":{"ID":"%s","Service":"%s","Port":80,"Tags":["v1"]},' ..
    '"Check":{"CheckID":"c-%s","Name":"alive","Status":"passing","ServiceID":"%s"}}',
    n % 100, n % 100, instance, service, instance, instance))
end
