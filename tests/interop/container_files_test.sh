# What a container changed, and what cp does with names, as docker tells and does it: the same
# commands in both, the same answers.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../peers/docker.sh"
need_peer_packages || die "the peers could not be installed"
cleanup() { stop_docker; }
start_docker "$scratch/docker" || die "docker did not start"
cd "$scratch" || exit
base_image
docker_ import base.tar busybox:latest >/dev/null || die "docker import"
change='mkdir -p /q/d1; echo 1 >/q/d1/a; ln /q/d1/a /q/b; rm /etc/group; echo z >>/etc/passwd; mkdir /home/n; rm -r /root; mkdir /root; chmod 711 /usr; rm -r /var/log; ln -s x /usr/link; chown 1:2 /tmp; : >/run/empty; sleep 1000'
mini run -d --name it --network none busybox sh -c "$change" >/dev/null || die "mini run"
docker_ run -d --name it --network none busybox sh -c "$change" >/dev/null || die "docker run"
until mini exec it test -e /run/empty 2>/dev/null; do sleep 0.1; done
until docker_ exec it test -e /run/empty 2>/dev/null; do sleep 0.1; done

eq "$(mini diff it | sort)" "$(docker_ diff it | sort)" "diff:"

# commit: the same tree, and a config that says the same.
mini commit -m note -a me -c 'CMD ["cat","/q/b"]' -c 'LABEL a=b' it made:1 >/dev/null || fail "mini commit"
docker_ commit -m note -a me -c 'CMD ["cat","/q/b"]' -c 'LABEL a=b' it made:1 >/dev/null || fail "docker commit"
for tool in mini docker_; do
  $tool image inspect made:1 | jq '.[0] | [.Author, .Config.Cmd, .Config.Labels, (.Config.Env // []), .Architecture, .Os]' >$tool.config
  $tool history --format '{{.CreatedBy}}|{{.Comment}}' --no-trunc made:1 | head -1 >$tool.history
  $tool run --rm --network none made:1 sh -c 'cat /q/b; stat -c "%n %a %u:%g %h" /q/b /q/d1/a /tmp; stat -c "%n %a %u:%g" /usr /root; ls -d /var/* /etc/* /usr/* /root/*; true' 2>/dev/null |
    grep -vE "/etc/(hosts|hostname|resolv.conf|mtab)" >$tool.tree
done
diff mini.config docker_.config || fail "commit: the config"
diff mini.tree docker_.tree || fail "commit: the tree"
diff mini.history docker_.history || fail "commit: the history"
# Each takes the other's image.
mini save made:1 | docker_ load >/dev/null || fail "docker load"
eq "$(docker_ image inspect -f '{{.Id}}' made:1)" "$(mini image inspect -f '{{.Id}}' made:1)"

# export: what each wrote gives the same tree, apart from the places that docker makes for itself.
for tool in mini docker_; do
  mkdir $tool.export && $tool export it | tar -C $tool.export --numeric-owner -xpf - || fail "$tool export"
  rm -rf $tool.export/{.dockerenv,dev,proc,sys} $tool.export/etc/{hosts,hostname,resolv.conf,mtab}
done
python3 "$here/facts.py" tree mini.export >a && python3 "$here/facts.py" tree docker_.export >b
diff a b || fail "export"
docker_ export it | mini import - from:docker >/dev/null || fail "mini import"
mini export it | docker_ import - from:mini >/dev/null || fail "docker import"
eq "$(docker_ run --rm --network none from:mini cat /q/b)" 1
eq "$(mini run --rm --network none from:docker cat /q/b)" 1

# cp: the same commands with both; what the container has, and what the host got.
mkdir -p src/sub && echo f >src/f && ln src/f src/hard && ln -s f src/link && echo g >src/sub/g
chmod 640 src/f && chown 1000:1001 src/f src && touch -d @86400 src/f
both() {
  mini cp "${@//@/it:}" >mini.out 2>/dev/null
  local mini_code=$?
  docker_ cp "${@//@/it:}" >docker.out 2>/dev/null
  eq "$mini_code" "$?" "cp $*:"
}
list='find /c -exec stat -c "%n %F %a %u:%g %h %s" {} + | sort; find /c -type f -exec cat {} +; find /c -type l -exec readlink {} \;; ls /nodir 2>&1'
mini exec it mkdir -p /c/dir && docker_ exec it mkdir -p /c/dir
mini exec it ln -s /c/dir /c/to-dir && docker_ exec it ln -s /c/dir /c/to-dir
for arguments in "src/f @/c/new" "src/f @/c/dir" "src/f @/c/dir/" "src/sub/g @/c/new" "src @/c/made" "src @/c/made" "src/. @/c/content" \
  "src/ @/c/slash" "src @/c/dir" "src/link @/c/link" "-L src/link @/c/followed" "src/f @/c/to-dir" "src/sub @/c/to-dir/" "src/f @c/relative" \
  "src/f @/nodir/x" "src/f @/nodir/" "src @/c/new" "nosuch @/c" "src/f @/c/new/" "src @/c/made/f"; do
  both $arguments
done
mini exec it sh -c "$list" >a
docker_ exec it sh -c "$list" >b
diff a b || fail "cp into a container"
for tool in mini docker_; do
  mkdir -p $tool.host/dir && (
    cd $tool.host && echo old >old
    for arguments in "it:/c/new new" "it:/c/new dir" "it:/c/new old" "it:/c/made made" "it:/c/made made" "it:/c/made/. content" "it:/c/to-dir dir" \
      "it:/c/made/link link" "-L it:/c/made/link followed" "it:/c/new nodir/" "it:/c/new nodir/x" "it:/c/made old" "it:/nosuch ."; do
      $tool cp $arguments >/dev/null 2>&1
      echo "$arguments: $?"
    done
    find . -exec stat -c "%n %F %a %h %s" {} + | sort
    find . -type f | sort | xargs cat
  ) >$tool.got
done
diff mini.got docker_.got || fail "cp out of a container"
mini cp it:/c/made - | tar tv --numeric-owner | awk '{ print $1, $2, $3, $6, $7, $8 }' | sort >a
docker_ cp it:/c/made - | tar tv --numeric-owner | awk '{ print $1, $2, $3, $6, $7, $8 }' | sort >b
diff a b || fail "cp to a tar"

# build -o: the files that BuildKit writes, as a directory and as a tar.
mkdir context && cat >context/Dockerfile <<'DOCKERFILE'
FROM busybox AS made
RUN mkdir -p /out/dir/sub && echo result >/out/dir/file && ln -s dir/file /out/link && chmod 750 /out/dir/file \
 && chmod 711 /out/dir && chown 7:8 /out/dir/sub && echo more >/out/dir/sub/more && echo gone >/out/gone
RUN rm /out/gone
FROM scratch
COPY --from=made /out /
DOCKERFILE
for tool in mini docker_; do
  mkdir $tool.built && echo mine >$tool.built/mine && echo old >$tool.built/link
  DOCKER_BUILDKIT=1 $tool build --network none -o $tool.built context >/dev/null 2>&1 || fail "$tool build -o DIR"
  DOCKER_BUILDKIT=1 $tool build --network none -o type=local,dest=$tool.new/deep context >/dev/null 2>&1 || fail "$tool build type=local"
  DOCKER_BUILDKIT=1 $tool build --network none -o type=tar,dest=$tool.tar context >/dev/null 2>&1 || fail "$tool build type=tar"
  (cd $tool.built && find . -mindepth 1 -exec stat -c '%n %F %a %u:%g %s' {} + | sed '/directory/s/ [0-9]*$//' | sort && cat mine link dir/sub/more) >$tool.list
  diff -r --no-dereference $tool.built/dir $tool.new/deep/dir || fail "$tool: type=local"
  mkdir $tool.untar && tar -C $tool.untar --numeric-owner -xpf $tool.tar || fail "$tool: type=tar"
  (cd $tool.untar && find . -mindepth 1 -exec stat -c '%n %F %a %u:%g' {} + | sort) >$tool.untarred
done
diff mini.list docker_.list || fail "build -o DIR"
diff mini.untarred docker_.untarred || fail "build type=tar"
