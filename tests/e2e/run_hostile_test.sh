# Hostile images and hostile programs: every published attack on a container runtime that mini's code
# can meet, by its number. An attack has to fail, and the host has to be as it was.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

canary=$scratch/canary
mkdir "$canary"
echo untouched >"$canary/file"

# safe : what every attack here aims at.
safe() {
  eq "$(cat "$canary"/*)" untouched "the host's directory:"
  eq "$(ls "$canary")" file "the host's directory:"
}

# --- CVE-2019-16884, 2019-19921, 2023-27561, 2023-28642: /proc and /sys are links or volumes ------------
linked() { rm -rf ".$1" && ln -s "$2" ".$1"; }
for place in /proc /sys /dev; do
  variant link linked $place "$canary"
  mini run --rm --network none link true >/dev/null 2>"$scratch/stderr"
  code=$?
  # Refused, or mounted on a real directory made in the link's place: never on the host.
  [ "$code" = 125 ] || [ "$code" = 0 ] || fail "$place as a link: exit code $code: $(cat "$scratch/stderr")"
  [ "$code" = 0 ] || contains "$(<"$scratch/stderr")" "$place"
  safe
  variant link linked $place tmp
  mini run --rm --network none link sh -c "grep -q ' /tmp ' /proc/mounts" >/dev/null 2>&1 &&
    fail "$place as a link into the image: mounted where the link leads"
done
for place in /proc /proc/self /proc/sys/kernel /sys /sys/fs /sys/kernel; do
  fails_with 125 once -v "$canary:$place" busybox true
  fails_with 125 once -v "volume:$place" busybox true
  fails_with 125 once --tmpfs "$place" busybox true
done
ok once -v /sys:/sys:ro busybox ls /sys/kernel
printf 'FROM busybox\nVOLUME /sys\n' >"$scratch/Dockerfile"
ok build_id -t sysvolume -f "$scratch/Dockerfile" "$canary"
fails_with 125 once sysvolume true
contains "$err" "only a sysfs may be bound to /sys"
safe

# --- a harmless volume whose place in the image is a link onto the container's /dev or /sys --------------
for place in /dev /sys /sys/kernel; do
  variant strayed linked /data "$place"
  fails_with 125 once -v "$canary:/data" strayed true
  contains "$err" "the destination is inside /proc, /sys or /dev"
  safe
done

# --- CVE-2026-41579, 2026-47766: /dev is a link to a host directory -------------------------------------
variant devlink linked /dev "$canary"
mini run --rm --network none devlink sh -c 'echo x >/dev/evil' >/dev/null 2>&1
safe

# --- CVE-2024-21626: a leaked descriptor as working directory -------------------------------------------
for fd in 3 4 5 6 7 8 9 10; do
  code=0
  mini run --rm --network none -w /proc/self/fd/$fd busybox sh -c 'cat ../../../../etc/hostname ./etc/shadow' \
    >"$scratch/cwd" 2>&1 || code=$?
  [ "$code" != 0 ] || fail "-w /proc/self/fd/$fd: ran: $(<"$scratch/cwd")"
done
variant fdcwd true
printf 'FROM fdcwd\nWORKDIR /proc/self/fd/7\nRUN cat ../../../etc/shadow\n' >"$scratch/Dockerfile"
mini build --network none -f "$scratch/Dockerfile" "$canary" >"$scratch/cwd" 2>&1 && fail "WORKDIR /proc/self/fd/7: built"
lacks "$(<"$scratch/cwd")" "root:"
ok once busybox ls -l /proc/self/fd
eq "$(grep -c -- '->' <<<"$out")" 3 "descriptors:"
# What mini's caller leaves open does not arrive.
exec 9<"$canary/file"
ok once busybox sh -c 'ls /proc/self/fd | tr "\n" " "'
eq "$out" "0 1 2 3 "
ok mini run -d --name leak --network none busybox sleep 1000
ok mini exec leak sh -c 'ls /proc/self/fd | tr "\n" " "'
eq "$out" "0 1 2 3 " "descriptors of exec:"
pid=$(field leak .State.Pid)
eq "$(ls "/proc/$pid/fd" | tr '\n' ' ')" "0 1 2 " "descriptors of pid 1:"
mini exec -w /proc/self/fd/7 leak true 2>/dev/null && fail "exec -w /proc/self/fd/7: ran"
exec 9<&-

# --- CVE-2019-5736: the host's binary through /proc/*/exe ------------------------------------------------
sum=$(sha256sum <"$MINI")
ok once --init busybox sh -c 'for p in 1 self; do (echo overwritten >/proc/$p/exe) 2>/dev/null && echo wrote $p; done; true'
eq "$out" ""
ok once --privileged --init busybox sh -c '(echo overwritten >/proc/1/exe) 2>/dev/null && echo wrote; readlink /proc/1/exe'
lacks "$out" wrote
lacks "$out" "$MINI"
variant selfexe sh -c 'ln -sf /proc/self/exe bin/evil'
fails_with 127 once --entrypoint /no/such selfexe
once --entrypoint /bin/evil selfexe >"$scratch/exe.out" 2>&1
mini exec leak /proc/self/exe version >>"$scratch/exe.out" 2>&1
lacks "$(<"$scratch/exe.out")" "mini version"
eq "$(sha256sum <"$MINI")" "$sum" "the binary:"
ok mini rm -f leak

# --- CVE-2022-29162, 24769, 27649, 27650, 27651: inheritable capabilities ----------------------------------
caps='grep -E "^Cap(Inh|Amb)" /proc/self/status | tr -d "\t"'
none="CapInh:0000000000000000"$'\n'"CapAmb:0000000000000000"
ok once busybox sh -c "$caps"
eq "$out" "$none" run:
ok once -u 1000 --cap-add NET_ADMIN busybox sh -c "$caps"
eq "$out" "$none" "run as a user:"
mini run -d --name caps --network none busybox sleep 1000 >/dev/null
ok mini exec caps sh -c "$caps"
eq "$out" "$none" exec:
ok mini exec --privileged caps sh -c "$caps"
eq "$out" "$none" "exec --privileged:"
ok mini rm -f caps
printf 'FROM busybox\nRUN %s >/caps\n' "$caps" >"$scratch/Dockerfile"
ok build_id -t caps -f "$scratch/Dockerfile" "$canary"
ok once caps cat /caps
eq "$out" "$none" "build:"

# --- CVE-2026-30892, 46680: user "1" is a number; a number too large is not wrapped -------------------------
variant numeric sh -c 'echo "1:x:0:0:evil:/root:/bin/sh" >>etc/passwd; echo "1:x:0:" >>etc/group'
ok once -u 1 numeric id -u
eq "$out" 1
ok once -u 1:1 numeric sh -c 'id -u; id -g'
eq "$out" "1"$'\n'"1"
for user in 4294967296 4294967295 -1 0x0 "0 " " 0" 99999999999999999999 ":" "0:4294967296" 1:2:3 ""$'\n'; do
  fails_with 125 once -u "$user" numeric id
done
# --- CVE-2026-47262, 2024-9676: passwd and group as FIFO, link, or without end ------------------------------
for file in passwd group; do
  variant fifo sh -c "rm etc/$file && mkfifo etc/$file"
  timeout 120 "$MINI" run --rm --network none -u app:wheel fifo id >/dev/null 2>&1
  code=$?
  [ "$code" != 124 ] && [ "$code" != 0 ] || fail "/etc/$file as a FIFO: exit code $code"
  variant link sh -c "rm etc/$file && ln -s $canary/file etc/$file"
  fails_with 125 once -u evil:evil link id
  variant huge sh -c "truncate -s 2G etc/$file"
  memory=$( (ulimit -v 2000000; exec timeout 120 "$MINI" run --rm --network none -u nosuchuser:nosuchgroup huge id) 2>&1)
  [ $? = 125 ] || fail "/etc/$file of 2 GiB: $memory"
done
printf 'root:x:0:0::/etc:/bin/sh\n%s\n' 'evil:x:0:0::/:/bin/sh' >"$canary/passwd"
variant link sh -c "rm etc/passwd && ln -s $canary/passwd etc/passwd"
fails_with 125 once -u evil link id
rm "$canary/passwd"

# --- CVE-2022-2990: supplementary groups ------------------------------------------------------------------
ok once -u 1000:1000 busybox id -G
eq "$out" 1000
ok once -u 1000 busybox id -G
eq "$out" "1000 10"
ok once -u 65534:65534 busybox id -G
eq "$out" 65534
ok once busybox id -G
eq "$out" 0

# --- CVE-2024-5154, 2024-9341, 2024-45310: mini's own files written through the image's links ------------------
for file in resolv.conf hosts hostname; do
  variant link sh -c "ln -sf $canary/file etc/$file"
  once link true >/dev/null 2>&1
  safe
  variant link sh -c "ln -sf $canary/new etc/$file"
  once link true >/dev/null 2>&1
  safe
done
variant link sh -c "ln -s $canary volume"
once -v "$scratch/base.tar:/volume/new" link true >/dev/null 2>&1
once -v named:/volume/deep/er link true >/dev/null 2>&1
once --tmpfs /volume/t link true >/dev/null 2>&1
once -w /volume/w link true >/dev/null 2>&1
safe
variant link sh -c "rm -r etc && ln -s ../../../../../..$canary etc"
once link true >/dev/null 2>&1
safe
mini volume prune -fa >/dev/null

# --- CVE-2019-14271: nothing of the image is loaded by mini itself ---------------------------------------------
variant nss sh -c 'mkdir -p lib etc; echo "passwd: evil" >etc/nsswitch.conf; cp bin/busybox lib/libnss_evil.so.2; printf /lib/evil.so >etc/ld.so.preload'
ok once -u app nss id -u
eq "$out" 1000

# --- CVE-2022-0492 and friends: release_agent, mounts, keys, namespaces -----------------------------------------
denied() { fails_with 1 once "$@"; }
denied busybox sh -c 'mount -t tmpfs x /mnt 2>&1'
denied --cap-add SYS_ADMIN -u 1000 busybox mount -t tmpfs x /tmp
denied busybox unshare -U true
denied busybox unshare -m true
ok once busybox sh -c 'for f in /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/release_agent; do (echo /x >$f) 2>/dev/null && echo $f; done; true'
eq "$out" "" release_agent:
ok once busybox sh -c 'for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/kernel/modprobe /sys/kernel/uevent_helper /proc/irq/default_smp_affinity; do (echo x >$f) 2>/dev/null && echo $f; done; true'
eq "$out" "" "writable files of the kernel:"
ok once busybox sh -c 'for f in kcore keys timer_list sched_debug interrupts latency_stats; do [ ! -e /proc/$f ] || wc -c </proc/$f 2>/dev/null; done; ls /proc/acpi /proc/asound /proc/scsi /sys/firmware 2>/dev/null; true'
lacks "$(tr -d '0\n' <<<"$out" | grep -v '^/.*:$')" "[1-9a-z]"
ok once busybox sh -c 'grep -c " /proc/\(bus\|fs\|irq\|sys\|sysrq-trigger\) ro," /proc/self/mountinfo'
eq "$out" "$(ls -d /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger 2>/dev/null | wc -l)" "read-only paths:"
denied busybox dmesg
denied busybox sh -c 'umount /proc/kcore 2>/dev/null || umount /proc/sys'

# --- devices: not the host's disk, also when the image brings one or makes one -------------------------------------
fails_with 1 once busybox sh -c 'mknod /tmp/disk b 8 0 && dd if=/tmp/disk of=/dev/null count=1 2>&1'
variant node mknod tmp/mem c 1 1
fails_with 1 once node sh -c 'dd if=/tmp/mem of=/dev/null count=1'
fails_with 1 once busybox sh -c 'mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg'

# --- CVE-2025-31133: /dev/null of the image is no null device -------------------------------------------------------
variant null sh -c "rm -f dev/null; ln -s $canary/file dev/null"
ok once null sh -c 'wc -c </proc/timer_list; stat -c %t:%T /dev/null'
eq "$out" "0"$'\n'"1:3"
safe
variant null sh -c 'echo secret >dev/null.real; ln -sf null.real dev/null'
ok once null sh -c 'wc -c </proc/timer_list; cat /dev/null'
eq "$out" 0
# --- CVE-2025-52565: /dev/console is a link ----------------------------------------------------------------------------
variant console sh -c "ln -s $canary/file dev/console"
python3 - "$MINI" <<'END' >/dev/null 2>&1
import pty, sys
pty.spawn([sys.argv[1], "run", "--rm", "-t", "--network", "none", "console", "sh", "-c", "echo evil >/dev/console"])
END
safe

# --- the host's device files, whoever runs with whatever streams ---------------------------------------------------------
devices() { stat -c '%n %a %u:%g %t:%T' /dev/null /dev/zero /dev/tty /dev/full; }
before=$(devices)
for user in 0 1 app 65534:5; do
  once -u $user busybox true </dev/null >/dev/null 2>/dev/null
  once -i -u $user busybox true </dev/null >/dev/null 2>/dev/zero
  once -u $user busybox sh -c 'chmod 777 /dev/null /proc/self/fd/0; chown 7:7 /dev/null /proc/self/fd/1' </dev/null >/dev/null 2>&1
  mini run -d --rm --network none -u $user busybox true </dev/null >/dev/null 2>&1
done
once -v /dev/null:/n busybox true </dev/null
eq "$(devices)" "$before" "the host's device files:"
safe
