# Archives as other tools write them: load, import, ADD, cp and a context from standard input take
# what docker and podman take, and give the same bytes back.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
base_image
wild=$scratch/wild
mkdir "$wild"
python3 "$here/../lib/wild_archives.py" "$wild" "$scratch/base.tar" || die "the archives could not be made"
files='cat /app/srv /etc/wild /real/f /real/hard /twice /was-dir /was-file/f /deep/below'
content="srvwildthroughthrough2file2x"

# --- load ------------------------------------------------------------------------------------------------------------
for name in plain rooted dotted nested untold; do
  ok mini load -q -i "$wild/$name.tar"
  ok once "$name:1" sh -c "$files"
  eq "$out" "$content" "$name:"
  # Its layer is given back as it came, from the tree that is kept.
  ok mini save -o "$scratch/saved.tar" "$name:1"
  mkdir "$scratch/saved" && tar -C "$scratch/saved" -xf "$scratch/saved.tar"
  diff_id=$(<"$wild/diff-id")
  eq "$(sha256sum <"$scratch/saved/blobs/sha256/${diff_id#sha256:}" | cut -d' ' -f1)" "${diff_id#sha256:}" "the layer of $name:"
  rm -r "$scratch/saved"
done
ok mini load -q -i "$wild/twice.tar"
ok mini load -q -i "$wild/without-base.tar"
ok once without-base:1 cat /app/srv
fails_with 1 mini --root "$scratch/empty" --run-root "$scratch/empty-run" load -q -i "$wild/without-base.tar"
contains "$err" "neither in the archive nor in the store"
fails_with 1 mini load -q -i "$wild/too-deep.tar"
ok mini fsck

# --- import, a context, ADD --------------------------------------------------------------------------------------------
ok mini import "$wild/layer.tar" imported
eq "$(mini create --name imported --network none imported true >/dev/null && mini export imported | tar -xO link/f real/f 2>/dev/null)" through
mkdir "$scratch/context"
cp "$wild/files.tar" "$scratch/context/x.tar"
tar -C "$scratch/context" -cPf "$scratch/context.tar" --transform 's,^,/,' x.tar
printf 'FROM busybox\nCOPY /x.tar /y.tar\n' >"$scratch/Dockerfile"
ok mini build -q --network none -f Dockerfile -t context - < <(tar -C "$scratch" -rPf "$scratch/context.tar" --transform 's,^,//./,' Dockerfile && cat "$scratch/context.tar")
cat >"$scratch/context/Dockerfile" <<'END'
FROM busybox AS made
RUN mkdir -p /run /var /t/real-dir /t/was-dir && chmod 700 /t/real-dir && ln -s /run /var/run && echo old >/t/was-file && ln -s /t/real-dir /t/app && echo kept >/t/was-dir/kept
FROM made
ADD x.tar /t/
ADD run.tar /
END
mkdir -p "$scratch/t/var/run/act"
echo z >"$scratch/t/var/run/act/z"
tar -C "$scratch/t" -cf "$scratch/context/run.tar" var/run/act/z
ok build_id -t added "$scratch/context"
ok once added sh -c 'cd /t; cat app/srv link/f twice was-dir was-file/f /run/act/z; stat -c %F app was-file; readlink /var/run; stat -c %a /t/real-dir /run'
eq "$out" "srvthrough2file2z
directory
directory
/run
700
755"

# --- cp - --------------------------------------------------------------------------------------------------------------
ok mini run -d --name c --network none busybox sleep 1000
ok mini exec c sh -c 'mkdir -p /run/deep && chmod 750 /run/deep && rm -rf /var/run && mkdir -p /var && ln -s /run /var/run && ln -s nowhere /var/dangling'
ok mini cp - c:/ <"$scratch/context/run.tar"
eq "$(mini exec c cat /run/act/z)" z
mkdir -p "$scratch/t/run/deep" "$scratch/t/dangling"
echo y >"$scratch/t/run/deep/y"
echo x >"$scratch/t/dangling/x"
tar -C "$scratch/t" -cf "$scratch/deep.tar" run/deep/y dangling/x
ok mini cp - c:/var <"$scratch/deep.tar"
eq "$(mini exec c sh -c 'cat /run/deep/y /var/nowhere/x; stat -c %a /run/deep; readlink /var/run' | tr '\n' ' ')" "y x 750 /run "
ok mini cp - c:/tmp <"$wild/files.tar"
eq "$(mini exec c sh -c 'cat /tmp/app/srv /tmp/link/f /tmp/twice')" "srvthrough2"
# A link into a kernel file system is not followed.
ok mini exec c ln -s /proc/sys/kernel /var/kernel
mkdir "$scratch/t/kernel"
echo evil >"$scratch/t/kernel/hostname"
tar -C "$scratch/t" -cf "$scratch/kernel.tar" kernel/hostname
fails_with 1 mini cp - c:/var <"$scratch/kernel.tar"
contains "$err" kernel
ok mini rm -f c imported
store_is_sound
