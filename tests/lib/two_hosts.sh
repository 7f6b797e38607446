# A test of networks in a network namespace of its own, with another host beside it. Sourced before
# e2e.sh: `. two_hosts.sh` starts the script again inside, so that no range, rule or interface of the
# real host is in the way or touched. Then: `here` and `there` are the addresses of the two hosts,
# `other COMMAND...` runs on the other one.
if [ -z "${two_hosts:-}" ]; then
  two_hosts=1 exec unshare --net --mount --propagation private bash "$0" "$@"
fi
here=192.0.2.1 there=192.0.2.2 here6=fd42::1 there6=fd42::2

set_up_hosts() {
  mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs none /run/netns; }
  ip link set lo up
  ip netns add other
  ip link add outside type veth peer name eth0 netns other
  ip addr add $here/24 dev outside
  ip addr add $here6/64 dev outside nodad
  ip link set outside up
  other ip link set lo up
  other ip addr add $there/24 dev eth0
  other ip addr add $there6/64 dev eth0 nodad
  other ip link set eth0 up
}

other() { ip netns exec other "$@"; }
