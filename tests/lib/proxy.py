"""proxy.py PORT LOG NAME=PORT...: an HTTP proxy on 127.0.0.1 that knows these host names, all of
them ports of this machine: tunnels (CONNECT) and plain requests, for user "paul" with password "pass
word" only. LOG: a line for each request. Only the standard library."""
import base64
import select
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

port, log = int(sys.argv[1]), sys.argv[2]
places = dict(argument.split("=") for argument in sys.argv[3:])
PAUL = "Basic " + base64.b64encode(b"paul:pass word").decode()


class Handler(BaseHTTPRequestHandler):
    def place(self, name):
        known = places.get(name)
        allowed = self.headers.get("Proxy-Authorization") == PAUL
        with open(log, "a") as file:
            print(self.command, self.path, self.headers.get("Authorization", "-") if self.command == "CONNECT"
                  else "", file=file)
        if not allowed:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        elif not known:
            self.send_response(502)
        else:
            return socket.create_connection(("127.0.0.1", int(known)))
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def do_CONNECT(self):
        far = self.place(self.path.rsplit(":", 1)[0])
        if not far:
            return
        self.send_response(200)
        self.end_headers()
        ends = {self.connection: far, far: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                data = end.recv(1 << 16)
                if not data:
                    self.close_connection = True
                    return far.close()
                ends[end].sendall(data)

    def do_GET(self):
        url = urlsplit(self.path)
        far = self.place(url.hostname)
        if not far:
            return
        lines = [f"{self.command} {url.path} HTTP/1.0"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()
                  if not name.lower().startswith(("proxy-", "connection"))]
        far.sendall("\r\n".join(lines + ["", ""]).encode())
        while data := far.recv(1 << 16):
            self.wfile.write(data)
        self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
