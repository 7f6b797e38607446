# `mini run` as scripts use it: exit codes, streams, environment, users, names and files of its own.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

# --- exit codes -------------------------------------------------------------------------------
ok once busybox true
fails_with 3 once busybox sh -c 'exit 3'
fails_with 125 mini run --no-such-flag busybox true
fails_with 125 once nosuch:image true
contains "$err" nosuch
fails_with 126 once busybox /etc/passwd
contains "$err" /etc/passwd
fails_with 126 once busybox /etc
fails_with 127 once busybox nosuchcommand
contains "$err" nosuchcommand
fails_with 127 once busybox /no/such/command
fails_with 137 once --init busybox sh -c 'kill -KILL $$'
fails_with 143 once --init busybox sh -c 'kill -TERM $$'
eq "$(mini ps -aq)" "" "containers after --rm:"

# --- streams ----------------------------------------------------------------------------------
ok once busybox sh -c 'echo to out; echo to err >&2'
eq "$out" "to out" stdout:
eq "$err" "to err" stderr:
# Without -i standard input is the container's own null device.
ok once busybox sh -c 'readlink /proc/self/fd/0; wc -c' <<<"not for you"
eq "$out" "/dev/null"$'\n'0 "without -i:"
ok once -i busybox cat <<<"through the pipe"
eq "$out" "through the pipe" "with -i:"
head -c 1048576 /dev/urandom >"$scratch/mebibyte"
once -i busybox cat <"$scratch/mebibyte" >"$scratch/mebibyte.out"
cmp "$scratch/mebibyte" "$scratch/mebibyte.out" || fail "1 MiB through cat: changed"
ok once -i busybox head -c 4 <"$scratch/mebibyte"
once busybox head -c 3000000 /dev/zero >"$scratch/zeros"
eq "$(stat -c %s "$scratch/zeros")" 3000000 "3 MB of output:"
# The reader goes away: mini ends, too.
once busybox yes 2>/dev/null | head -1 >"$scratch/first"
eq "$(<"$scratch/first")" y
# All streams closed by the caller.
once busybox true <&- >&- 2>&- || fail "closed streams: exit code $?"

# --- environment, directory, names --------------------------------------------------------------
ok env FROM_HOST=host "$MINI" run --rm --network none -e A=1 -e FROM_HOST -e B= -e NOT_SET \
  busybox env
contains "$out" "A=1"
contains "$out" "FROM_HOST=host"
contains $'\n'"$out"$'\n' $'\nB=\n'
lacks "$out" NOT_SET
contains "$out" "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
matches "$out" HOSTNAME=[0-9a-f]{12}
contains "$out" "HOME=/root"
lacks "$out" MINI_ROOT
printf '# a comment\nFILE=from file\n\nEMPTY=\n' >"$scratch/env"
ok once --env-file "$scratch/env" -e FILE2=2 busybox sh -c 'echo "$FILE|$FILE2|${EMPTY-unset}"'
eq "$out" "from file|2|"
ok once -w /made/for/you busybox sh -c 'pwd; stat -c "%a %u:%g" .'
eq "$out" "/made/for/you"$'\n'"755 0:0" "-w of a missing directory:"
fails_with 125 once -w relative busybox pwd
ok once --hostname box.example busybox sh -c 'hostname; cat /etc/hostname'
eq "$out" box.example$'\n'box.example --hostname:
ok once --add-host db:10.1.2.3 --add-host v6:fd00::5 busybox cat /etc/hosts
matches "$out" 10\.1\.2\.3[[:space:]]+db
matches "$out" fd00::5[[:space:]]+v6
matches "$out" 127\.0\.0\.1[[:space:]]+localhost
ok once --dns 192.0.2.53 --dns-search example.org --dns-option ndots:2 busybox cat /etc/resolv.conf
contains "$out" "nameserver 192.0.2.53"
contains "$out" "search example.org"
contains "$out" "options ndots:2"
ok once --domainname corp.example busybox cat /proc/sys/kernel/domainname
eq "$out" corp.example

# --- users ------------------------------------------------------------------------------------
who() {
  local user=$1
  shift
  once -u "$user" "$@" busybox sh -c 'echo "$(id -u):$(id -g) $(id -G) $HOME"'
}
ok who 1
eq "$out" "1:1 1 /" "-u 1:"
ok who app
eq "$out" "1000:1000 1000 10 /home" "-u app:"
ok who app:wheel
eq "$out" "1000:10 10 /home" "-u app:wheel:"
ok who 1234:5
eq "$out" "1234:5 5 /" "-u 1234:5:"
ok who 1234
eq "$out" "1234:0 0 /" "-u 1234:"
ok who app --group-add 77 --group-add daemon
matches "$out" ^1000:1000\ .*77
matches "$out" "^1000:1000 (.* )?1( .*)? /home$"
fails_with 125 who nobody-of-that-name
contains "$err" nobody-of-that-name
fails_with 125 who app:nogroupofthatname
contains "$err" nogroupofthatname

# --- entrypoint and command -----------------------------------------------------------------------
ok once --entrypoint /bin/echo busybox one two
eq "$out" "one two" --entrypoint:
ok once --entrypoint "" busybox echo three
eq "$out" three "--entrypoint '':"
fails_with 125 once busybox
matches "$err" [Cc]ommand
# Flags after the image belong to the command.
ok once busybox echo --rm -it --name x
eq "$out" "--rm -it --name x"

# --- names, ids, files ----------------------------------------------------------------------------
ok mini run --network none --name web busybox true
fails_with 125 mini run --network none --name web busybox true
contains "$err" web
matches "$err" 'in use|taken|already'
fails_with 125 once --name 'no/slash' busybox true
fails_with 125 once --name '../../etc' busybox true
ok mini rm web
eq "$out" web "rm echoes:"
ok once --cidfile "$scratch/cid" busybox true
matches "$(<"$scratch/cid")" ^[0-9a-f]{64}$
fails_with 125 once --cidfile "$scratch/cid" busybox true
contains "$err" "$scratch/cid"
eq "$(mini ps -aq)" "" "containers after a refused --cidfile:"
ok mini run -d --network none busybox true
matches "$out" ^[0-9a-f]{64}$
ok mini wait "$out"
eq "$out" 0 wait:
ok mini rm "$(mini ps -aq)"
# The default network is nothing that a person has to be told.
ok mini run --rm busybox echo hello
eq "$out" hello
eq "$err" "" "standard error of a run on the default network:"

# --- nothing stays ------------------------------------------------------------------------------
ok once -v /anonymous busybox true
before=$(find "$MINI_ROOT" "$MINI_RUN_ROOT" | sort)
ok once -v /anonymous busybox sh -c 'echo x >/anonymous/file; echo y >/file; mkdir /dir'
eq "$(find "$MINI_ROOT" "$MINI_RUN_ROOT" | sort)" "$before" "the store after --rm:"
fails_with 127 once busybox nosuchcommand
eq "$(find "$MINI_ROOT" "$MINI_RUN_ROOT" | sort)" "$before" "the store after a failed --rm:"

# --- small things that Docker's users expect ------------------------------------------------------------
ok mini run --rm --network host busybox hostname
eq "$out" "$(uname -n)" "the host's network brings the host's name:"
fails_with 125 mini run --rm --network none --dns 300.1.1.1 busybox true
contains "$err" "not an IP address"
ok mini create --name plain busybox true
ok mini inspect --format '{{if .State.Health}}yes{{else}}no{{end}} {{.Config.Labels.none}}' plain
eq "$out" "no <no value>"
ok mini rm plain
