# Faults at chosen system calls, for tests that kill or fail mini half-way: a small store made anew in
# no time, the commands that change it, and the points at which each of them can be struck. Sourced after
# e2e.sh and, for `pull`, registry.sh. FAULT_POINTS is how many points of a command are tried, spread evenly; "all" tries each.
: "${FAULT_POINTS:=10}"

# System calls that change something, or that a change waits for.
fault_calls=openat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,link,linkat
fault_calls=$fault_calls,symlink,symlinkat,fsync,fdatasync,syncfs,ftruncate,write,flock,fchmod
fault_calls=$fault_calls,clone3,mount,move_mount,open_tree,fsmount,pivot_root,bind

# The image small:latest: busybox and a shell.
faults_prepare() {
  local tree=$scratch/small
  mkdir -p "$tree"/{bin,dev,etc,proc,sys,tmp}
  cp /bin/busybox "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  ln -s busybox "$tree/bin/true"
  echo 'root:x:0:0::/:/bin/sh' >"$tree/etc/passwd"
  tar -C "$tree" --sort=name --numeric-owner --owner=0 --group=0 -cf "$scratch/small.tar" .
  mini import "$scratch/small.tar" small:latest >/dev/null || die "small:latest: import failed"
  mkdir "$scratch/context"
  echo text >"$scratch/context/file"
  printf 'FROM small\nCOPY file /file\nRUN echo made >/made\nLABEL a=b\n' >"$scratch/context/Dockerfile"
  cp -a "$MINI_ROOT" "$scratch/template"
  mini build -q --network none -t archived "$scratch/context" >/dev/null &&
    mini save archived | gzip >"$scratch/archive.tar.gz" || die "no archive"
  rm -rf "$MINI_ROOT"
}

fresh_store() {
  rm -rf "$MINI_ROOT" "$MINI_RUN_ROOT"
  cp -a "$scratch/template" "$MINI_ROOT"
}

# A command: before_COMMAND makes the store ready, words_COMMAND sets $words to the command, again_COMMAND
# repeats it after a fault, and picture shows what there is afterwards.
commands="build import load commit tag rmi create run_d run_rm rm prune volume"
before_build() { :; }
words_build() { words=(build -q --network none -t built "$scratch/context"); }
before_import() { :; }
words_import() { words=(import "$scratch/small.tar" second); }
before_load() { :; }
words_load() { words=(load -q -i "$scratch/archive.tar.gz"); }
# Its files have the same time whenever it is run.
before_commit() { mini run --network none --name box small sh -c 'echo x >/made; busybox touch -d @1 /made'; }
words_commit() { words=(commit box committed); }
before_tag() { :; }
words_tag() { words=(tag small second); }
before_rmi() { mini build -q --network none -t built "$scratch/context" >/dev/null; }
words_rmi() { words=(rmi built); }
again_rmi() { mini image inspect built >/dev/null 2>&1 || return 0; mini rmi built; }
before_create() { :; }
words_create() { words=(create --network none --name box small true); }
again_create() { mini rm -f box >/dev/null 2>&1; mini "${words[@]}"; }
before_run_d() { :; }
words_run_d() { words=(run -d --network none --name box -v vol:/v small true); }
again_run_d() { mini rm -f box >/dev/null 2>&1; mini "${words[@]}" && mini wait box; }
before_run_rm() { :; }
words_run_rm() { words=(run --rm --network none small true); }
before_rm() { mini run --network none --name box small true; }
words_rm() { words=(rm box); }
again_rm() { mini rm -f box; }
before_prune() {
  mini run --network none --name box small true
  mini build -q --network none -t built "$scratch/context" >/dev/null
}
words_prune() { words=(system prune -af); }
before_volume() { mini volume create vol >/dev/null; }
words_volume() { words=(volume rm vol); }
again_volume() { mini volume rm -f vol; }

# start_pull_from TAR : a registry of this test's own, which is none of its leftovers, has an image of
# this one layer as $pull_from/anonymous.
start_pull_from() {
  local port
  rm -rf "$scratch/layout"
  python3 "$e2e_lib/oci_layout.py" "$scratch/layout" "$1" || die "no layout"
  port=$(free_port)
  (cd "$scratch" && exec env -i PATH="$PATH" python3 "$e2e_lib/lying_registry.py" "$port" layout asked http://localhost:1) \
    >"$scratch/registry.log" 2>&1 </dev/null &
  registry_pids+=($!)
  wait_for_port "$port" $! "$scratch/registry.log" || die "the registry did not start"
  pull_from=127.0.0.1:$port
}
before_pull() { [ -n "${pull_from:-}" ] || start_pull_from "$scratch/small.tar"; }
words_pull() { words=(pull -q "$pull_from/anonymous"); }

begin() {
  fresh_store
  "before_$1"
  "words_$1"
}

again() {
  if declare -F "again_$1" >/dev/null; then "again_$1"; else mini "${words[@]}"; fi
}

# What a user sees of the store. A container's age and id differ from run to run.
picture() {
  image_picture
  mini ps -a --format '{{.Names}} {{.State}} {{.Image}}'
  mini volume ls -q
}
image_picture() { mini images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort; }

# points COMMAND : "CALL N" for each point at which COMMAND can be struck, from a run that is only watched.
points() {
  local log=$scratch/watched
  rm -f "$log".*
  begin "$1"
  strace -ff -qq -o "$log" -e trace="$fault_calls" -e signal=none "$MINI" "${words[@]}" >/dev/null 2>&1
  wait_for_monitors
  awk -F'(' '
    { count[FILENAME, $1]++; if (count[FILENAME, $1] > most[$1]) most[$1] = count[FILENAME, $1] }
    END { for (call in most) for (n = 1; n <= most[call]; n++) print call, n }' "$log".* |
    sort -k2n -k1 | spread
}

# Lines evenly out of all: as many as FAULT_POINTS says.
spread() {
  if [ "$FAULT_POINTS" = all ]; then cat; else
    awk -v want="$FAULT_POINTS" -v offset="${FAULT_OFFSET:-0}" '{ line[NR] = $0 } END {
      if (want > NR) want = NR
      for (i = 0; i < want; i++) print line[int((i + offset % 1) * NR / want) + 1] }'
  fi
}

# strike CALL N WHAT : runs $words with WHAT (signal=KILL, error=EIO) done to the Nth CALL of each
# process. Its exit code is in $code, what it said in $said, the cgroups that it made in $made.
strike() {
  code=0
  rm -f "$scratch/made"
  said=$(timeout 300 strace -f -y -s 4096 -qq -o "$scratch/made" -e trace="$1,mkdir,mkdirat" -e signal=none -e "inject=$1:$3:when=$2" \
    "$MINI" "${words[@]}" 2>&1) || code=$?
  made=$(cgroups_in "$scratch/made")
  wait_for_monitors
}

# cgroups_in LOG : the groups of containers in the calls of mkdir and mkdirat that strace logged.
cgroups_in() {
  sed -nE 's|.*mkdir\("([^"]*)".*|\1|p; s|.*mkdirat\([^<]*<([^>]*)>, "([^"]*)".*|\1/\2|p' "$1" |
    grep -E '^/sys/fs/cgroup/.*/mini/' | sort -u
}

# A monitor may still be at work when its client is gone.
wait_for_monitors() {
  local deadline=$((SECONDS + 30))
  while [ -n "$(processes_of "$scratch")" ] && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
}

# no_cgroup_left WHERE : of those that the struck command made.
no_cgroup_left() {
  local group left= deadline=$((SECONDS + 30))
  while
    left=
    for group in $made; do [ ! -d "$group" ] || left="$left $group"; done
    [ -n "$left" ]
  do
    [ "$SECONDS" -lt "$deadline" ] || { fail "$1: cgroups left:$left"; return; }
    sleep 0.1
  done
}

# after_fault COMMAND WHERE : one more command; then nothing may be left, the store has to be sound, and
# the command has to work as if nothing had happened.
after_fault() {
  local command=$1 where=$2 left
  mini ps -a >/dev/null || fail "$where: ps fails"
  mini fsck >"$scratch/fsck" 2>&1 || fail "$where: fsck: $(<"$scratch/fsck")"
  again "$command" >"$scratch/again" 2>&1 || fail "$where: again: $(<"$scratch/again")"
  eq "$(picture)" "$reference" "$where: after the second try:"
  left=$(find "$MINI_ROOT/tmp" "$MINI_ROOT/trash" -mindepth 1 2>/dev/null)
  eq "$left" "" "$where: scratch left:"
  left=$(wait_for_nothing_of "$scratch")
  eq "$left" "" "$where: left:"
  no_cgroup_left "$where"
}
