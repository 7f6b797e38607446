# What lists and inspects containers: ps with its filters and formats, inspect, top, stats.
. "$(dirname "$0")/../lib/e2e.sh"
base_image

ok mini run -d --name web --network none --label app=web --label tier=front -v data:/data \
  -e A=1 --memory 64m busybox sh -c 'exec sleep 1000 # and more'
web=$out
fails_with 3 mini run --name job --network none --label app=job busybox sh -c 'exit 3'
ok mini create --name later --network none busybox true

# --- ps -----------------------------------------------------------------------------------------------
ok mini ps
eq "$(head -1 <<<"$out" | sed 's/   */|/g')" "CONTAINER ID|IMAGE|COMMAND|CREATED|STATUS|PORTS|NAMES"
eq "$(wc -l <<<"$out")" 2 "lines of ps:"
matches "$out" "${web:0:12}   busybox   \"sh -c "
matches "$out" "Up (Less than a second|[0-9]+ seconds?)"
matches "$out" "web$"
ok mini ps -a
eq "$(wc -l <<<"$out")" 4
matches "$out" "Exited \(3\) .* ago"
contains "$out" Created
ok mini ps -q
eq "$out" "${web:0:12}"
ok mini ps -q --no-trunc
eq "$out" "$web"
ok mini container ls -aq
eq "$(wc -l <<<"$out")" 3
ok mini ps -a --format '{{.Names}}:{{.State}}'
eq "$out" "later:created"$'\n'"job:exited"$'\n'"web:running" "newest first:"
ok mini ps -a --format 'table {{.Names}}\t{{.Image}}'
eq "$(head -1 <<<"$out" | sed 's/   */|/')" "NAMES|IMAGE"
ok mini ps -a --format json
eq "$(wc -l <<<"$out")" 3 "one object a line:"
eq "$(head -1 <<<"$out" | jq -r 'keys_unsorted | sort | join(" ")')" \
  "Command CreatedAt ID Image Labels LocalVolumes Mounts Names Networks Ports RunningFor Size State Status"
eq "$(jq -r 'select(.Names == "web") | .LocalVolumes + " " + .Mounts + " " + .Networks' <<<"$out")" "1 data none"
names() { mini ps -a --format '{{.Names}}' "$@" | sort | tr '\n' ' '; }
eq "$(names --filter status=exited)" "job "
eq "$(names --filter status=running --filter status=created)" "later web "
eq "$(names --filter label=app)" "job web "
eq "$(names --filter label=app=job)" "job "
eq "$(names --filter name=we)" "web "
eq "$(names --filter "id=${web:0:6}")" "web "
eq "$(names --filter exited=3)" "job "
eq "$(names --filter exited=0)" ""
eq "$(names --filter ancestor=busybox)" "job later web "
eq "$(names --filter volume=data)" "web "
eq "$(names --filter before=later)" "job web "
eq "$(names --filter since=web)" "job later "
eq "$(names -n 1)" "later "
eq "$(names -l)" "later "
fails_with 1 mini ps --filter colour=red
contains "$err" colour
fails_with 1 mini ps --format '{{.Nmaes}}'
contains "$err" Nmaes
ok mini ps -a -s --format '{{.Names}} {{.Size}}'
matches "$out" "job [0-9.]+k?B \(virtual [0-9.]+[kM]B\)"

# --- inspect --------------------------------------------------------------------------------------------
ok mini inspect web
eq "$(jq -r 'type + " " + (length | tostring)' <<<"$out")" "array 1"
eq "$(jq -r '.[0] | .Id, .Name, .Path, .State.Status, (.State.Running | tostring), .Config.Image' <<<"$out")" \
  "$web"$'\n'"/web"$'\n'"sh"$'\n'"running"$'\n'"true"$'\n'"busybox"
eq "$(jq -r '.[0].HostConfig | .Memory, .NetworkMode, .LogConfig.Type, (.Binds | join(","))' <<<"$out")" \
  "67108864"$'\n'none$'\n'json-file$'\n'data:/data
eq "$(jq -r '.[0].Mounts[0] | .Type, .Name, .Destination, (.RW | tostring)' <<<"$out")" \
  "volume"$'\n'data$'\n'/data$'\n'true
eq "$(jq -r '.[0].State | .FinishedAt, .ExitCode, (.OOMKilled | tostring)' <<<"$out")" \
  "0001-01-01T00:00:00Z"$'\n'0$'\n'false
matches "$(jq -r '.[0].Created' <<<"$out")" ^20[0-9-]+T[0-9:.]+Z$
for key in Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name \
  RestartCount Driver Platform HostConfig GraphDriver Mounts Config NetworkSettings; do
  eq "$(jq ".[0] | has(\"$key\")" <<<"$out")" true "inspect has $key:"
done
exists "$(jq -r '.[0].LogPath' <<<"$out" | xargs dirname)"
[ -d "/proc/$(jq -r '.[0].State.Pid' <<<"$out")" ] || fail "State.Pid is no process"
ok mini inspect --format '{{.State.Status}} {{json .Config.Labels}} {{len .Mounts}} {{if .State.Running}}up{{else}}down{{end}}' web
eq "$out" 'running {"app":"web","tier":"front"} 1 up'
ok mini inspect -f '{{range .Config.Env}}{{println .}}{{end}}' web
contains "$out" "A=1"
ok mini inspect -f '{{.Name | upper}} {{index .Config.Labels "tier"}} {{join .Config.Cmd " "}}' web
contains "$out" "/WEB front sh -c"
ok mini inspect --format '{{.State.ExitCode}}' job later
eq "$out" "3"$'\n'"0"
fails_with 1 mini inspect nosuch
eq "$out" "[]"
contains "$err" nosuch
fails_with 1 mini inspect web nosuch
eq "$(jq length <<<"$out")" 1
fails_with 1 mini container inspect busybox
ok mini inspect --type image busybox
fails_with 1 mini inspect --type container busybox
ok mini inspect busybox
matches "$(jq -r '.[0].Id' <<<"$out")" ^sha256:[0-9a-f]{64}$

# --- top and stats ------------------------------------------------------------------------------------------
ok mini top web
eq "$(head -1 <<<"$out" | tr -s ' ' '|')" "UID|PID|PPID|C|STIME|TTY|TIME|CMD"
contains "$out" "sleep 1000"
fails_with 1 mini top job
contains "$err" "job"
ok mini stats --no-stream
eq "$(head -1 <<<"$out" | sed 's/   */|/g')" \
  "CONTAINER ID|NAME|CPU %|MEM USAGE / LIMIT|MEM %|NET I/O|BLOCK I/O|PIDS"
matches "$out" "${web:0:12} +web +[0-9.]+% +[0-9.]+[KM]iB / 64MiB +[0-9.]+%.* [0-9]+"
ok mini stats --no-stream --format '{{.Name}} {{.PIDs}}' web
matches "$out" "^web [12]$"
ok mini stats --no-stream --format json web
eq "$(jq -r .Name <<<"$out")" web
# What a container writes into its labels and names cannot drive the terminal.
ok mini create --name esc --network none --label $'bad=\033]0;title\007' busybox echo $'\033[2J'
ok mini ps -a --no-trunc --format 'table {{.Names}}\t{{.Command}}\t{{.Labels}}'
lacks "$out" $'\033'
