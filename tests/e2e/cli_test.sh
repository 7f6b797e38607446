# The command line itself: commands, flags, help, roots, and the habits of scripts written for docker.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

# --- commands -----------------------------------------------------------------------------------------------
fails_with 1 mini biuld .
contains "$err" build
fails_with 1 mini container inspec x
contains "$err" inspect
fails_with 1 mini qqqqqq
contains "$err" "mini --help"
ok mini
contains "$out" "Usage: mini"
ok mini --help
contains "$out" build
lacks "$out" monitor
ok mini container
contains "$out" inspect
ok mini container --help
eq "$(mini help)" "$(mini --help)"
eq "$(mini -h)" "$(mini --help)"
eq "$(mini help ps)" "$(mini ps --help)"
eq "$(mini ps -h)" "$(mini ps --help)"
eq "$(mini help container ls)" "$(mini container ls --help)"
eq "$(mini help container)" "$(mini container)"
eq "$(mini help oci run)" "$(mini oci run --help)"
fails_with 1 mini contianer ls
contains "$err" 'did you mean `mini container ls`?'
fails_with 1 mini container foo
lacks "$err" "did you mean"
for command in build images tag rmi history import run create start stop restart kill rm ps logs exec \
  attach wait pause unpause top stats rename inspect prune fsck info version "system df" "image prune" \
  "builder prune" "container prune" "volume create" "volume ls" "volume rm" "volume inspect" \
  "volume prune" "system prune" port "network create" "network ls" "network rm" "network inspect" \
  "network connect" "network disconnect" "network explain" "network prune" "container port" \
  "image ls" "image rm" "container ls" "container rm" "image build"; do
  ok mini $command --help
  contains "$out" "Usage: mini "
  eq "$err" "" "$command --help on standard error:"
  # Each value has a name of its own, each flag one line of help.
  lacks "$out" " VALUE "
  lacks "$out" "{*}"
  [[ ! "$out" =~ $'\n  '[\ -][^\ ]?,?\ --[^\ ]*$'\n' ]] || fail "$command --help: a flag without help: ${BASH_REMATCH[0]}"
  fails_with 125 mini $command --no-such-flag
  contains "$err" --no-such-flag
done
ok mini oci --help
for flag in "build --push" "run --gpus" "run --userns"; do
  fails_with 125 mini $flag x
  lacks "$err" "did you mean"
done
ok mini build --help
contains "$out" "--no-cache[=STAGE]"
contains "$out" "--pull[=POLICY]"
ok mini version
contains "$out" ersion
ok mini --version
matches "$out" [0-9]+\.[0-9]+
ok mini info
contains "$out" "$MINI_ROOT"

# --- flags --------------------------------------------------------------------------------------------------
fails_with 125 mini run --memroy 64m busybox true
contains "$err" --memory
fails_with 125 mini --rot /x ps
contains "$err" --root
fails_with 125 mini run --memory
fails_with 125 mini run --rm=perhaps busybox true
fails_with 125 mini run --memory lots busybox true
contains "$err" lots
fails_with 125 mini run --memory 1k --network none busybox true
fails_with 125 mini run --cpus many busybox true
fails_with 125 mini stop -t soon x
fails_with 1 mini rm
fails_with 1 mini tag one
fails_with 1 mini images a b
ok mini run --rm=true --network=none -e=A=1 busybox true
ok mini run --network none --rm -eA=1 -w/tmp busybox sh -c 'echo $A $PWD'
eq "$out" "1 /tmp" "glued short flags:"
ok mini run --network none --rm -i busybox cat </dev/null
ok mini run --network none --rm -- busybox echo -- --x
eq "$out" "-- --x"

# --- two roots never touch ---------------------------------------------------------------------------------------
other="--root $scratch/other --run-root $scratch/other-run"
ok mini $other images -q
eq "$out" ""
ok mini $other import "$scratch/base.tar" busybox
ok mini $other run -d --name same --network none busybox sleep 1000
ok mini run -d --name same --network none busybox sleep 1000
eq "$(mini ps -q | wc -l) $(mini $other ps -q | wc -l)" "1 1"
ok mini rm -f same
eq "$(mini ps -aq | wc -l) $(mini $other ps -q | wc -l)" "0 1"
ok mini system prune -af
ok mini $other exec same true
ok env MINI_ROOT="$scratch/other" MINI_RUN_ROOT="$scratch/other-run" "$MINI" ps -q
eq "$(wc -l <<<"$out")" 1 "from the environment:"
ok mini $other rm -f same
# A root that cannot be made.
fails_with 1 mini --root /proc/no images
contains "$err" /proc/no
: >"$scratch/file"
fails_with 125 mini --root "$scratch/file" run busybox true
contains "$err" "$scratch/file"

# --- a closed or full standard output is a failure, not silence --------------------------------------------------------
ok mini import "$scratch/base.tar" busybox
mini images >/dev/full 2>"$scratch/full" && fail "images >/dev/full: succeeded"
contains "$(<"$scratch/full")" "No space left"
mini version >/dev/full 2>/dev/null && fail "version >/dev/full: succeeded"
# --debug tells what is done, on standard error only.
ok mini --debug run --rm --network none busybox echo x
eq "$out" x
ne "$err" ""

# --- as scripts do it -----------------------------------------------------------------------------------------------------
c=$(mini create --network none -i busybox sh)
trap_output=$(mini start -ai "$c" <<<"echo from a script")
eq "$trap_output" "from a script"
ok mini rm "$c"
mini run -d --name db --network none busybox sleep 1000 >/dev/null
[ "$(mini inspect -f '{{.State.Running}}' db)" = true ] || fail "the running idiom"
[ -n "$(mini ps -q -f name=^db$)" ] || fail "the ps -q -f name= idiom"
[ -z "$(mini ps -q -f name=^d$)" ] || fail "the anchored name filter"
mini ps -aq | xargs -r "$MINI" rm -f >/dev/null || fail "the xargs idiom"
eq "$(mini ps -aq)" ""
mini images -q | sort -u | xargs -r "$MINI" rmi -f >/dev/null || fail "the rmi idiom"
eq "$(mini images -q)" ""
