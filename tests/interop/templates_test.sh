# Go templates beside docker: the same container, image, volume and network, the same template, the
# same bytes and exit status. Docker's client prints what its structs hold, so what this asks for is
# what both have.
. "$(dirname "$0")/../lib/e2e.sh"
. "$e2e_lib/packages.sh"
. "$(dirname "$0")/../peers/docker.sh"
need_packages docker.io || die "docker could not be installed"
cleanup() { stop_docker; }
start_docker "$scratch/docker" || die "docker does not start"

base_image
mkdir "$scratch/context"
cat >"$scratch/context/Dockerfile" <<'END'
FROM busybox
ENV A=1 B="two words"
LABEL color=blue com.example/x="a \"b\" <c>" empty=""
EXPOSE 80 53/udp
VOLUME /data
HEALTHCHECK --interval=5s --retries=2 CMD test -e /ok
ENTRYPOINT ["/bin/echo", "-n"]
CMD ["hello", "world"]
END
mini save busybox | docker_ load -q >/dev/null || die "docker does not load busybox"
ok mini build -q --network none -t app "$scratch/context"
mini save app | docker_ load -q >/dev/null || die "docker does not load app"
for tool in mini docker_; do
  $tool create --name web --hostname h --label role=web --label n=2 --restart on-failure:3 \
    --memory 64m --cpus 1.5 --cap-add NET_ADMIN --tmpfs /t:size=1m --ulimit nofile=10:20 --add-host x:1.2.3.4 \
    -p 127.0.0.1:8080:80 -p 53:53/udp -v /tmp:/host:ro -w /data -u 7:8 -e C=3 app arg 'two words' >/dev/null ||
    die "$tool create"
  $tool create --name plain --network none --entrypoint true busybox >/dev/null || die "$tool create plain"
  $tool volume create --label v=1 vol >/dev/null || die "$tool volume create"
done

# both WORDS TEMPLATE... : the same output and exit status.
count=0
both() {
  local words=$1 template mini_out docker_out mini_code docker_code
  shift
  for template in "$@"; do
    count=$((count + 1)) mini_code=0 docker_code=0
    # Unquoted: words.
    mini_out=$(mini $words --format "$template" 2>/dev/null) || mini_code=$?
    docker_out=$(docker_ $words --format "$template" 2>/dev/null) || docker_code=$?
    eq "$mini_out" "$docker_out" "$words --format $template:"
    eq "$mini_code" "$docker_code" "$words --format $template: exit status:"
  done
}

both "container inspect web" \
  '{{.Name}}' '{{ .Name }}' '{{.Path}} {{.Args}}' '{{json .Args}}' '{{.Config.Cmd}}' '{{json .Config.Cmd}}' \
  '{{.Config.Entrypoint}}' '{{.Config.Env}}' '{{json .Config.Env}}' '{{.Config.Labels}}' '{{json .Config.Labels}}' \
  '{{.Config.Labels.color}}' '{{.Config.Labels.nosuch}}' '{{index .Config.Labels "com.example/x"}}' \
  '{{index .Config.Labels "nosuch"}}' '{{len .Config.Labels}}' '{{.Config.ExposedPorts}}' \
  '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}' '{{range .Config.Env}}{{println .}}{{end}}' \
  '{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$i}}:{{$e}}{{end}}' '{{.HostConfig.PortBindings}}' \
  '{{json .HostConfig.PortBindings}}' '{{range $p, $b := .HostConfig.PortBindings}}{{$p}} {{(index $b 0).HostPort}} {{end}}' \
  '{{(index (index .HostConfig.PortBindings "80/tcp") 0).HostIp}}' '{{with index .HostConfig.PortBindings "80/tcp"}}{{len .}}{{end}}' \
  '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}' \
  '{{.HostConfig.Binds}}' '{{.HostConfig.ExtraHosts}}' '{{.HostConfig.RestartPolicy}}' \
  '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' '{{.HostConfig.LogConfig.Config}}' \
  '{{json .HostConfig.VolumesFrom}} {{json .HostConfig.GroupAdd}}' '{{.HostConfig.Privileged}} {{.HostConfig.AutoRemove}}' \
  '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}}' '{{if .State.Running}}up{{else}}down{{end}}' \
  '{{if and .State.Running .State.Pid}}a{{else if eq .State.Status "created"}}b{{else}}c{{end}}' \
  '{{.Config.WorkingDir}} {{.Config.User}} {{.Config.Hostname}} {{.Config.Domainname}}|' '{{.Config.Tty}} {{not .Config.Tty}}' \
  '{{.Config.Healthcheck.Test}} {{.Config.Healthcheck.Interval}} {{.Config.Healthcheck.Retries}}' '{{json .Config.Healthcheck}}' \
  '{{.Config.OnBuild}} {{json .Config.OnBuild}}' '{{.Config.Volumes}}' '{{upper .Name}} {{lower "ABC"}} {{title "a bc d"}}' \
  '{{split .Name "/"}} {{len (split .Name "/")}}' '{{join .Args "+"}}' '{{join .Config.Env ", "}}' '{{truncate .Name 2}}' \
  '{{pad .Name 2 3}}|' '{{slice .Name 1}} {{slice .Name 1 2}} {{slice .Args 1}}' '{{index .Args 1}}' '{{index .Args 9}}' \
  '{{printf "%s-%d" .Name .HostConfig.Memory}}' '{{printf "%10s|%-10s|%q" .Name .Name .Name}}' '{{printf "%v %T" .Args .Args}}' \
  '{{printf "%d" .Name}}' '{{printf "%s"}}' '{{printf "%x %X %o %b %c %U %08.3f %+d" 255 255 8 5 65 65 3.14159 7}}' \
  '{{printf "%t %5t" true false}}' '{{printf "%q" .Args}}' '{{printf "a" 1}}' '{{print 1 2 "a" "b" 3 true}}' '{{println .Name 1}}' \
  '{{html "<a b=\"c\" & '"'"'d'"'"'>"}}' '{{js "it'"'"'s <b> = &\n"}}' '{{urlquery "a b&c=d/é"}}' \
  '{{eq 1 1}} {{eq 1 2 3 1}} {{ne "a" "b"}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge "b" "a"}}' '{{eq .Name 1}}' '{{lt true false}}' \
  '{{and 1 0 2}} {{or 0 "" "x"}} {{not 0}} {{and true (index .Args 0)}} {{or "a" (index .Args 99)}}' \
  '{{$x := .Name}}{{$x}} {{$x = "y"}}{{$x}}' '{{$n := 0}}{{range .Args}}{{$n = len .}}{{end}}{{$n}}' \
  '{{range .Args}}{{.}}{{break}}{{end}}' '{{range $i, $a := .Args}}{{if eq $i 0}}{{continue}}{{end}}{{$a}}{{end}}' \
  '{{range .HostConfig.GroupAdd}}x{{else}}none{{end}}' '{{with .Config.Domainname}}x{{else}}none{{end}}' \
  '{{define "t"}}<{{.}}>{{end}}{{template "t" .Name}}' '{{block "b" .State}}{{.Status}}{{end}}' '{{template "nosuch"}}' \
  '{{- .Name -}}  x' 'a  {{- /* c */ -}}  b' '{{/* only */}}' '{{"\u00e9\x41\t|"}}{{`raw \n`}}' "{{'a'}} {{0x1f}} {{1e3}} {{-7}} {{1_000}}" \
  '{{.Name | printf "%s!" | upper | len}}' '{{(.State).Status}} {{(index .Args 0)}}' '{{true}} {{false}}' \
  '{{.Nope}}' '{{.Config.Nope}}' '{{.Name.Deeper}}' '{{nosuch}}' '{{.Name' '{{if}}{{end}}' '{{end}}' '{{len 3}}' '{{nil}}' '{{call .Name}}' \
  '{{.State.Health.Status}}' '{{index .Config.Labels 3}}' '{{len .HostConfig.Dns}} {{len .Config.Volumes}}' 'plain text' '\t{{.Name}}\n' \
  '{{range .Mounts}}{{if eq .Type "bind"}}{{.Destination}} {{.Mode}} {{.RW}}{{end}}{{end}}' '{{json .State.ExitCode}} {{json .Config.Tty}} {{json .Name}}'
both "container inspect plain" '{{.State.Health}}' '{{if .State.Health}}{{.State.Health.Status}}{{end}}none' \
  '{{.Config.Cmd}} {{.Config.Labels}} {{.Config.Volumes}} {{.Config.Entrypoint}}' '{{.HostConfig.PortBindings}}' \
  '{{json .HostConfig.PortBindings}} {{json .Config.Cmd}} {{json .Config.OnBuild}}' '{{.Config.Healthcheck}}' '{{.HostConfig.Tmpfs}}'
both "image inspect app" '{{.RepoTags}}' '{{.Config.Labels}}' '{{json .Config.ExposedPorts}}' '{{.Architecture}}/{{.Os}}' \
  '{{index .RepoTags 0}}' '{{len .RootFS.Layers}} {{.RootFS.Type}}' '{{.Config.Cmd}} {{.Config.WorkingDir}}|' '{{.Id}}'
both "ps -a --filter name=web" '{{.Names}}' '{{.Names}}: {{.Image}} {{.State}}' '{{.Label "role"}}|{{.Label "nosuch"}}' 'table {{.Names}}\t{{.Image}}' \
  'table {{.Names}}\t{{.Label "role"}}' '{{.Command}}' '{{upper .Names}}' 'table {{upper .Names}}\t{{.State}}' '{{.Nope}}' '{{json .Names}}' \
  '{{if eq .State "created"}}new{{end}}' '{{"role" | .Label}}' '{{.Networks}}' '{{.LocalVolumes}}'
both "images app" '{{.Repository}}:{{.Tag}}' 'table {{.Repository}}\t{{.Tag}}' '{{.ID}}' '{{len .ID}}'
both "volume ls --filter name=vol" '{{.Name}} {{.Driver}} {{.Scope}}' '{{.Label "v"}}' '{{.Labels}}' 'table {{.Name}}\t{{.Driver}}'
both "volume inspect vol" '{{.Name}} {{.Driver}} {{.Labels}} {{.Options}}' '{{json .Labels}} {{json .Options}}'
both "network ls --filter name=none" '{{.Name}} {{.Driver}} {{.Scope}}' 'table {{.Name}}\t{{.Driver}}' '{{.IPv6}} {{.Internal}}'
at_most 120 "$count" "templates compared, at least:"
