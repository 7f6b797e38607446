"""wild_archives.py FOLDER BASE: archives as other tools write them, in FOLDER, on the layer BASE (a
tar). Each image is NAME.tar; files.tar is a plain archive, layer.tar the same with more."""
import hashlib
import io
import json
import os
import sys
import tarfile

folder, base_file = sys.argv[1:3]
base = open(base_file, "rb").read()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(entries, end=True):
    """Entries: (name, text), (name, None) for a directory, (name, "-> target"), (name, "= target")."""
    out = io.BytesIO()
    archive = tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT)
    for name, text in entries:
        info = tarfile.TarInfo("x")
        info.name, info.mode = name, 0o755
        if text is None:
            info.type = tarfile.DIRTYPE
        elif text.startswith("-> "):
            info.type, info.linkname = tarfile.SYMTYPE, text[3:]
        elif text.startswith("= "):
            info.type, info.linkname = tarfile.LNKTYPE, text[2:]
        data = text.encode() if info.isreg() else b""
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    length = archive.offset
    archive.close()
    return out.getvalue() if end else out.getvalue()[:length]


def config(layers):
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]},
                       "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}}).encode()


def members(name, files):
    with tarfile.open(os.path.join(folder, name), "w") as archive:
        for path, data in files:
            info = tarfile.TarInfo("x")
            info.name, info.size = path, len(data)
            archive.addfile(info, io.BytesIO(data))


def docker_archive(name, layer, prefix="", named=("0.tar", "1.tar")):
    layers = [base, layer]
    manifest = [{"Config": prefix + "c.json", "RepoTags": [name + ":1"],
                 "Layers": [prefix + part if part else "" for part in named]}]
    files = [(prefix + "c.json", config(layers))]
    files += [(prefix + part, data) for part, data in zip(named, layers) if part]
    members(name + ".tar", files + [(prefix + "manifest.json", json.dumps(manifest).encode())])


files = [("/", None), ("/app/", None), ("//app/srv", "srv"), ("./etc/x/../wild", "wild"), ("real/", None),
         ("link", "-> real"), ("link/f", "through"), ("/link/hard", "= real/f"), ("twice", "1"), ("twice", "2"),
         ("was-dir/f", "1"), ("was-dir", "file"), ("was-file", "1"), ("was-file", None), ("was-file/f", "2")]
open(os.path.join(folder, "files.tar"), "wb").write(tar(files, end=False))
wild = files + [("/root/.wh.nothing", ""), ("up", "-> /real/../deep"), ("up/below", "x")]
layer = tar(wild, end=False)
open(os.path.join(folder, "layer.tar"), "wb").write(layer)
open(os.path.join(folder, "diff-id"), "w").write(digest(layer))
docker_archive("plain", layer)
docker_archive("rooted", layer, prefix="/")
docker_archive("dotted", layer, prefix="./")
docker_archive("without-base", layer, named=("", "1.tar"))
members("twice.tar", [("c.json", b"{}"), ("0.tar", base), ("c.json", config([base])),
                      ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["twice:1"], "Layers": ["0.tar"]}]).encode())])


def layout(name, depth, platform):
    config_json = config([base, layer])
    blobs = [base, layer, config_json]

    def descriptor(data, kind):
        blobs.append(data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": digest(data), "size": len(data)}

    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "config": descriptor(config_json, "config.v1+json"),
                           "layers": [descriptor(data, "layer.v1.tar") for data in (base, layer)]}).encode()
    row = descriptor(manifest, "manifest.v1+json")
    other = dict(row, platform={"os": "linux", "architecture": "s390x"}, digest=digest(b"nowhere"))
    rows = [other, dict(row, **({"platform": platform} if platform else {}))]
    for _ in range(depth):
        index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": rows}).encode()
        rows = [descriptor(index, "index.v1+json")]
    rows[0]["annotations"] = {"io.containerd.image.name": "docker.io/library/%s:1" % name}
    top = json.dumps({"schemaVersion": 2, "manifests": rows}).encode()
    members(name + ".tar", [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", top)] +
            [("blobs/sha256/" + digest(data)[7:], data) for data in {digest(d): d for d in blobs}.values()])


layout("nested", 2, {"os": "linux", "architecture": "amd64"})
layout("untold", 1, None)
layout("too-deep", 5, None)
