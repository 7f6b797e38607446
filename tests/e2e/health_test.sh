# What the monitor does on its own: health checks and restart policies.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

health_is() { [ "$(field "$1" .State.Health.Status)" = "$2" ]; }

# --- health --------------------------------------------------------------------------------------------------
ok mini run -d --name sick --network none --health-cmd 'echo checked; test -e /well' --health-interval 200ms \
  --health-retries 2 --health-start-period 0s busybox sh -c 'sleep 1000'
health_is sick starting || health_is sick unhealthy || fail "health at the start: $(field sick .State.Health.Status)"
eventually 10 health_is sick unhealthy
at_most 2 "$(field sick .State.Health.FailingStreak)" "the failing streak is at least 2; seen first:"
contains "$(field sick 'json .State.Health.Log')" checked
contains "$(mini ps --format '{{.Status}}')" "(unhealthy)"
eq "$(mini ps -q --filter health=unhealthy | wc -l)" 1
ok mini exec sick touch /well
eventually 10 health_is sick healthy
contains "$(mini ps --format '{{.Status}}')" "(healthy)"
ok mini rm -f sick

# A check that hangs is a failed one, and its process is ended.
ok mini run -d --name slow --network none --health-cmd 'sleep 567' --health-interval 200ms \
  --health-timeout 300ms --health-retries 1 busybox sh -c 'sleep 1000'
eventually 10 health_is slow unhealthy
at_most "$(mini exec slow ps -o args | grep -c '^sleep 567$')" 1 "checks that run at once:"
ok mini rm -f slow
# In the start period failures do not count.
ok mini run -d --name young --network none --health-cmd false --health-interval 100ms \
  --health-start-period 1h --health-start-interval 100ms --health-retries 1 busybox sleep 1000
sleep 1
health_is young starting || fail "in the start period: $(field young .State.Health.Status)"
ok mini rm -f young
# From the image; and not at all.
printf 'FROM busybox\nHEALTHCHECK --interval=100ms CMD ["true"]\nCMD ["sleep", "1000"]\n' >"$scratch/Dockerfile"
mkdir "$scratch/empty"
ok build_id -t checked -f "$scratch/Dockerfile" "$scratch/empty"
ok mini run -d --name image --network none checked
eventually 10 health_is image healthy
ok mini rm -f image
# What was found stays after the end, also of one whose monitor was killed; a new run begins anew.
ok mini run -d --name ended --network none --health-cmd 'echo why; false' --health-interval 100ms --health-retries 1 busybox sleep 1000
eventually 10 health_is ended unhealthy
ok mini stop -t 0 ended
eq "$(field ended '.State.Status'),$(field ended '.State.Health.Status')" exited,unhealthy
contains "$(field ended '(index .State.Health.Log 0).Output')" why
ok mini start ended
eventually 10 health_is ended unhealthy
kill -9 "$(pgrep -f "monitor $(field ended .Id)")"
eventually 10 is_state ended exited
contains "$(field ended 'json .State.Health')" why
ok mini rm -f ended

ok mini run -d --name unchecked --network none --no-healthcheck checked
sleep 0.3
eq "$(mini ps --format '{{.Status}}' | grep -c healthy)" 0 "--no-healthcheck:"
ok mini rm -f unchecked

# --- restart ----------------------------------------------------------------------------------------------------
ok mini run -d --name fails --network none --restart on-failure:2 busybox sh -c 'echo run; exit 3'
ok mini wait fails
eq "$out" 3
eventually 10 is_state fails exited
eq "$(field fails .RestartCount)" 2
eq "$(mini logs fails | grep -c run)" 3 "runs:"
ok mini rm fails
ok mini run -d --name fine --network none --restart on-failure busybox true
eventually 10 is_state fine exited
eq "$(field fine .RestartCount)" 0
ok mini rm fine
ok mini run -d --name always --network none --restart always busybox sh -c 'sleep 0.1'
eventually 10 eval '[ "$(field always .RestartCount)" -ge 2 ]'
ok mini stop -t 1 always
is_state always exited || fail "after stop: $(field always .State.Status)"
count=$(field always .RestartCount)
sleep 1
eq "$(field always .RestartCount)" "$count" "restarts after stop:"
ok mini rm always
# rm -f of one between two runs.
ok mini run -d --name flap --network none --restart unless-stopped busybox false
eventually 10 eval '[ "$(field flap .RestartCount)" -ge 1 ]'
ok mini rm -f flap
eq "$(mini ps -aq)" ""
fails_with 125 once --restart always busybox true
fails_with 125 mini run --network none --restart sometimes busybox true
contains "$err" sometimes

# --- the monitor is small ---------------------------------------------------------------------------------------------
ok mini run -d --name small --network none busybox sleep 1000
monitor=$(ps -o ppid= -p "$(field small .State.Pid)" | tr -d ' ')
private=$(awk '/^Private_(Clean|Dirty):/ { n += $2 } END { print n }' "/proc/$monitor/smaps_rollup")
at_most "$private" 1024 "the monitor's private memory in KiB:"
ok mini rm -f small
