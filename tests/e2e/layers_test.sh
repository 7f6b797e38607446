# An image of 200 layers is built, runs, and is listed; each layer is seen.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
mkdir "$scratch/context"
{
  echo 'FROM busybox'
  for i in $(seq 199); do
    echo "COPY f$i /d/f$i"
    echo "$i" >"$scratch/context/f$i"
  done
} >"$scratch/context/Dockerfile"
ok build_id -t deep "$scratch/context"
ok mini image inspect --format '{{len .RootFS.Layers}}' deep
eq "$out" 200
ok once deep sh -c 'cat /d/f1 /d/f100 /d/f199; ls /d | wc -l; echo x >/d/f1; cat /d/f1'
eq "$out" "1"$'\n'"100"$'\n'"199"$'\n'"199"$'\n'"x"
eq "$(mini history -q deep | wc -l)" 200
# A RUN on top of them, and a stage that takes from them.
printf 'FROM deep AS a\nRUN rm /d/f50 && ls /d | wc -l >/count\nFROM busybox\nCOPY --from=a /d /count /d/\n' >"$scratch/context/Dockerfile"
ok build_id -t top "$scratch/context"
ok once top sh -c 'cat /d/count; ls /d | wc -l; test ! -e /d/f50'
eq "$out" "198"$'\n'"199"
ok mini run -d --name deep --network none deep sleep 1000
ok mini exec deep cat /d/f42
eq "$out" 42
# Its archive, and its files from outside while it runs and after.
ok mini save -o "$scratch/deep.tar" deep
ok mini --root "$scratch/other" --run-root "$scratch/other-run" load -q -i "$scratch/deep.tar"
eq "$(mini --root "$scratch/other" image inspect --format '{{.Id}}' deep)" "$(mini image inspect --format '{{.Id}}' deep)"
ok mini cp deep:/d/f1 "$scratch/running"
mini kill deep >/dev/null && mini wait deep >/dev/null
ok mini cp deep:/d/f199 "$scratch/ended"
eq "$(cat "$scratch/running" "$scratch/ended")" 1$'\n'199
ok mini commit deep deeper
ok once deeper cat /d/f100
eq "$out" 100
ok mini rm -f deep
store_is_sound
