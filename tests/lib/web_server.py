"""web_server.py FOLDER LOG: serves the files of FOLDER on 127.0.0.1, at a free port that it prints.
LOG: a line for each request: path, validators, Authorization, status. Special paths: /to/X redirects
to /X; /flaky/X answers 503 the first time; /named/X/ offers X as the file name; /silent sends half of
what it announces, then is written to LOG, and waits; /loop redirects to itself. Only the standard library."""
import hashlib
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, log = sys.argv[1:3]
seen, lock = set(), threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **fields):
        with lock, open(log, "a") as file:
            validators = self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since") or "-"
            print(self.path, validators, self.headers.get("Authorization") or "-", status, file=file)
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, fields = self.path.split("?")[0], {}
        if path == "/loop":
            return self.answer(302, Location="/loop")
        if path.startswith("/to/"):
            return self.answer(302, b"elsewhere", Location=path[3:])
        if path.startswith("/flaky/"):
            with lock:
                first = path not in seen
                seen.add(path)
            if first:
                return self.answer(503)
            path = path[6:]
        if path.startswith("/named/"):
            path = path[6:-1]
            fields["Content_Disposition"] = 'attachment; filename="..%s"' % path if "evil" in path else 'attachment; filename="%s"' % path[1:]
        if path == "/silent":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x" * 50)
            with lock, open(log, "a") as file:
                print(path, "-", "-", 200, file=file)
            time.sleep(60)
            return
        try:
            with open(os.path.join(folder, os.path.basename(path)), "rb") as file:
                body = file.read()
        except OSError:
            return self.answer(404, b"nothing here")
        tag = '"%s"' % hashlib.md5(body).hexdigest()
        if self.headers.get("If-None-Match") == tag:
            return self.answer(304, ETag=tag)
        self.answer(200, body, ETag=tag, **fields)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
