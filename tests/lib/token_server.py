"""token_server.py PORT KEY CERTIFICATE LOG: a token server as the distribution specification describes
it. alice (password "open sesame") may pull and push; whoever brings no password may pull public/*. A
POST with the refresh token "refresh-me" is alice. Writes what it was asked to LOG. Only the standard
library; openssl signs."""
import base64
import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

port, key, certificate, log = int(sys.argv[1]), *sys.argv[2:5]
ALICE = "Basic " + base64.b64encode(b"alice:open sesame").decode()


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


with open(certificate) as file:
    chain = ["".join(part for part in file.read().splitlines() if "-----" not in part)]


def token(user, service, scopes):
    access = []
    for scope in scopes:
        kind, name, actions = scope.split(":")
        granted = [a for a in actions.split(",")
                   if user == "alice" or (a == "pull" and name.startswith("public/"))]
        access.append({"type": kind, "name": name, "actions": granted})
    now = int(time.time())
    head = url64(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": chain}).encode())
    body = url64(json.dumps({"iss": "test", "sub": user, "aud": service, "exp": now + 300,
                             "nbf": now - 10, "iat": now, "jti": str(time.time_ns()),
                             "access": access}).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                               input=head + b"." + body, capture_output=True, check=True).stdout
    return b".".join([head, body, url64(signature)]).decode()


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def note(self, who, scopes):
        with open(log, "a") as file:
            print(self.command, who, *scopes, file=file)

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        given = self.headers.get("Authorization")
        if given not in (None, ALICE):
            self.note("wrong", [])
            return self.answer(401, {"errors": [{"code": "UNAUTHORIZED"}]})
        user = "alice" if given else ""
        self.note(user or "nobody", query.get("scope", []))
        self.answer(200, {"token": token(user, query["service"][0], query.get("scope", []))})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("refresh_token") != ["refresh-me"]:
            return self.answer(401, {})
        scopes = form.get("scope", [""])[0].split()
        self.note("refreshed", scopes)
        self.answer(200, {"access_token": token("alice", form["service"][0], scopes)})

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
