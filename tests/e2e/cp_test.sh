# cp: Docker's rules for names, both ways, for running and other containers; volumes; tars; and what
# a container could do to it.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cd "$scratch" || exit
mkdir src src/sub && echo f >src/f && echo g >src/sub/g && ln src/f src/hard && ln -s f src/link
chmod 640 src/f && chown 1000:1001 src/f src && touch -d @86400 src/f && mkfifo src/fifo
ok mini run -d --name run --network none -v vol:/data -v "$scratch/src:/ro:ro" busybox sh -c '
  mkdir -p /o/in && echo x >/o/x && chown 7:8 /o/x && chmod 4755 /o/x && ln -s /o /ol && ln -s nowhere /dangling && exec sleep 1000'
until mini exec run test -L /dangling 2>/dev/null; do sleep 0.1; done
ok mini create --name stopped --network none -v vol2:/data -v "$scratch/src:/ro:ro" busybox sleep 1000

# see CONTAINER COMMAND : what processes in it see.
see() {
  if [ "$1" = run ]; then
    mini exec run sh -c "$2"
  else
    [ "$1" = stopped ] || return
    mini start stopped >/dev/null && mini exec stopped sh -c "$2"
    mini kill stopped >/dev/null && mini wait stopped >/dev/null
  fi
}
for c in run stopped; do
  # Into it: a file by its new name, over another file, into a directory.
  ok mini cp src/f $c:/f1
  eq "$out$err" ""
  ok mini cp src/sub/g $c:/f1
  ok mini cp -a src/f $c:/home
  ok mini cp src/f $c:tmp/.
  ok mini cp src $c:/d1
  ok mini cp src $c:/d1
  ok mini cp src/. $c:/var
  ok mini cp src $c:/d2/
  ok mini cp src/link $c:/link1
  ok mini cp -L src/link $c:/link2
  ok mini cp src/f $c:/data/f
  echo '1.2.3.4 over' >hosts && ok mini cp hosts $c:/etc/hosts
  see $c 'cat /f1; stat -c "%n %u:%g %a %Y" /home/f /tmp/f /d1/f /d1/src/f /var/f /d2/f /data/f
    stat -c "%h" /d1/f; cat /d1/sub/g /var/sub/g; readlink /d1/link; readlink /link1; cat /link2; test -p /d1/fifo && echo fifo' >got
  eq "$(<got)" "g
/home/f 1000:1001 640 86400
/tmp/f 1000:1001 640 86400
/d1/f 1000:1001 640 86400
/d1/src/f 1000:1001 640 86400
/var/f 1000:1001 640 86400
/d2/f 1000:1001 640 86400
/data/f 1000:1001 640 86400
2
g
g
f
f
f
fifo" "$c:"
  # What does not go says so.
  fails_with 1 mini cp src/f $c:/nodir/x
  contains "$err" "no such directory"
  fails_with 1 mini cp src/f $c:/nodir/
  fails_with 1 mini cp src $c:/f1
  contains "$err" "not a directory"
  fails_with 1 mini cp src/f $c:/f1/
  fails_with 1 mini cp src/f/ $c:/
  fails_with 1 mini cp nosuch $c:/
  contains "$err" "not found"
  fails_with 1 mini cp $c:/nosuch .
  fails_with 1 mini cp $c:/f1 nodir/
  fails_with 1 mini cp src/f $c:/ro/new
  contains "$err" "Read-only"
  mkdir -p x/f1/y && fails_with 1 mini cp $c:/f1 x
  contains "$err" "is a directory"
  # Out of it, and back as it was.
  rm -rf out && mkdir out
  ok mini cp $c:/d1/f out/new
  ok mini cp $c:/d1/f out
  ok mini cp -a $c:/d1 out/kept
  ok mini cp $c:/d1/. out/content
  ok mini cp $c:/data out
  eq "$(stat -c '%u:%g %a %Y' out/new out/kept/f out/content/f out/data/f)" \
    $'0:0 640 86400\n1000:1001 640 86400\n0:0 640 86400\n0:0 640 86400'
  rm -rf out/kept/src && diff -r --no-dereference src out/kept 2>&1 | grep -v fifo | grep -q . && fail "$c: round trip"
  # As a tar, and from one.
  mini cp $c:/d1 - >out.tar || fail "$c: to a tar"
  tar tf out.tar | sort >names
  contains "$(<names)" d1/sub/g
  eq "$(head -1 names)" d1/
  mini cp $c:/d1/. - | tar t | grep -qx sub/g || fail "content as a tar"
  mini cp $c:/d1/f - | tar tv >names
  contains "$(<names)" "1000/1001"
  mini cp - $c:/home <out.tar || fail "$c: from a tar"
  gzip <out.tar | mini cp - $c:/tmp || fail "$c: from a compressed tar"
  see $c 'cat /home/d1/sub/g; stat -c "%u:%g %a %h" /tmp/d1/f' >got
  eq "$(<got)" $'g\n1000:1001 640 2'
  fails_with 1 mini cp - $c:/nodir <out.tar
  fails_with 1 mini cp - $c:/f1 <out.tar
  head -c 3000 out.tar >cut.tar && fails_with 1 mini cp - $c:/ <cut.tar
  tar -C src -P --transform='s,^f$,../../f,' -cf up.tar f && fails_with 1 mini cp - $c:/home <up.tar
  contains "$err" '".."'
done
# Links at the end, and set-id bits that would mean another owner.
ok mini cp run:/ol out/ol
eq "$(readlink out/ol)" /o
ok mini cp -L run:/ol out/followed
eq "$(<out/followed/x)" x
ok mini cp run:/o/x out/x
eq "$(stat -c '%u:%g %a' out/x)" "0:0 755"
ok mini cp -a run:/o/x out/x
eq "$(stat -c '%u:%g %a' out/x)" "7:8 4755"
ok mini cp src run:/ol
ok mini exec run test -e /o/src/sub/g
# The kernel's files are no one's to copy.
for path in /proc/1/environ /sys/kernel /proc; do
  fails_with 1 mini cp "run:$path" out
  contains "$err" "kernel"
  fails_with 1 mini cp src/f "run:$path"
done
mini cp run:/ - | tar t >names
contains "$(<names)" o/src/sub/g
lacks "$(<names)" proc/1
ok mini exec run mknod /o/disk b 8 0
fails_with 1 mini cp run:/o out
contains "$err" "is a device"
mini cp run:/o - | tar tv >names
grep -q ^b names || fail "a tar may have a device"
fails_with 1 mini cp run:/o stopped:/
fails_with 1 mini cp src out
fails_with 1 mini cp src nosuch:/
fails_with 125 mini cp --nosuch a b
# Nothing of mini's own became part of it, and the container is as startable as before.
ok mini diff stopped
lacks "$out" /proc
ok mini start stopped

# CVE-2018-15664: the container swaps a directory for a link to / while names are resolved; nothing
# of the host is read, and nothing is written there.
test_cve_2018_15664() {
  local i
  mkdir -p "$scratch/secret" && echo host >"$scratch/secret/flag"
  mini exec run sh -c "mkdir -p /race '/keep$scratch/secret' '$scratch' && echo container >'/keep$scratch/secret/flag' &&
    mkdir -p '/race/dir$scratch/secret' && echo container >'/race/dir$scratch/secret/flag'"
  # Both names at once, all the time: a directory, and a link that leads to the host's / outside.
  mini exec -d run sh -c 'ln -s / /race/link; i=0; while [ $i -lt 100000 ]; do mv -T /race/dir /race/tmp; ln -s / /race/dir; rm /race/dir; mv -T /race/tmp /race/dir; i=$((i+1)); done'
  for i in $(seq 60); do
    rm -f got
    mini cp "run:/race/dir$scratch/secret/flag" got 2>/dev/null && [ "$(<got)" = host ] && fail "the host's file came out"
    mini cp src/sub/g "run:/race/dir$scratch/secret/written" 2>/dev/null
    mini cp src "run:/race/dir$scratch/secret/" 2>/dev/null
  done
  eq "$(ls "$scratch/secret")" flag
  eq "$(<"$scratch/secret/flag")" host
  # Without a race, too: a link that leads out leads to the container's own files.
  mini exec run sh -c "ln -sfn ../../../../../../..$scratch/secret /out"
  fails_with 1 mini cp run:/out/flag got
  ok mini cp src/f run:/race/link/through
  ok mini exec run test -e /through
  absent /through
}
test_cve_2018_15664

# CVE-2019-14271: nothing of the container is loaded or executed by mini.
test_cve_2019_14271() {
  mini exec run sh -c 'mkdir -p /lib/x86_64-linux-gnu /etc/ld.so.conf.d; for f in libnss_files.so.2 libc.so.6 libnss_compat.so.2; do
    echo bad >/lib/x86_64-linux-gnu/$f; done; echo "passwd: files" >/etc/nsswitch.conf; echo /lib/x86_64-linux-gnu/bad.so >/etc/ld.so.preload'
  strace -f -o trace -e trace=openat,openat2,open,execve "$MINI" cp run:/etc/passwd got || fail "cp under strace"
  strace -f -o trace2 -e trace=openat,openat2,open,execve "$MINI" cp src/f run:/f3 || fail "cp under strace"
  eq "$(cat trace trace2 | grep -cE 'libnss|libc\.so|nsswitch|ld\.so')" 0
  eq "$(cat trace trace2 | grep -c execve)" 2
}
test_cve_2019_14271
ok mini fsck
no_scratch_left
