# diff, commit and export: what a container's files have become; and back by import.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cd "$scratch" || exit

# What a fresh container has is its image's, though mini made places to mount on.
ok mini run --name fresh --network none -v /data -v "$scratch:/deep/er" busybox true
ok mini diff fresh
eq "$out" ""
ok mini create --name never --network none busybox true
ok mini diff never
eq "$out" ""

ok mini run --name web --network none -v /data -e COLOUR=red busybox sh -c '
  mkdir -p /new/dir; echo 1 >/new/dir/file; ln /new/dir/file /new/hard; ln -s file /new/dir/link
  rm /etc/group; echo more >>/etc/passwd; rm -r /var/log; chmod 711 /home; chown 7:8 /new/dir
  rm -r /root; mkdir /root; chmod 700 /root; chmod 4755 /new/dir/file; echo in volume >/data/x; mkfifo /new/fifo
  touch -d @86400 /new/dir/file'
ok mini diff web
want='C /etc
D /etc/group
C /etc/passwd
C /home
A /new
A /new/dir
A /new/dir/file
A /new/dir/link
A /new/fifo
A /new/hard
C /root
C /var
D /var/log'
eq "$out" "$want"
fails_with 1 mini diff nosuch

# An image of it: the files, the container's own config, and the history goes on.
ok mini commit -a 'A <a@example.org>' -m 'by hand' -c 'CMD ["cat","/new/dir/file"]' -c 'ENV SHADE=$COLOUR' web done:1
matches "$out" '^sha256:[0-9a-f]{64}$'
id=$out
eq "$(mini image inspect -f '{{.Id}}' done:1)" "$id"
eq "$(mini image inspect -f '{{.Author}} {{json .Config.Cmd}} {{json .Config.Env}}' done:1)" \
  'A <a@example.org> ["cat","/new/dir/file"] ["COLOUR=red","SHADE=red"]'
eq "$(mini image inspect -f '{{len .RootFS.Layers}}' done:1)" 2
contains "$(mini history --no-trunc done:1)" "by hand"
eq "$(once done:1)" 1
once done:1 sh -c 'stat -c "%n %u:%g %a %Y" /new/dir /home; stat -c "%h %Y %a" /new/dir/file; ls /var /etc; cat /new/dir/link' >got
contains "$(<got)" "/new/dir 7:8 755 "
contains "$(<got)" "2 86400 4755"
contains "$(<got)" "/home 0:0 711 "
lacks "$(<got)" group
lacks "$(<got)" log
sleep 1.1
# The same container gives the same image, whenever, and nothing of mini's own is in the layer.
ok mini commit -a 'A <a@example.org>' -m 'by hand' -c 'CMD ["cat","/new/dir/file"]' -c 'ENV SHADE=$COLOUR' web
eq "$out" "$id"
mini save done:1 | tar xO "blobs/sha256/$(mini image inspect -f '{{index .RootFS.Layers 1}}' done:1 | cut -d: -f2)" |
  tar t >names
eq "$(grep -cE '^(proc|sys|dev|data)/?$|resolv|hosts|hostname|volume' names)" 0
ok mini run --name again --network none done:1 true
ok mini diff again
eq "$out" ""
fails_with 1 mini commit -c 'RUN true' web
fails_with 1 mini commit -c "FROM x" web
fails_with 1 mini commit nosuch x:1

# A running one is paused meanwhile, and goes on; or is not.
ok mini run -d --name run --network none busybox sh -c 'echo here >/here; exec sleep 1000'
until mini exec run cat /here >/dev/null 2>&1; do sleep 0.1; done
ok mini commit run run:1
is_state run running || fail "not running after commit"
eq "$(once run:1 cat /here)" here
ok mini commit --pause=false run run:2
mini pause run >/dev/null
ok mini commit run run:3
is_state run paused || fail "what was paused stays so"
mini unpause run >/dev/null
# Killed in the middle: nothing of it is left, and the same again works.
for when in 1 3; do
  strace -f -o /dev/null -e trace=renameat,rename,renameat2 -e inject=renameat,rename,renameat2:signal=KILL:when=$when \
    "$MINI" commit -p=false web killed:1 >/dev/null 2>&1 &
  wait $! 2>/dev/null
  ok mini commit -a 'A <a@example.org>' -m 'by hand' -c 'CMD ["cat","/new/dir/file"]' -c 'ENV SHADE=$COLOUR' web
  eq "$out" "$id"
done
no_scratch_left

# export: all files, and no volume; import makes the same tree of it.
ok mini export -o web.tar web
tar tvf web.tar >list
contains "$(<list)" " new/dir/file"
lacks "$(<list)" "data/x"
lacks "$(<list)" "etc/group"
ok mini import -c 'CMD ["sh"]' -m 'taken back' web.tar flat:1
once flat:1 sh -c 'stat -c "%n %u:%g %a %Y" /new/dir /home; stat -c "%h %Y %a" /new/dir/file; ls /var /etc; cat /new/dir/link' >flat
once done:1 sh -c 'stat -c "%n %u:%g %a %Y" /new/dir /home; stat -c "%h %Y %a" /new/dir/file; ls /var /etc; cat /new/dir/link' >layered
diff flat layered || fail "export and import gave another tree"
eq "$(mini export web | sha256sum)" "$(sha256sum <web.tar)"
mini export run >run.tar || fail "export of a running container"
fails_with 1 mini export -o none.tar nosuch
absent none.tar
ok mini fsck
