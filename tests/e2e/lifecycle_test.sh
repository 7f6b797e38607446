# The life of a container: create, start, stop, restart, kill, pause, wait, rename, rm, and what each
# prints and answers.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

status_is() { eq "$(field "$1" .State.Status)" "$2" "status of $1:"; }

# --- create and start ---------------------------------------------------------------------------------
ok mini create --name one --network none busybox sh -c 'echo started; exec sleep 1000'
id=$out
matches "$id" ^[0-9a-f]{64}$
status_is one created
eq "$(mini ps -q)" "" "ps of what was only made:"
ok mini start one
eq "$out" one "start echoes:"
status_is one running
ok mini start one
eq "$out" one "start of a running one:"
eq "$(mini ps -q --no-trunc)" "$id"
ok mini start "${id:0:12}"
# A unique prefix is enough, everywhere.
ok field "${id:0:4}" .Name
eq "$out" /one

# --- pause and unpause ---------------------------------------------------------------------------------
ok mini pause one
eq "$out" one
status_is one paused
fails_with 1 mini pause one
fails_with 1 mini exec one true
contains "$err" paused
ok mini unpause one
status_is one running
fails_with 1 mini unpause one
ok mini exec one true

# --- stop: the signal, the time it waits, what it says --------------------------------------------------
ok mini stop -t 1 one
eq "$out" one
contains "$err" --init
status_is one exited
eq "$(field one .State.ExitCode)" 137 "the exit code after a SIGTERM that was ignored:"
ok mini stop one
ok mini run -d --name polite --network none busybox sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
eventually 5 logged polite ready
ok mini stop polite
eq "$(field polite .State.ExitCode)" 5
ok mini run -d --name own --network none --stop-signal USR1 busybox \
  sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done'
eventually 5 logged own ready
ok mini stop own
eq "$(field own .State.ExitCode)" 6 "--stop-signal:"
ok mini run -d --name init --network none --init busybox sleep 1000
ok mini stop -t 20 init
eq "$(field init .State.ExitCode)" 143 "--init lets SIGTERM through:"
fails_with 1 mini stop nosuch
contains "$err" nosuch
# Some fail: the others are still stopped, and the exit code says so.
ok mini start polite
fails_with 1 mini stop nosuch polite
eq "$out" polite
status_is polite exited

# --- restart, start again: the files stay -------------------------------------------------------------------
ok mini run -d --name again --network none busybox sh -c 'echo x >>/count; exec sleep 1000'
ok mini restart -t 0 again
eq "$out" again
eventually 5 is_state again running
eventually 5 eval '[ "$(mini exec again wc -l </dev/null /count | cut -d" " -f1)" = 2 ]'
ok mini kill again
eq "$out" again
ok mini wait again
eq "$out" 137
ok mini start again
ok mini kill -s INT again
status_is again running
ok mini kill --signal SIGKILL again
ok mini wait again
fails_with 1 mini kill again
contains "$err" again
# Ended when kill returns: what is started next runs. Also one that waits to be restarted.
for _ in 1 2 3 4 5; do
  ok mini start again
  ok mini kill again
  status_is again exited
done
ok mini run -d --name fails --network none --restart on-failure busybox false
eventually 5 is_state fails restarting
ok mini kill fails
status_is fails exited
ok mini rm fails
fails_with 1 mini kill -s NOSUCH again

# --- wait -----------------------------------------------------------------------------------------------------
ok mini run -d --name waits --network none busybox sh -c 'sleep 0.5; exit 9'
ok mini wait waits
eq "$out" 9
ok mini wait waits
eq "$out" 9 "wait for one that has ended:"
fails_with 1 mini wait nosuch

# --- rename ------------------------------------------------------------------------------------------------------
ok mini rename waits renamed
eq "$out" ""
ok mini inspect --format '{{.Name}}' renamed
eq "$out" /renamed
fails_with 1 mini inspect waits
fails_with 1 mini rename renamed one
contains "$err" one
fails_with 1 mini rename renamed ../up
ok mini create --name waits --network none busybox true

# --- rm ------------------------------------------------------------------------------------------------------------
ok mini start one
fails_with 1 mini rm one
contains "$err" "running"
contains "$err" "-f"
status_is one running
ok mini rm -f one waits
eq "$out" "one"$'\n'"waits"
ok mini rm -f nosuch
fails_with 1 mini rm nosuch
contains "$err" nosuch
ok mini container prune -f
contains "$out" "Deleted Containers:"
contains "$out" "Total reclaimed space: "
eq "$(mini ps -aq)" ""
absent "$MINI_RUN_ROOT/containers/$id"

# --- start -a: output and exit code ------------------------------------------------------------------------------------
ok mini create -i --name cat --network none busybox sh -c 'cat; exit 4'
fails_with 4 mini start -ai cat <<<"typed"
eq "$out" typed
fails_with 4 mini start -ai cat </dev/null
ok mini rm cat
# attach: output from now on, and the exit code.
ok mini run -d --name talk --network none busybox \
  sh -c 'trap "echo spoken; exit 8" USR1; while :; do echo tick; sleep 0.05; done'
(mini attach --no-stdin talk >"$scratch/attached" 2>&1; echo "code $?" >>"$scratch/attached") &
client=$!
eventually 5 grep -q tick "$scratch/attached"
ok mini kill -s USR1 talk
wait "$client"
eq "$(grep -v tick "$scratch/attached")" "spoken"$'\n'"code 8" "attach:"
fails_with 1 mini attach talk
contains "$err" exited
ok mini rm talk

# --- signals to a foreground run reach the container ----------------------------------------------------------------------
"$MINI" run --name front --network none busybox sh -c 'trap "echo got it; exit 11" TERM; echo ready; while :; do sleep 0.05; done' >"$scratch/front" &
client=$!
eventually 5 grep -q ready "$scratch/front"
kill -TERM "$client"
wait "$client"
eq "$?" 11 "exit code after SIGTERM:"
eq "$(<"$scratch/front")" ready$'\n'"got it"
ok mini rm front
