#!/usr/bin/env python3
"""What two images must have in common, as text that `diff` can compare.

facts.py tree DIRECTORY...  a line per path of the overlay of these directories (topmost first): type,
                            mode, owner, size, link target, links, content hash, attributes. With FACTS_TIMES=1
                            also the times, of all but the root and its mount points.
facts.py config FILE        the runtime configuration in the output of `image inspect`.
"""
import ctypes
import hashlib
import json
import os
import stat
import sys
import tempfile

CONFIG = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "ExposedPorts", "Volumes",
          "Healthcheck", "OnBuild", "StopSignal", "Shell")
CLONE_NEWNS, MS_RDONLY, MS_REC, MS_PRIVATE = 0x20000, 1, 0x4000, 1 << 18


def content(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:16]


def line(path, name):
    info = os.lstat(path)
    kind = stat.S_IFMT(info.st_mode)
    facts = [name, stat.filemode(info.st_mode), f"{info.st_uid}:{info.st_gid}"]
    if kind == stat.S_IFLNK:
        facts.append("-> " + os.readlink(path))
    elif kind == stat.S_IFREG:
        facts += [f"links={info.st_nlink}", f"size={info.st_size}", content(path)]
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        facts.append(f"{os.major(info.st_rdev)},{os.minor(info.st_rdev)}")
    if os.environ.get("FACTS_TIMES") and name not in ("/", "/dev", "/proc", "/sys", "/etc", "/run"):
        facts.append(f"time={int(info.st_mtime)}")
    for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
        facts.append(f"{attribute}={os.getxattr(path, attribute, follow_symlinks=False).hex()}")
    return " ".join(facts)


def walk(root):
    yield line(root, "/")
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            yield line(path, path[len(root):])


def overlay(layers):
    """Mounts the layers, read only, where only this process sees them."""
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result, what):
        if result != 0:
            raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")

    scratch = tempfile.mkdtemp(prefix="mini-test.")
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "private mounts")
    check(libc.mount(b"tmpfs", scratch.encode(), b"tmpfs", 0, None), "tmpfs")
    # Links keep the option string short enough for many layers, and overlay wants two of them.
    os.mkdir(f"{scratch}/none")
    os.mkdir(f"{scratch}/m")
    for index, layer in enumerate(layers):
        os.symlink(layer, f"{scratch}/{index}")
    os.chdir(scratch)
    lower = ":".join([str(index) for index in range(len(layers))] + ["none"])
    options = f"lowerdir={lower}".encode()
    check(libc.mount(b"overlay", b"m", b"overlay", MS_RDONLY, options), "overlay")
    return scratch


def tree(layers):
    scratch = overlay(layers)
    for text in sorted(walk(f"{scratch}/m")):
        print(text)
    # The process's mounts end with it; the directory under them is all that the host sees.
    os.chdir("/")
    libc = ctypes.CDLL(None)
    libc.umount2(f"{scratch}/m".encode(), 0)
    libc.umount2(scratch.encode(), 0)
    os.rmdir(scratch)


def config(file):
    with open(file, encoding="utf-8") as text:
        image = json.load(text)[0]
    settings = image.get("Config") or {}
    for key in CONFIG:
        value = settings.get(key)
        if value:  # absent, null, "" and [] all mean that nothing is set
            print(f"{key}: {json.dumps(value, sort_keys=True)}")
    for key in ("Architecture", "Os"):
        print(f"{key}: {image.get(key)}")


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "tree":
        tree([os.path.abspath(layer) for layer in sys.argv[2:]])
    elif len(sys.argv) == 3 and sys.argv[1] == "config":
        config(sys.argv[2])
    else:
        sys.exit(__doc__)
