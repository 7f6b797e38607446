"""The whole shop as processes on loopback, for tests: each service on a free port, its data in one directory, a collector that only counts.

BIN is the directory of the built services. A service that was killed is started again on its port with its data.
"""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

SERVICES = ("user-service", "order-service", "catalog-service", "gateway")
COLLECTOR = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(202); self.send_header('Content-Length', '0'); self.end_headers()
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Shop:
    rounds, pause = 2, 0  # of kill_test.py: how often each is killed; seconds between two orders of a client

    def __init__(self, binaries, directory, **settings):
        self.binaries, self.directory = binaries, directory
        self.ports = {name: free_port() for name in SERVICES + ("collector",)}
        self.running, self.own = {}, {}  # own: settings of one service
        self.settings = {"DATA_DIR": directory, "ZIPKIN_URL": self.url("collector"), **settings}
        for name in SERVICES[:3]:
            self.settings.setdefault(name.upper().replace("-", "_") + "_URL", self.url(name))

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, *names):
        for name in names or SERVICES + ("collector",):
            program = [sys.executable, "-c", COLLECTOR, str(self.ports[name])]
            if name in SERVICES:
                program = [os.path.join(self.binaries, name)]
            log = open(os.path.join(self.directory, name + ".log"), "a")
            env = {**os.environ, **self.settings, **self.own.get(name, {}), "PORT": str(self.ports[name])}
            self.running[name] = subprocess.Popen(program, env=env, stderr=log, stdout=log)
        for name in names or SERVICES:
            self.wait_for(name)

    def wait_for(self, name):
        for _ in range(1000):
            if self.running[name].poll() is not None:
                raise AssertionError(f"{name} ended: {self.log(name)}")
            try:
                socket.create_connection(("127.0.0.1", self.ports[name]), 5).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise AssertionError(f"{name} does not listen")

    def log(self, name):
        with open(os.path.join(self.directory, name + ".log")) as f:
            return f.read()[-2000:]

    def end(self, name, how=signal.SIGKILL):
        process = self.running.pop(name)
        process.send_signal(how)
        return process.wait(30)

    def stop(self):
        for name in list(self.running):
            self.end(name, signal.SIGTERM)

    def ask(self, method, path, body=None, headers=None, service="gateway", timeout=20):
        """(status, JSON or text). A request that hangs longer than `timeout` raises TimeoutError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=timeout)
        try:
            data = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            text = answer.read().decode()
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text
        finally:
            connection.close()
