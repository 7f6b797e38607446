# build -o: archives, tars and directories, as Docker's flag writes them.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cd "$scratch" || exit
mkdir context
cat >context/Dockerfile <<'END'
FROM busybox AS made
RUN mkdir -p /out/dir && echo result >/out/dir/file && ln /out/dir/file /out/hard && ln -s dir/file /out/link \
 && chmod 4750 /out/dir/file && chown 7:8 /out/dir && echo gone >/out/gone
RUN rm /out/gone
FROM scratch AS files
COPY --from=made /out /
FROM made
CMD ["cat","/out/dir/file"]
END
built() { ok mini build --network none --progress plain "$@" context; }

# Another store loads what was written; the result is in our own, too.
elsewhere() {
  local MINI_ROOT=$scratch/$1 MINI_RUN_ROOT=$scratch/$1-run
  export MINI_ROOT MINI_RUN_ROOT
  shift
  "$@"
}
for type in oci docker; do
  built -t web:1 -o "type=$type,dest=$type.tar"
  eq "$out" ""
  id=$(mini image inspect -f '{{.Id}}' web:1)
  ok elsewhere "$type" mini load -i $type.tar
  eq "$out" "Loaded image: web:1"
  eq "$(elsewhere "$type" mini image inspect -f '{{.Id}}' web:1)" "$id"
  eq "$(elsewhere "$type" mini run --rm --network none web:1)" result
done
eq "$(tar tf docker.tar | grep -c '^manifest.json$')" 1
eq "$(tar tf oci.tar | grep -c '^manifest.json$')" 0
built -o type=oci,dest=layout,tar=false,name=by/name:2
ok elsewhere layout mini load -i layout
eq "$out" "Loaded image: by/name:2"
mini build -q --network none -o type=oci context >stdout.tar || fail "type=oci on standard output"
ok elsewhere stdout mini load -i stdout.tar
eq "$out" "Loaded image ID: $id"
# Without a place: the store.
built -t stored:1 -o type=docker
built -t stored:2 -o type=image,name=stored:3
eq "$(mini image inspect -f '{{.Id}}' stored:1 stored:3)" "$id"$'\n'"$id"

# Files: a tar keeps owners, a directory is the caller's.
built --target files -o type=tar,dest=files.tar
eq "$(tar tf files.tar | sort)" "$(printf '%s\n' ./ dir/ dir/file hard link)"
contains "$(tar tvf files.tar)" "7/8"
mini build --network none --progress plain --target files -o - context 2>/dev/null | cmp - files.tar || fail "-o -"
mkdir there && echo mine >there/mine && echo old >there/hard
built --target files -o there
eq "$(<there/mine) $(<there/hard) $(<there/link)" "mine result result"
eq "$(stat -c '%u:%g %a %h' there/dir/file)" "0:0 750 2"
built --target files -o type=local,dest=new/deep
diff -r --no-dereference there/dir new/deep/dir || fail "type=local"
# What is there already is not followed.
mkdir outside links && ln -s "$scratch/outside" links/dir && fails_with 1 mini build --network none --progress quiet --target files -o links context
contains "$err" "is no directory"
eq "$(ls outside)" ""
rm links/dir && ln -s ../outside/x links/hard && built --target files -o links
absent outside/x

# Refused before anything is built; a build that fails leaves no file.
for bad in type=zip,dest=x type=local type=registry,name=x dest=x type=oci,dest=x,colour=red type=image,push=true \
  type=tar,tar=false,dest=x type=local,dest=- ''; do
  fails_with 1 mini build --network none -o "$bad" context
  contains "$err" "flag --output"
  lacks "$err" "[made"
done
fails_with 1 mini build --network none -o type=oci,dest=no/such/place.tar context
echo 'RUN false' >>context/Dockerfile
fails_with 1 mini build --network none -o type=oci,dest=none.tar context
absent none.tar
eq "$(ls -A | grep -c none)" 0
no_scratch_left
ok mini fsck
