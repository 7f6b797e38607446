# base_tree DIRECTORY : a root file system of busybox with all its applets and a few users; the same
# tree, to the byte, on every call. Sourced.
base_tree() {
  local applet
  mkdir -p "$1"/{bin,dev,etc,home,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/log}
  cp /bin/busybox "$1/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
  done
  cat >"$1/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
app:x:1000:1000:app:/home:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
END
  cat >"$1/etc/group" <<'END'
root:x:0:
daemon:x:1:
wheel:x:10:app
app:x:1000:
nogroup:x:65534:
END
  chmod 1777 "$1/tmp"
  chmod 700 "$1/root"
  find "$1" -exec touch -h -d @0 {} +
}
