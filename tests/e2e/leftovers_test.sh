# The frame's own promise: a process, a mount or a control group that a store left is found by name,
# also where only another process sees it, and nothing is found where nothing was left.
. "$(dirname "$0")/../lib/e2e.sh"

eq "$(nothing_of "$scratch")" "" "a store that was not used:"

sleep 1000 &
by_environment=$!
: >"$scratch/stderr"
env -u MINI_ROOT tail -f "$scratch/stderr" >/dev/null 2>&1 &
by_argument=$!
unshare -m sh -c "mkdir $scratch/m; mount -t tmpfs hidden $scratch/m; exec env -u MINI_ROOT sleep 1000" &
by_namespace=$!
id=e2e-leftover-$$
group=$(findmnt -rno TARGET -t cgroup2,cgroup | head -1)/$id
mkdir "$group"
eventually 5 grep -q "$scratch/m" "/proc/$by_namespace/mountinfo"

left=$(nothing_of "$scratch" "$id")
contains "$left" "process: $by_environment "
contains "$left" "process: $by_argument "
matches "$left" "mount: $by_namespace: [^"$'\n'"]*$scratch/m "
contains "$left" "cgroup: $group"

rmdir "$group"
kill "$by_environment" "$by_argument" "$by_namespace"
wait "$by_environment" "$by_argument" "$by_namespace" 2>/dev/null
eq "$(wait_for_nothing_of "$scratch" "$id")" "" "after it was all removed:"
