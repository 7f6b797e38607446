# The frame's own promise: a process, a mount or a control group that a store left is found by name, also a container whose root file system is in
# the store, and nothing is found where nothing was left, whatever copies of the mounts another namespace took.
. "$(dirname "$0")/../lib/e2e.sh"

eq "$(nothing_of "$scratch")" "" "a store that was not used:"

sleep 1000 &
by_environment=$!
: >"$scratch/stderr"
env -u MINI_ROOT tail -f "$scratch/stderr" >/dev/null 2>&1 &
by_argument=$!
mkdir "$scratch"/{lower,upper,work,merged,here}
base_tree "$scratch/lower"
(cd "$scratch" && exec env -u MINI_ROOT unshare -m sh -c "
  mount -t overlay -o lowerdir=$scratch/lower,upperdir=$scratch/upper,workdir=$scratch/work overlay merged
  cd merged && pivot_root . tmp && cd / && umount -l /tmp && exec /bin/busybox sleep 1000") &
by_root=$!
id=e2e-leftover-$$
group=$(findmnt -rno TARGET -t cgroup2,cgroup | head -1)/$id
mkdir "$group"
mount -t tmpfs here "$scratch/here"
env -u MINI_ROOT unshare -m --propagation private sleep 1000 &
copy=$!
container() { grep -q " / / .*$scratch" "/proc/$by_root/mountinfo"; }
eventually 5 container
eventually 5 grep -q "$scratch/here" "/proc/$copy/mountinfo"

left=$(nothing_of "$scratch" "$id")
contains "$left" "process: $by_environment "
contains "$left" "process: $by_argument "
matches "$left" "mount: $by_root: [^"$'\n'"]*lowerdir=$scratch/lower,"
matches "$left" "mount: here: [^"$'\n'"]*$scratch/here "
contains "$left" "cgroup: $group"

rmdir "$group"
umount "$scratch/here"
kill "$by_environment" "$by_argument" "$by_root"
wait "$by_environment" "$by_argument" "$by_root" 2>/dev/null
eq "$(wait_for_nothing_of "$scratch" "$id")" "" "after it was all removed:"
grep -q "$scratch/here" "/proc/$copy/mountinfo" || fail "the other namespace no longer holds its copy"
kill "$copy"
wait "$copy" 2>/dev/null || true
