# `mini build`: what the instructions leave in the image and its config, the flags, the contexts, and
# the course's own Dockerfiles. What Docker makes of the same is tests/interop/build_same_test.sh.
. "$(dirname "$0")/../lib/e2e.sh"
repository=$(cd "$(dirname "$0")/../.." && pwd)
base_image
context=$scratch/context
mkdir "$context"
config() { mini image inspect --format "{{json .Config.$2}}" "$1"; }
dockerfile() { cat >"$context/Dockerfile"; }

# --- every instruction ------------------------------------------------------------------------------------
cat >"$context/.dockerignore" <<'END'
*.log
!keep.log
secret-dir
END
mkdir -p "$context/tree/sub" "$context/secret-dir"
echo a >"$context/a.txt"
echo b >"$context/tree/b.txt"
echo c >"$context/tree/sub/c.txt"
touch "$context/drop.log" "$context/keep.log" "$context/secret-dir/x"
tar -C "$context" -cf "$context/archive.tar" tree
dockerfile <<'END'
# syntax=docker/dockerfile:1
ARG BASE=busybox
ARG TAG=latest
FROM ${BASE}:${TAG} AS first
ARG WHO=nobody
ENV GREETING="hello ${WHO}" NAME=a.txt
RUN echo $GREETING >/greeting
WORKDIR /work
WORKDIR deep
RUN pwd >/pwd
COPY $NAME renamed.txt
COPY --chown=app:wheel --chmod=640 a.txt /owned
COPY *.txt *.log tree /many/
COPY . /all/
COPY --parents tree/sub/c.txt /parents/
COPY --exclude=*.txt tree /excluded/
COPY <<one.txt <<two.txt /docs/
first, $NAME
one.txt
second
two.txt
ADD archive.tar /unpacked/
ADD a.txt /added
SHELL ["/bin/sh", "-e", "-c"]
RUN <<END_OF_SCRIPT
false | true
echo from a script >/script
END_OF_SCRIPT
RUN ["/bin/sh", "-c", "echo exec form >/exec"]
USER app:wheel
RUN id -u >/tmp/id
USER root
LABEL one=1 "two words"="2 2"
EXPOSE 80 53/udp
VOLUME ["/data"]
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --retries=7 CMD test -e /
ONBUILD RUN echo triggered >/triggered
MAINTAINER someone
ENTRYPOINT ["/bin/echo"]
CMD ["by", "default"]

FROM first AS second
FROM busybox
COPY --from=first /greeting /pwd /
COPY --from=busybox:latest /bin/busybox /copied
COPY --from=0 /owned /owned
END
ok build_id --build-arg WHO=you --target first -t all "$context"
ok once --entrypoint "" all cat /greeting /pwd /work/deep/renamed.txt /exec /script /tmp/id /docs/one.txt /docs/two.txt
eq "$out" "hello you"$'\n'/work/deep$'\n'a$'\n'"exec form"$'\n'"from a script"$'\n'1000$'\n'"first, a.txt"$'\n'second
ok once --entrypoint "" all sh -c 'stat -c "%a %u:%g" /owned; cd /; find many all parents excluded unpacked added | sort | tr "\n" " "'
eq "$out" "640 1000:10"$'\n'"added all all/.dockerignore all/Dockerfile all/a.txt all/archive.tar all/keep.log all/tree all/tree/b.txt all/tree/sub all/tree/sub/c.txt excluded excluded/sub excluded/sub/c.txt many many/a.txt many/b.txt many/keep.log many/sub many/sub/c.txt parents parents/tree parents/tree/sub parents/tree/sub/c.txt unpacked unpacked/tree unpacked/tree/b.txt unpacked/tree/sub unpacked/tree/sub/c.txt "
ok once all
eq "$out" "by default"
eq "$(config all Entrypoint)" '["/bin/echo"]'
eq "$(config all Cmd)" '["by","default"]'
eq "$(config all User)" '"root"'
eq "$(config all WorkingDir)" '"/work/deep"'
eq "$(config all ExposedPorts)" '{"53/udp":{},"80/tcp":{}}'
eq "$(config all Volumes)" '{"/data":{}}'
eq "$(config all Labels)" '{"one":"1","two words":"2 2"}'
eq "$(config all StopSignal)" '"SIGUSR1"'
eq "$(config all OnBuild)" '["RUN echo triggered >/triggered"]'
eq "$(config all Healthcheck | jq -c .)" '{"Test":["CMD-SHELL","test -e /"],"Interval":5000000000,"Retries":7}'
contains "$(config all Env)" '"GREETING=hello you"'
lacks "$(config all Env)" WHO
eq "$(mini image inspect --format '{{.Author}}' all)" someone
# The stage that ONBUILD speaks to, and what nothing needs.
ok build_id --build-arg WHO=you --target second -t onbuild "$context"
ok once --entrypoint "" onbuild cat /triggered
eq "$out" triggered
ok mini build --network none --build-arg WHO=you -t last "$context"
eq "$out" "" "what build prints on standard output:"
contains "$err" SKIPPED
ok once last cat /greeting /owned
eq "$out" "hello you"$'\n'a
# A target by number, in another case.
ok build_id --build-arg WHO=you --target FIRST "$context"
same=$out
ok build_id --build-arg WHO=you --target 0 "$context"
eq "$out" "$same"

# --- stages run side by side: each waits for the other's file in a shared cache directory ---------------------
dockerfile <<'END'
FROM busybox AS a
RUN --mount=type=cache,id=meet,target=/c touch /c/a && for i in $(seq 100); do [ -e /c/b ] && exit 0; sleep 0.1; done; exit 1
FROM busybox AS b
RUN --mount=type=cache,id=meet,target=/c touch /c/b && for i in $(seq 100); do [ -e /c/a ] && exit 0; sleep 0.1; done; exit 1
FROM busybox
COPY --from=a /etc/passwd /a
COPY --from=b /etc/passwd /b
END
ok build_id "$context"

# --- mounts of RUN ------------------------------------------------------------------------------------------------
echo "hidden treasure" >"$scratch/secret"
dockerfile <<'END'
FROM busybox AS tool
RUN echo tool >/tool
FROM busybox
RUN --mount=type=secret,id=key cat /run/secrets/key | wc -c >/length
RUN --mount=type=secret,id=key,target=/other,mode=444,uid=1000 stat -c "%a %u" /other >/stat
RUN --mount=type=secret,id=env,env=TOKEN test ${#TOKEN} = 15
RUN --mount=type=bind,target=/ctx cp /ctx/a.txt /bound && ! touch /ctx/x 2>/dev/null
RUN --mount=type=bind,from=tool,source=/tool,target=/t cp /t /from-stage
RUN --mount=type=bind,target=/ctx,rw echo gone >/ctx/a.txt
RUN --mount=type=cache,target=/cache echo x >>/cache/count && wc -l </cache/count >/count
RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -1 >/size && touch /t/x
RUN --network=none test "$(ls /sys/class/net)" = lo
END
ok env VARIABLE="from a variable" "$MINI" build -q --network none --secret "id=key,src=$scratch/secret" \
  --secret id=env,env=VARIABLE -t mounts "$context"
mounts=$out
ok once mounts sh -c 'cat /length /stat /bound /from-stage /count; ls -d /cache /ctx /t /other /run/secrets 2>/dev/null; true'
eq "$out" "16"$'\n'"444 1000"$'\n'a$'\n'tool$'\n'1 "mounts of RUN leave nothing:"
ok once mounts cat /size
contains "$out" " 1024 "
eq "$(<"$context/a.txt")" a "the context after a bind with rw:"
# Secrets are in no layer, no history, no config, no log.
grep -rqs "hidden treasure" "$MINI_ROOT" "$MINI_RUN_ROOT" && fail "the secret is in the store: $(grep -rls "hidden treasure" "$MINI_ROOT" "$MINI_RUN_ROOT")"
grep -rqs "from a variable" "$MINI_ROOT/images" "$MINI_ROOT/layers" && fail "the secret variable is in the image"
fails_with 1 mini build --no-cache --network none "$context"
contains "$err" key
# A cache mount outlives a rebuild of its step.
ok build_id --no-cache --secret "id=key,src=$scratch/secret" --secret id=env,src=<(printf "from a variable") -t mounts "$context"
ok once mounts cat /count
eq "$out" 2 "the cache mount:"
ne "$mounts" ""

# --- contexts and files ----------------------------------------------------------------------------------------------
dockerfile <<'END'
FROM busybox
COPY a.txt /
END
ok build_id "$context"
want=$out
(cd "$context" && [ "$(build_id .)" = "$want" ] && [ "$(build_id)" = "$want" ]) || fail "the context ."
ok mini build -q --network none - < <(tar -C "$context" -cf - .)
eq "$out" "$want" "a tar as context:"
ok mini build -q --network none - < <(tar -C "$context" -czf - .)
eq "$out" "$want" "a compressed tar as context:"
ok mini build -q --network none -f - "$context" <"$context/Dockerfile"
eq "$out" "$want" "-f -:"
ok mini build -q --network none - < <(echo 'FROM busybox')
alone=$out
echo 'FROM busybox' >"$scratch/Alone"
ok build_id -f "$scratch/Alone" "$context"
eq "$out" "$alone" "a Dockerfile alone as context:"
mkdir "$scratch/elsewhere"
cp "$context/Dockerfile" "$scratch/elsewhere/My.Dockerfile"
echo a.txt >"$scratch/elsewhere/My.Dockerfile.dockerignore"
fails_with 1 mini build -q --network none -f "$scratch/elsewhere/My.Dockerfile" "$context"
contains "$err" dockerignore
rm "$scratch/elsewhere/My.Dockerfile.dockerignore"
ok build_id -f "$scratch/elsewhere/My.Dockerfile" "$context"
eq "$out" "$want"
ok mini build --list-context "$context"
contains "$out" keep.log
lacks "$out" drop.log
lacks "$out" secret-dir/
# A Dockerfile that .dockerignore leaves out is still read.
echo '*' >"$context/.dockerignore"
dockerfile <<'END'
FROM busybox
END
ok build_id "$context"
rm "$context/.dockerignore"

# --- flags -----------------------------------------------------------------------------------------------------------------
ok mini build --network none --iidfile "$scratch/iid" -t one -t two:2 --label built=here --progress plain "$context"
matches "$(<"$scratch/iid")" ^sha256:[0-9a-f]{64}$
eq "$(mini image inspect -f '{{.Id}}' one)" "$(<"$scratch/iid")"
eq "$(mini image inspect -f '{{.Id}}' two:2)" "$(<"$scratch/iid")"
eq "$(config one Labels)" '{"built":"here"}'
contains "$err" "#1 "
ok mini build --network none --progress json "$context"
jq -e .event <<<"$err" >/dev/null || fail "--progress json: $err"
ok mini build --network none --progress quiet "$context"
eq "$err" ""
fails_with 1 mini build --progress loud "$context"
fails_with 1 mini build --secret src=x "$context"
fails_with 1 mini build "$scratch/no-such-context"
contains "$err" "$scratch/no-such-context"
dockerfile <<'END'
FROM scratch
COPY a.txt /
END
ok build_id -t only "$context"
eq "$(mini image inspect -f '{{len .RootFS.Layers}}' only)" 1
fails_with 127 once only /nothing

# --- a user that the image lacks makes a WORKDIR of root's; a proxy is there under both spellings ------------------------------
dockerfile <<'END'
FROM busybox
USER nobody-here
WORKDIR /by/nobody
USER 7:nogroup-here
WORKDIR /by/seven
USER 0
RUN stat -c '%u:%g %a' /by/nobody /by/seven >/owners && echo "$HTTP_PROXY $http_proxy $no_proxy $NO_PROXY" >/proxies
END
ok build_id -t users --build-arg HTTP_PROXY=http://p:1 --build-arg no_proxy=a "$context"
eq "$(once users cat /owners | tr '\n' ' ')" "0:0 755 0:0 755 "
eq "$(once users cat /proxies)" "http://p:1 http://p:1 a a"
eq "$(config users Env | grep -ci proxy)" 0

# --- an escaped wildcard is a name ------------------------------------------------------------------------------------------
mkdir "$context/names"
touch "$context"/names/{'n?me',name,'st*r',star,'[a]',a,'back\slash'}
dockerfile <<'END'
FROM busybox
COPY names/n\?me names/st\*r names/\[a] names/back\\slash /escaped/
COPY ["names/n\\?me", "/json/"]
COPY names/n?me names/[a]* /wild/
END
ok build_id -t names "$context"
eq "$(once names ls /escaped /json /wild | tr '\n' ' ')" '/escaped: [a] back\slash n?me st*r  /json: n?me  /wild: a n?me name '
rm -r "$context/names"

# --- --link: as if nothing were below ---------------------------------------------------------------------------------------
dockerfile <<'END'
FROM busybox AS base
RUN mkdir -p /real /data && chmod 700 /data && ln -s /real /link && echo below >/data/kept && echo >/file
FROM base
COPY --link a.txt /link/
COPY --link a.txt /data/new
COPY --link --chown=3:4 tree /file/
ADD --link archive.tar /link/
END
ok build_id -t linked "$context"
eq "$(once linked sh -c 'ls /real; ls -d /link/*; stat -c %F /link /file; ls /data; stat -c %u:%g /file/b.txt' | tr '\n' ' ')" \
  '/link/a.txt /link/tree directory directory kept new 3:4 '
layers() { mini image inspect -f '{{json .RootFS.Layers}}' "$1" | jq -c '.[-4:]'; }
first=$(layers linked)
dockerfile <<'END'
FROM scratch
COPY --link a.txt /link/
COPY --link a.txt /data/new
COPY --link --chown=3:4 tree /file/
ADD --link archive.tar /link/
END
ok build_id -t linked "$context"
eq "$(layers linked)" "$first" "layers of --link on another base:"

# --- --build-context: before stages and images of that name ------------------------------------------------------------------
mkdir -p "$scratch/lib/sub"
echo lib >"$scratch/lib/sub/f"
echo secret >"$scratch/lib/secret"
echo 'secret' >"$scratch/lib/.dockerignore"
chown -R 5:6 "$scratch/lib"
dockerfile <<'END'
FROM busybox AS lib
RUN echo stage >/f
FROM alpine:3.20
COPY --from=lib /sub/f /copied
COPY --from=docker.io/library/other:latest / /all
RUN --mount=from=lib,target=/m ls -A /m >/mounted && stat -c %u:%g /m/sub/f >>/mounted
FROM lib
END
fails_with 1 build_id --target 1 "$context"
contexts="--build-context alpine:3.20=docker-image://busybox --build-context lib=$scratch/lib --build-context other=$scratch/lib"
ok build_id --target 1 -t contexts $contexts "$context"
eq "$(once contexts sh -c 'cat /copied /mounted; find /all -type f' | tr '\n' ' ')" "lib .dockerignore sub 0:0 /all/.dockerignore /all/sub/f "
ok mini build --network none --progress plain --target 1 $contexts "$context"
eq "$(grep -c CACHED <<<"$err")" 3
echo more >>"$scratch/lib/sub/f"
ok build_id --target 1 -t contexts $contexts "$context"
contains "$(once contexts cat /copied)" more
ok build_id -t from-directory $contexts "$context"
ok mini save -o "$scratch/from.tar" from-directory
fails_with 1 build_id --build-context "lib=$scratch/nowhere" "$context"
contains "$err" "$scratch/nowhere"
for bad in lib =x lib= lib=ftp://x lib=docker-image://UPPER; do
  code=0
  mini build --build-context "$bad" "$context" 2>"$scratch/stderr" || code=$?
  ne "$code" 0 "--build-context $bad:"
  contains "$(<"$scratch/stderr")" "${bad##*/}"
done

# --- the course's Dockerfiles --------------------------------------------------------------------------------------------------
mini tag busybox ubuntu:16.04
mini tag busybox node:14.17-alpine3.14
ok build_id -t hello "$repository/examples/hello"
ok once hello cat /mydata/test.txt
eq "$out" "$(<"$repository/examples/hello/test.txt")"
ok build_id -t script "$repository/examples/script"
ok once script
contains "$out" "in /mydata as root"
# The third needs npm; here only how it is read. examples/demo builds it whole.
ok mini build --check "$repository/examples/mynode"
sed 's/RUN npm install/RUN ls package.json index.js/' "$repository/examples/mynode/Dockerfile" >"$scratch/Dockerfile"
ok build_id -t mynode -f "$scratch/Dockerfile" "$repository/examples/mynode"
eq "$(config mynode Cmd)" '["npm","start"]'
no_scratch_left
store_is_sound
