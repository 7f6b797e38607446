"""lying_registry.py PORT LAYOUT LOG OTHER [CERTIFICATE KEY]: a registry on 127.0.0.1 that tells the
lie which is the repository's name, about the image in the OCI layout LAYOUT. Wants alice's password
("open sesame") first, so that there is one to steal. LOG: a line for each request: method, path, part,
and last what came in Authorization; LOG.go lets the repository "waits" go on. OTHER: the origin of an accomplice. The repository "good" does not lie,
and none does with LYING_REGISTRY_IS_HONEST in the environment. Only the standard library."""
import base64
import gzip
import hashlib
import json
import os
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, layout, log, other = int(sys.argv[1]), *sys.argv[2:5]
ALICE = "Basic " + base64.b64encode(b"alice:open sesame").decode()
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SILENCE = 3600
HONEST = os.environ.get("LYING_REGISTRY_IS_HONEST")
lock = threading.Lock()
counts = {}


def read(digest):
    with open(os.path.join(layout, "blobs", "sha256", digest[7:]), "rb") as file:
        return file.read()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


with open(os.path.join(layout, "index.json")) as file:
    manifest_digest = json.load(file)["manifests"][0]["digest"]
manifest_bytes = read(manifest_digest)
manifest = json.loads(manifest_bytes)
config_bytes = read(manifest["config"]["digest"])
layer_bytes = read(manifest["layers"][0]["digest"])
LAYER = manifest["layers"][0]["digest"]


def changed(change):
    """The manifest after `change`, whose blobs are where they were."""
    value = json.loads(manifest_bytes)
    change(value)
    return json.dumps(value).encode()


def with_config(data, **facts):
    return changed(lambda m: m["config"].update(digest=digest_of(data), size=len(data), **facts))


def with_layer(data):
    return changed(lambda m: m["layers"][0].update(digest=digest_of(data), size=len(data)))


def set_layer(key, value):
    return changed(lambda m: m["layers"][0].update({key: value}))


def flip(data):
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 1]) + data[half + 1:]


bad_config = json.loads(config_bytes)
bad_config["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64]
bad_config = json.dumps(bad_config).encode()
DEEP = b"[" * 200000 + b"]" * 200000
no_tar = gzip.compress(b"this is no tar at all" * 1000, mtime=0)
item = {"mediaType": MANIFEST, "digest": manifest_digest, "size": len(manifest_bytes),
        "platform": {"os": "linux", "architecture": json.loads(config_bytes)["architecture"]}}

manifests = {
    "html": b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>",
    "deep": b'{"schemaVersion":2,"config":' + DEEP + b"}",
    "deep-config": with_config(DEEP),
    "both": changed(lambda m: m.update(manifests=[item])),
    "size-negative": set_layer("size", -1),
    "size-huge": set_layer("size", 1 << 62),
    "size-text": set_layer("size", "12"),
    "size-less": set_layer("size", len(layer_bytes) - 1),
    "size-more": set_layer("size", len(layer_bytes) + 1),
    "config-huge": changed(lambda m: m["config"].update(size=1 << 62)),
    "path-layer": set_layer("digest", "sha256:../../../../etc/passwd"),
    "path-config": changed(lambda m: m["config"].update(digest="../../../../etc/shadow")),
    "path-algorithm": set_layer("digest", "../x:" + "0" * 64),
    "diff-id": with_config(bad_config),
    "no-tar": with_layer(no_tar),
    "large": manifest_bytes + b" " * (5 << 20),
    "foreign-layer": set_layer("urls", [other + "/v2/good/blobs/" + LAYER]),
    "index-loop": json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        dict(item, digest="sha256:" + "1" * 64, mediaType=MANIFEST)]}).encode(),
    "escape": b'{"schemaVersion":2,"mediaType":"\\u001b]0;owned\\u0007\\u202e","layers":[]}',
}
blobs = {digest_of(DEEP): DEEP, digest_of(bad_config): bad_config, digest_of(no_tar): no_tar}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self):
        with lock, open(log, "a") as file:
            print(self.command, self.path + self.headers.get("Range", "").replace("bytes=", " from "),
                  self.headers.get("Authorization", "-"), file=file)

    def answer(self, status, data=b"", type="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", type)
        if "length" not in headers:
            headers["length"] = len(data)
        self.send_header("Content-Length", str(headers.pop("length")))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def breaks_off(self):
        self.close_connection = True

    def count(self, name):
        with lock:
            counts[name] = counts.get(name, 0) + 1
            return counts[name]

    def do_GET(self):
        self.note()
        if self.path == "/v2/":
            return self.answer(200, b"{}")
        if self.path.startswith("/loop"):
            return self.answer(307, Location=self.path + "x")
        if self.path.startswith("/token"):
            return self.answer(200, b'{"token": "stolen"}')
        match = re.fullmatch(r"/v2/([a-z0-9-]+)/(manifests|blobs)/([a-z0-9:.]+)", self.path)
        if not match:
            return self.answer(404)
        lie, kind, name = match.groups()
        if HONEST:
            lie = "good"
        if lie != "anonymous" and self.headers.get("Authorization") != ALICE:
            challenge = {"realm-foreign": f'Bearer realm="{other}/token",service="x"',
                         "realm-none": "Bearer service=x",
                         "realm-odd": 'Bearer realm="file:///etc/passwd"'}
            return self.answer(401, WWW_Authenticate=challenge.get(lie, 'Basic realm="test"'))
        if kind == "manifests":
            self.manifest(lie, name)
        else:
            self.blob(lie, name)

    do_HEAD = do_GET

    def manifest(self, lie, name):
        data, type = manifests.get(lie, manifest_bytes), MANIFEST
        if lie == "html":
            type = "text/html"
        elif lie == "manifest-digest":
            return self.answer(200, data + b" ", type, Docker_Content_Digest=manifest_digest)
        elif lie == "type":
            type = INDEX
        elif lie == "index-loop":
            type = INDEX
            if name.startswith("sha256:"):
                return self.answer(404)
        elif lie == "redirect-loop":
            return self.answer(307, Location="/loop")
        elif lie == "redirect-foreign":
            return self.answer(307, Location=other + self.path)
        elif lie == "redirect-port":
            return self.answer(307, Location=other.replace("localhost", "127.0.0.1") + self.path)
        elif lie == "redirect-file":
            return self.answer(307, Location="file:///etc/passwd")
        elif lie == "redirect-nowhere":
            return self.answer(307)
        elif lie == "always-429":
            return self.answer(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}')
        elif lie == "much-later":
            return self.answer(429, Retry_After="86400")
        elif lie == "always-500":
            return self.answer(500, b"<html>oops</html>", "text/html")
        elif lie == "sometimes" and self.count(lie) % 3:
            return self.answer(503 if self.count("x") % 2 else 429, Retry_After="0")
        elif lie == "endless-manifest":
            return self.endless()
        elif lie == "silent":
            time.sleep(SILENCE)
        elif lie == "escape-error":
            return self.answer(404, b'{"errors":[{"message":"\\u001b[2Jgone\\u202e\\nmini: all is well"}]}')
        self.answer(200, data, type)

    def endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"%x\r\n%s\r\n" % (1 << 16, b" " * (1 << 16))
        try:
            while True:
                self.wfile.write(piece)
        except OSError:
            self.breaks_off()

    def blob(self, lie, digest):
        try:
            data = blobs.get(digest) or read(digest)
        except FileNotFoundError:
            return self.answer(404)
        if digest != LAYER:
            if lie == "config-digest":
                data = flip(data)
            return self.answer(200, data, "application/octet-stream")
        start = int((re.match(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0, 0])[1])
        half = len(data) // 2
        if lie == "layer-digest":
            data = flip(data)
        elif lie == "layer-longer":
            data += b"x"
        elif lie == "layer-shorter":
            data = data[:half]
        elif lie == "endless-layer":
            return self.endless()
        elif lie == "cut":  # the same half, whatever was asked for
            self.answer(200, data[:half], length=len(data))
            return self.breaks_off()
        elif lie == "cuts":  # a piece each time, wherever one asks
            self.partial(data, start, min(len(data), start + half // 2))
            return self.breaks_off()
        elif lie == "cuts-no-range":  # once a half, then all of it, from the beginning
            if self.count(lie) == 1:
                self.answer(200, data[:half], length=len(data))
                return self.breaks_off()
        elif lie == "hangs" or lie == "stalls" and start == 0 and self.count(lie) == 1:  # never the rest
            self.answer(200, data[:half], length=len(data))
            self.wfile.flush()
            time.sleep(SILENCE)
        elif lie == "waits":  # for the file GO
            while not os.path.exists(log + ".go"):
                time.sleep(0.05)
        elif lie == "wrong-part" and start == 0:
            self.answer(200, data[:half], length=len(data))
            return self.breaks_off()
        elif lie == "wrong-part":
            return self.answer(206, data[:len(data) - start], Content_Range=f"bytes 0-{half}/{len(data)}")
        elif lie == "drip":
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                for byte in data:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.2)
            except OSError:
                return self.breaks_off()
        elif lie == "blob-foreign":
            return self.answer(307, Location=other + "/v2/anonymous/blobs/" + digest)
        elif lie == "blob-challenge":
            return self.answer(307, Location=other + "/v2/good/blobs/" + digest)
        if start:
            return self.partial(data, start, len(data))
        self.answer(200, data, "application/octet-stream")

    def partial(self, data, start, end):
        if start == 0:
            return self.answer(200, data[:end], length=len(data))
        self.answer(206, data[start:end], length=len(data) - start,
                    Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")

    def body(self):
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 16)))

    def do_POST(self):
        self.note()
        self.body()
        if self.headers.get("Authorization") != ALICE:
            return self.answer(401, WWW_Authenticate='Basic realm="test"')
        self.answer(202, Location=other + self.path + "1")

    def do_PUT(self):
        self.note()
        self.body()
        self.answer(201)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.daemon_threads = True
if len(sys.argv) > 5:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[5], sys.argv[6])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
