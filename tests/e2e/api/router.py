"""A router on its stand, and a client that holds every answer to openapi.json."""
import base64
import http.client
import json
import re
import subprocess
import tempfile
import uuid

from schema import Schemas


class Router:
    def __init__(self, programs, data):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [programs["stand"], programs["router"], data, programs["sheets"], programs["bins"]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the stand did not start:\n" + self.logged())
        facts = json.loads(line)
        self.port, self.pid, self.key, self.other_key, self.live_key = (
            facts[k] for k in ("port", "pid", "key", "other_key", "live_key"))
        self.tokens = {name: facts["token"] + kind
                       for name, kind in (("good", "G"), ("deleted", "D"), ("expired", "E"), ("limited", "M"))}

    def tell(self, word):
        """Gives the stand a command; returns how many dispatches it has seen."""
        self.process.stdin.write(word + "\n")
        return int(self.process.stdout.readline())

    def dispatches(self):
        return self.tell("count")

    def logged(self):
        if self.log.closed:
            return self.last_log
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """Ends it; returns the router's exit status."""
        if self.process.poll() is not None:
            return None
        self.process.stdin.close()
        status = int(self.process.stdout.readline())
        self.process.wait()
        self.process.stdout.close()
        self.last_log = self.logged()
        self.log.close()
        return status


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.raw = status, headers, body
        kind = headers.get("Content-Type", "")
        self.json = json.loads(body) if "json" in kind and body else None

    def __getitem__(self, name):
        return self.json[name]


class Client:
    """Requests to a router. Every answer is kept, so that all of them can be searched, and must be as described."""

    seen = set()  # of all clients: (method, pattern, status)
    document = None

    def __init__(self, router):
        self.router = router
        self.key = router.key
        self.answers = []
        Client.document = self.raw("GET", "/openapi.json").json
        self.schemas = Schemas(Client.document)

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.router.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()
        self.answers.append(answer)
        return answer

    def request(self, method, path, body=None, headers=None, key=None, idempotency=None, content_type=None):
        """With the key, as JSON; for a POST with an Idempotency-Key of its own unless one is given ("" sends none)."""
        key = self.key if key is None else key
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            sent["Content-Type"] = content_type or "application/json"
        if method == "POST" and idempotency != "":
            sent["Idempotency-Key"] = idempotency or str(uuid.uuid4())
        sent.update(headers or {})
        answer = self.raw(method, path, body, sent)
        self.check(method, path, answer)
        return answer

    def operation(self, method, path):
        path = path.split("?")[0]
        exact = self.document["paths"].get(path)
        for pattern, operations in ([(path, exact)] if exact else self.document["paths"].items()):
            shape = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern))
            if re.fullmatch(shape, path) and method.lower() in operations:
                return pattern, operations[method.lower()]
        return None, None

    def check(self, method, path, answer):
        """Whether the answer is one that openapi.json describes."""
        assert re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", answer.headers["Freeport-Request-Id"])
        assert answer.headers["Freeport-Version"] == "2026-11-01", answer.headers
        pattern, operation = self.operation(method, path)
        if operation is None:
            assert answer.status in (404, 405), answer.status
            self.schemas.check(answer.json, {"$ref": "#/components/schemas/Problem"})
            return
        assert str(answer.status) in operation["responses"], f"{method} {pattern} answered {answer.status}: {answer.raw}"
        self.seen.add((method, pattern, answer.status))
        described = self.schemas.resolve(operation["responses"][str(answer.status)])
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind in described["content"], f"{method} {pattern} answered {kind}"
        if answer.json is not None:
            self.schemas.check(answer.json, described["content"][kind]["schema"], f"{method} {pattern}")
        if answer.status in (429, 503) and kind.endswith("problem+json") and not answer["code"].endswith("_rolled_back"):
            assert answer.status == 429 or int(answer.headers["Retry-After"]) > 0

    def pay(self, amount, idempotency=None, **more):
        body = {"amount": amount, "currency": "EUR", "token": self.router.tokens["good"], **more}
        return self.request("POST", "/v1/payments", body, idempotency=idempotency)


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
