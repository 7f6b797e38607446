"""zipkin_same.py ZIPKIN OURS : posts the same spans to two collectors and compares their answers field by field.

Spans are made from a fixed seed: calls with one or two ids, pieces, messages, errors, local work, missing parents, long
and short trace ids, repeated spans. Prints each difference; the exit code is 1 when there is one.
"""
import gzip
import json
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

NOW = int(time.time() * 1000)
SERVICES = ["gateway", "user-service", "order-service", "catalog-service", "Billing"]
rng = random.Random(20211)
differences = []


def ask(base, path, body=None, headers=None):
    request = urllib.request.Request(base + path, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def endpoint(service):
    result = {"serviceName": service}
    if rng.random() < 0.3:
        result["ipv4"] = f"10.0.0.{1 + SERVICES.index(service)}"
    if rng.random() < 0.2:
        result["port"] = 8000 + SERVICES.index(service)
    if rng.random() < 0.05:
        result["ipv6"] = "2001:DB8:0:0::C001"
    return result


class TraceMaker:
    def __init__(self, number):
        self.trace_id = f"{rng.getrandbits(64) | 1:016x}"
        if rng.random() < 0.4:
            self.trace_id = f"{rng.getrandbits(63) | 1:016x}" + self.trace_id
        self.time = (NOW - rng.randrange(1, 3_000_000)) * 1000 + number
        self.spans = []
        self.depth = 0

    def new_id(self):
        return f"{rng.getrandbits(63) | 1:016x}"

    def add(self, **fields):
        span = {"traceId": self.trace_id, **{key: value for key, value in fields.items() if value is not None}}
        if not span.get("shared") or rng.random() < 0.3:
            self.time += rng.randrange(1, 50_000)
            span["timestamp"] = self.time
            if rng.random() < 0.9:
                span["duration"] = rng.randrange(1, 900_000)
        if rng.random() < 0.12:
            span.setdefault("tags", {})["error"] = rng.choice(["", "503", "timeout"])
        if rng.random() < 0.5:
            span.setdefault("tags", {})["http.path"] = rng.choice(["/users", "/orders/1", "/naïve \"path\""])
        if rng.random() < 0.2:
            span["annotations"] = [{"timestamp": self.time + 1, "value": rng.choice(["retry", "cache.miss"])}]
        self.spans.append(span)
        return span

    def call(self, parent, caller):
        callee = rng.choice(SERVICES)
        span_id = self.new_id()
        kind_of_call = rng.choice(["shared", "shared", "two ids", "client only", "server only", "message", "unmarked"])
        name = rng.choice(["get", "POST /Orders", "select"])
        remote = endpoint(callee) if rng.random() < 0.5 else None
        if kind_of_call == "message":
            broker = {"serviceName": "kafka"} if rng.random() < 0.7 else None
            self.add(id=span_id, parentId=parent, kind="PRODUCER", name=name, localEndpoint=endpoint(caller), remoteEndpoint=broker)
            consumer = self.new_id()
            self.add(id=consumer, parentId=span_id, kind="CONSUMER", name=name, localEndpoint=endpoint(callee), remoteEndpoint=broker)
            return self.work(consumer, callee)
        if kind_of_call != "server only":
            self.add(id=span_id, parentId=parent, kind="CLIENT", name=name, localEndpoint=endpoint(caller), remoteEndpoint=remote)
        if kind_of_call == "client only":
            return None
        if kind_of_call == "two ids":
            server = self.new_id()
            self.add(id=server, parentId=span_id, kind="SERVER", name=name, localEndpoint=endpoint(callee))
            return self.work(server, callee)
        shared = True if kind_of_call == "shared" else None
        knows_parent = parent if rng.random() < 0.8 else None
        self.add(id=span_id, parentId=knows_parent, kind="SERVER", name=name, localEndpoint=endpoint(callee), shared=shared)
        return self.work(span_id, callee)

    def work(self, parent, service):
        self.depth += 1
        if rng.random() < 0.3:
            local = self.new_id()
            self.add(id=local, parentId=parent, name="local", localEndpoint=endpoint(service))
            parent = local
        if self.depth < 6:
            for _ in range(rng.randrange(0, 3)):
                self.call(parent, service)
        return None

    def make(self):
        root = self.new_id()
        service = rng.choice(SERVICES)
        self.add(id=root, kind=rng.choice(["SERVER", None, "CLIENT"]), name="root", localEndpoint=endpoint(service),
                 remoteEndpoint=endpoint(rng.choice(SERVICES)) if rng.random() < 0.3 else None)
        self.call(root, service)
        self.work(root, service)
        if rng.random() < 0.3:  # a later piece of a span
            whole = rng.choice(self.spans)
            self.add(id=whole["id"], localEndpoint=whole.get("localEndpoint"), kind=whole.get("kind"), shared=whole.get("shared"))
        if rng.random() < 0.2 and len(self.spans) > 2:  # a span that never came
            self.spans.pop(rng.randrange(len(self.spans)))
        if rng.random() < 0.2:
            self.spans.append(dict(rng.choice(self.spans)))
        rng.shuffle(self.spans)
        return self.spans


def normal(value, path):
    """Order that means nothing is taken away."""
    canonical = lambda item: json.dumps(item, sort_keys=True)
    if "dependencies" in path or "services" in path.lower() or "/spans" in path or "autocomplete" in path:
        return sorted(value, key=canonical)
    if "/trace/" in path:
        return sorted(value, key=canonical)
    if "traceMany" in path:
        return sorted((sorted(trace, key=canonical) for trace in value), key=canonical)
    return [sorted(trace, key=canonical) for trace in value]


def differ(path, theirs, ours):
    differences.append(path)
    print(f"{path}\n  zipkin: {str(theirs)[:1500]}\n  ours:   {str(ours)[:1500]}")


def same_answer(zipkin, ours, path):
    one, other = ask(zipkin, path), ask(ours, path)
    if one[0] != other[0]:
        return differ(path, one, other)
    if one[0] == 200:
        theirs, mine = normal(json.loads(one[1]), path), normal(json.loads(other[1]), path)
        if theirs != mine:
            return differ(path, theirs, mine)
        return len(theirs)
    return 0


def same_status(zipkin, ours, body, headers=None):
    headers = {"Content-Type": "application/json", **(headers or {})}
    one, other = (ask(base, "/api/v2/spans", body, headers) for base in (zipkin, ours))
    if one[0] != other[0]:
        differ(f"POST {body[:200]!r}", one, other)


def post_all(zipkin, ours, traces):
    spans = [span for trace in traces for span in trace]
    rng.shuffle(spans)
    for start in range(0, len(spans), 97):
        body = json.dumps(spans[start:start + 97]).encode()
        packed = {"Content-Encoding": "gzip"} if start % 2 else None
        same_status(zipkin, ours, gzip.compress(body) if packed else body, packed)


def queries():
    for service in SERVICES + ["", "kafka", "none"]:
        name = urllib.parse.quote(service)
        yield from (f"/api/v2/spans?serviceName={name}", f"/api/v2/remoteServices?serviceName={name}",
                    f"/api/v2/traces?serviceName={name}&limit=1000", f"/api/v2/traces?serviceName={name}&limit=3",
                    f"/api/v2/traces?serviceName={name}&limit=1000&annotationQuery=error",
                    f"/api/v2/traces?serviceName={name}&limit=1000&minDuration=400000&maxDuration=500000",
                    f"/api/v2/traces?serviceName={name}&limit=1000&spanName=post%20/orders&annotationQuery=http.path%3D/users")
    yield from (f"/api/v2/traces?limit=1000&annotationQuery={urllib.parse.quote(text)}"
                for text in ["error=503 and retry", "http.path", "http.path=/naïve \"path\"", "error=", " ", "a and ", "cache.miss and error"])
    yield from (f"/api/v2/traces?limit=1000&endTs={NOW - back}&lookback={span}"
                for back, span in [(0, 1000), (500_000, 600_000), (1_000_000, 10**12), (0, NOW)])
    yield from (f"/api/v2/dependencies?endTs={NOW - back}&lookback={span}"
                for back, span in [(0, 86_400_000), (0, 100_000), (1_500_000, 700_000), (0, NOW), (0, 1)])
    yield from ("/api/v2/services", "/api/v2/traces", "/api/v2/traces?limit=2", "/api/v2/traces?serviceName=BILLING",
                "/api/v2/traces?spanName=all&limit=4", "/api/v2/traces?remoteServiceName=kafka&limit=1000", "/api/v2/autocompleteKeys",
                "/api/v2/autocompleteValues?key=x")


REFUSED = ["spans", "remoteServices", "autocompleteValues", "autocompleteValues?key=", "dependencies", "dependencies?endTs=0",
           "dependencies?endTs=a", "dependencies?endTs=5&lookback=0", "traces?limit=0", "traces?limit=x", "traces?limit=99999999999",
           "traces?endTs=0", "traces?lookback=-1", "traces?maxDuration=1", "traces?minDuration=2&maxDuration=1", "traces?minDuration=0",
           "trace/zz", "trace/0", "trace/1", "trace/", "trace/000000000000000000000000000000001", "traceMany", "traceMany?traceIds=",
           "traceMany?traceIds=1", "traceMany?traceIds=1,1", "traceMany?traceIds=1,zz", "traceMany?traceIds=1,2", "nosuch"]
IDS = '"traceId":"a","id":"b"'
BODIES = ["", "[]", "{}", "x", "null", "[1]", "[{}]", "[[{%s}]]" % IDS, "[{%s}" % IDS, "[{%s},]" % IDS, '[{"traceId":"a"}]',
          '[{"id":"a"}]', '[{"traceId":"","id":"b"}]', '[{"traceId":"0","id":"b"}]', '[{"traceId":"A","id":"b"}]',
          '[{"traceId":"000000000000000000000000000000000a","id":"b"}]'] + \
         ["[{%s,%s}]" % (IDS, field) for field in (
             '"kind":"FOO"', '"kind":"server"', '"timestamp":-1', '"timestamp":1.5', '"timestamp":"12"', '"timestamp":99999999999999999999',
             '"duration":-1', '"name":5', '"name":true', '"tags":{"a":1}', '"tags":{"a":null}', '"tags":{"a":true}', '"tags":{"a":{}}',
             '"tags":[]', '"annotations":[{"value":"a"}]', '"annotations":[{"timestamp":1,"value":"a"}]', '"debug":"true"', '"debug":1',
             '"localEndpoint":{"port":70000}', '"localEndpoint":{"port":-1}', '"localEndpoint":{"ipv4":"abc"}', '"parentId":""',
             '"parentId":"b"', '"unknown":{"a":[1,2]}', '"timestamp":1e3', '"traceId":null')]


def main():
    zipkin, ours = sys.argv[1:3]
    traces = [TraceMaker(number).make() for number in range(400)]
    post_all(zipkin, ours, traces)
    found = sum(same_answer(zipkin, ours, path) or 0 for path in queries())
    ids = [trace[0]["traceId"] for trace in traces]
    for trace_id in ids + [ids[0].rjust(32, "0"), ids[0][-16:]]:
        same_answer(zipkin, ours, f"/api/v2/trace/{trace_id}")
    same_answer(zipkin, ours, "/api/v2/traceMany?traceIds=" + ",".join(ids[:20]))
    for path in REFUSED:
        same_answer(zipkin, ours, "/api/v2/" + path)
    for body in BODIES:
        same_status(zipkin, ours, body.encode())
    for path in ("/zipkin/config.json", "/health", "/info"):
        one, other = (ask(base, path) for base in (zipkin, ours))
        if one[0] != other[0] or sorted(json.loads(one[1])) != sorted(json.loads(other[1])):
            differ(path, one, other)
    same_answer(zipkin, ours, "/zipkin/api/v2/services")
    print(f"{sum(map(len, traces))} spans in {len(traces)} traces; {found} answers' elements alike; {len(differences)} differences")
    return 1 if differences or found < 1000 else 0


sys.exit(main())
