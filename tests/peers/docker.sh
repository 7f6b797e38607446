# A private Docker daemon, as the oracle that mini is compared with: its own data, containerd, socket
# and cgroup, no bridge and no firewall rules (unless $docker_network has other options), nothing
# shared with a daemon of this machine. Sourced.
# `start_docker DIRECTORY [OPTION...]`, then `docker_ ARG...`, then `stop_docker`, which leaves
# nothing but DIRECTORY.

start_docker() {
  docker_home=$1
  shift
  mkdir -p "$docker_home/home"
  echo "{}" | tee "$docker_home/home/config.json" >"$docker_home/config.json"
  docker_cgroup=/mini-test-docker-$$
  # Docker's client is looked for beside its daemon: another one in the PATH may be of another version.
  docker_client=/usr/bin/docker
  DOCKER_CLI_EXPERIMENTAL=disabled dockerd \
    --data-root "$docker_home/data" --exec-root "$docker_home/exec" \
    --pidfile "$docker_home/pid" -H "unix://$docker_home/socket" --config-file "$docker_home/config.json" \
    --storage-driver overlay2 ${docker_network:---bridge none --iptables=false --ip6tables=false} \
    --cgroup-parent "$docker_cgroup" "$@" >"$docker_home/log" 2>&1 </dev/null &
  docker_pid=$!
  for _ in $(seq 300); do
    docker_ version >/dev/null 2>&1 && return 0
    kill -0 "$docker_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "dockerd did not start:" >&2
  tail -20 "$docker_home/log" >&2
  stop_docker
  return 1
}

docker_() {
  DOCKER_CONFIG=$docker_home/home DOCKER_HOST=unix://$docker_home/socket "$docker_client" "$@"
}

stop_docker() {
  [ -n "${docker_pid:-}" ] || return 0
  local ids
  ids=$(docker_ ps -aq 2>/dev/null)
  # Unquoted: a list of words.
  [ -z "$ids" ] || docker_ rm -f $ids >/dev/null 2>&1
  kill "$docker_pid" 2>/dev/null
  wait "$docker_pid" 2>/dev/null
  docker_pid=
  # What a daemon that was killed leaves: its containerd, mounts below its directories, its cgroup.
  [ ! -e "$docker_home/exec/containerd/containerd.pid" ] ||
    kill "$(cat "$docker_home/exec/containerd/containerd.pid")" 2>/dev/null
  awk -v d="$docker_home/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    xargs -r umount -l 2>/dev/null
  find /sys/fs/cgroup -depth -type d -path "*$docker_cgroup*" -exec rmdir {} + 2>/dev/null
  return 0
}
