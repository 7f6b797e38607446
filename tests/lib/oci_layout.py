"""oci_layout.py DIRECTORY LAYER.tar...: an OCI image layout of one image whose layers are these tars,
gzip, in the OCI types. What another tool than mini would have made; only the standard library."""
import gzip
import hashlib
import json
import os
import platform
import sys

root, tars = sys.argv[1], sys.argv[2:]
blobs = os.path.join(root, "blobs", "sha256")
os.makedirs(blobs, exist_ok=True)
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def blob(data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(blobs, digest), "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}


def as_json(value):
    return json.dumps(value).encode()


layers, diff_ids = [], []
for path in tars:
    with open(path, "rb") as file:
        tar = file.read()
    diff_ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
    layers.append(blob(gzip.compress(tar, 6, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip"))
config = blob(as_json({
    "architecture": ARCHITECTURE, "os": "linux", "created": "2020-01-01T00:00:00Z",
    "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], "Labels": {"made.by": "oci_layout"}},
    "rootfs": {"type": "layers", "diff_ids": diff_ids},
    "history": [{"created": "2020-01-01T00:00:00Z", "created_by": f"layer {n}"}
                for n in range(len(tars))]}), "application/vnd.oci.image.config.v1+json")
manifest = blob(as_json({
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": config, "layers": layers}), "application/vnd.oci.image.manifest.v1+json")
manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
with open(os.path.join(root, "oci-layout"), "w") as file:
    file.write('{"imageLayoutVersion":"1.0.0"}')
with open(os.path.join(root, "index.json"), "wb") as file:
    file.write(as_json({"schemaVersion": 2, "manifests": [manifest]}))
