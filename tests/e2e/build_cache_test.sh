# The cache: what is taken from it, what is not and why, and that the same input gives the same id,
# wherever and whenever.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
context=$scratch/context
mkdir -p "$context/src"
echo 'int main;' >"$context/src/main.c"
echo docs >"$context/README"
cat >"$context/Dockerfile" <<'END'
FROM busybox AS build
ARG LEVEL=1
RUN echo compiler >/cc
COPY src /src
RUN cat /src/* >/program && date +%N >>/program && echo $LEVEL
FROM busybox
COPY --from=build /src /taken
ENV A=1
RUN echo end >/end
END

# steps WORD [ARGUMENT...] : how many steps of a build are said to be WORD.
steps() {
  local word=$1
  shift
  mini build --network none --progress plain "$@" "$context" 2>"$scratch/progress" || fail "build: $(<"$scratch/progress")"
  awk -v word="$word" '$2 ~ /^\[/ && !/ FROM / { step[$1] = 1 } $2 == word && step[$1] { n++ } END { print n + 0 }' "$scratch/progress"
}

eq "$(steps CACHED -t first)" 0 "cached in an empty store:"
ok build_id "$context"
id=$out
eq "$(steps CACHED)" 5 "cached, all again:"
eq "$(steps DONE)" 0 "executed, all again:"
eq "$(mini build --network none --target build -q "$context")" "$(mini build --network none --target build -q "$context")"

# --- times do not count, content, mode and name do -------------------------------------------------------------
touch -d 2001-01-01 "$context/src/main.c" "$context/src"
eq "$(steps DONE)" 0 "executed after touch:"
echo more >>"$context/README"
eq "$(steps DONE)" 0 "executed after a change that no COPY names:"
echo 'int other;' >"$context/src/main.c"
mini build --network none --progress plain --explain "$context" 2>"$scratch/progress"
contains "$(<"$scratch/progress")" "src/main.c"
matches "$(<"$scratch/progress")" "why: .*main.c.*(content|changed)"
grep -q '^#[0-9]* CACHED' "$scratch/progress" || fail "nothing was cached: $(<"$scratch/progress")"
echo 'int main;' >"$context/src/main.c"
ok build_id "$context"
eq "$out" "$id" "back to the first content:"
eq "$(steps DONE)" 0 "executed, back to the first content:"
# The same length and the same times, other bytes: the change time tells.
echo 'int niam;' >"$context/src/main.c"
touch -d 2001-01-01 "$context/src/main.c"
ok build_id "$context"
ne "$out" "$id" "other bytes, same size and mtime:"
echo 'int main;' >"$context/src/main.c"
chmod 600 "$context/src/main.c"
ok build_id "$context"
ne "$out" "$id" "another mode:"
chmod 644 "$context/src/main.c"

# --- arguments and --no-cache --------------------------------------------------------------------------------------
mini build --network none --progress plain --explain --target build --build-arg LEVEL=2 "$context" 2>"$scratch/progress"
contains "$(<"$scratch/progress")" LEVEL
ok build_id --no-cache "$context"
eq "$out" "$id" "--no-cache of what does not depend on the time:"
mini build --network none --progress plain --no-cache=build --target build "$context" 2>"$scratch/progress"
eq "$(grep -c '^#[0-9]* CACHED' "$scratch/progress")" 0 "cached with --no-cache=build:"

# --- the same id: other directory, other store, other time, other user of the files -------------------------------
cat >"$context/Dockerfile" <<'END'
FROM busybox
WORKDIR /w
COPY . .
RUN mkdir d && echo x >d/f && ln d/f d/hard && ln -s f d/link && touch -d "2020-02-02 00:00" d/f
RUN find / -xdev -newer /w -type f >/dev/null; rm /w/README; mv d e
LABEL a=b
CMD ["sh"]
END
ok build_id "$context"
want=$out
mkdir "$scratch/second"
cp -r --no-preserve=timestamps "$context" "$scratch/second/other-name"
find "$scratch/second/other-name" -exec touch -h -d '2033-03-03 03:03' {} +
ok build_id --no-cache "$scratch/second/other-name"
eq "$out" "$want" "another directory, other times:"
chown -R 1234:5678 "$scratch/second/other-name"
ok build_id "$scratch/second/other-name"
eq "$out" "$want" "another owner:"
other="--root $scratch/other --run-root $scratch/other-run"
sleep 1.1
mini $other import "$scratch/base.tar" busybox >/dev/null
ok mini $other build -q --network none "$context"
eq "$out" "$want" "another store, another time:"
ok env TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nowhere bash -c "umask 077; '$MINI' $other build -q --no-cache --network none '$context'"
eq "$out" "$want" "another environment and umask:"
ok mini $other fsck
# SOURCE_DATE_EPOCH is part of the input.
ok env SOURCE_DATE_EPOCH=1700000000 "$MINI" build -q --network none "$context"
epoch=$out
ne "$epoch" "$want"
ok env SOURCE_DATE_EPOCH=1700000000 "$MINI" $other build -q --network none "$context"
eq "$out" "$epoch"
eq "$(mini image inspect -f '{{.Created}}' "$epoch")" 2023-11-14T22:13:20Z
no_scratch_left

# --- two builds at once ------------------------------------------------------------------------------------------------
for i in 1 2 3 4; do mini build -q --no-cache --network none "$context" >"$scratch/at-once.$i" 2>&1 & done
wait
eq "$(sort -u "$scratch"/at-once.*)" "$want" "four at once:"
store_is_sound
no_scratch_left

# --- a failing step keeps what came before, and leaves no image ------------------------------------------------------------
printf 'FROM busybox\nRUN echo kept >/kept\nRUN exit 4\n' >"$context/Dockerfile"
fails_with 1 mini build --network none -t failing "$context"
fails_with 1 mini image inspect failing
fails_with 1 mini build --network none "$context"
contains "$err" CACHED
no_scratch_left
# Interrupted: the same.
printf 'FROM busybox\nRUN echo kept >/kept2\nRUN sleep 1000\n' >"$context/Dockerfile"
"$MINI" build --network none -t interrupted "$context" >"$scratch/progress" 2>&1 &
build=$!
eventually 10 grep -q 'RUN sleep' "$scratch/progress"
eventually 10 eval 'pgrep -P '"$build"' >/dev/null'
kill -TERM "$build"
wait "$build"
eq "$?" 130 "exit code of an interrupted build:"
fails_with 1 mini image inspect interrupted
no_scratch_left
store_is_sound
