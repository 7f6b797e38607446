# A wrong Dockerfile or context: the message names file, line and cause, shows the line with a caret,
# and says the cure; nothing is built.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
context=$scratch/context
mkdir "$context"
echo x >"$context/file.txt"

# wrong TEXT WANT... : the Dockerfile TEXT is refused, and each WANT is in what is said.
wrong() {
  local want
  printf "$1" >"$context/Dockerfile"
  fails_with 1 mini build --network none -t wrong "$context"
  shift
  for want in "$@"; do contains "$err" "$want"; done
  eq "$out" ""
}

wrong 'FROM busybox\nRNU true\n' Dockerfile:2 RNU RUN '^'
wrong 'FROM busybox\nCOPPY a b\n' Dockerfile:2 COPY '^'
wrong 'FORM busybox\n' Dockerfile:1 FROM
wrong 'RUN true\n' FROM
wrong '' Dockerfile
wrong 'FROM busybox\nCOPY a\n' Dockerfile:2 COPY
wrong 'FROM busybox\nCOPY fil.txt /\n' Dockerfile:2 fil.txt file.txt
wrong 'FROM busybox\nCOPY ../../etc/passwd /\n' Dockerfile:2
wrong 'FROM busybox\nCOPY --form=x a b\n' Dockerfile:2 --from
wrong 'FROM busybox\nCOPY --from=nosuch /a /b\n' Dockerfile:2 nosuch
wrong 'FROM busybox\nCOPY --from=wrong /no/such /b\n' Dockerfile:2
wrong 'FROM nosuch:1\n' Dockerfile:1 nosuch
wrong 'FROM busybox\nRUN --mount=type=bnd,target=/x true\n' Dockerfile:2 bind
wrong 'FROM busybox\nRUN --mount=type=secret,id=missing,required=true true\n' Dockerfile:2 missing
wrong 'FROM busybox\nRUN exit 42\n' Dockerfile:2 42
wrong 'FROM busybox\nRUN echo visible output; false\n' "visible output" Dockerfile:2
wrong 'FROM busybox\nRUN nosuchcommand\n' Dockerfile:2 127
wrong 'FROM busybox\nRUN ["nosuchcommand"]\n' Dockerfile:2 nosuchcommand
wrong 'FROM busybox\nUSER nosuchuser\nRUN true\n' nosuchuser
wrong 'FROM busybox\nRUN --network=host true\n' Dockerfile:2 --allow
wrong 'FROM busybox\nADD https://example.org/x /\n' Dockerfile:2 https://example.org/x
wrong 'FROM busybox\nADD git@example.org:x.git /\n' Dockerfile:2
wrong 'FROM busybox\nEXPOSE 99999\n' Dockerfile:2 99999
wrong 'FROM busybox\nSTOPSIGNAL SIGNOSUCH\n' Dockerfile:2 SIGNOSUCH
wrong 'FROM busybox\nENV\n' Dockerfile:2
wrong 'FROM busybox\nCOPY <<EOF /x\nnever ended\n' Dockerfile:2 EOF
wrong 'FROM busybox\nHEALTHCHECK --interval=often CMD true\n' Dockerfile:2 often
wrong 'FROM busybox\nRUN echo ${X:?say X}\nENV Y=${X:?say X}\n' 'say X'
wrong 'FROM --platform=linux/s390x busybox\n' s390x
wrong 'ARG V\nFROM $V\n' Dockerfile:2
# Control bytes of a Dockerfile do not reach the terminal.
wrong 'FROM busybox\n\033[31mRED\n' Dockerfile:2
lacks "$err" $'\033[31m'

printf 'FROM busybox AS one\nFROM busybox AS two\n' >"$context/Dockerfile"
fails_with 1 mini build --target tow "$context"
contains "$err" two
fails_with 1 mini build -f "$scratch/nofile" "$context"
contains "$err" "$scratch/nofile"
rm "$context/Dockerfile"
fails_with 1 mini build "$context"
contains "$err" Dockerfile
fails_with 1 mini build - </dev/null
fails_with 1 mini build - < <(head -c 2000 /dev/urandom)
eq "$(mini images --format '{{.Repository}}')" busybox "images after all that:"

# --- --check -------------------------------------------------------------------------------------------------
cat >"$context/Dockerfile" <<'END'
ARG VERSION=1
FROM busybox AS unused
FROM busybox
ENV API_TOKEN=abc
RUN echo $VERSION
ENTRYPOINT echo
CMD ["x"]
END
fails_with 1 mini build --check "$context"
contains "$out" Dockerfile:4
contains "$out" API_TOKEN
contains "$out" Dockerfile:6
matches "$out" "[0-9]+ warnings have been found"
printf 'FROM busybox\nRUN true\n' >"$context/Dockerfile"
ok mini build --check "$context"
contains "$out" "no warnings found"
printf '# check=error=true\nFROM busybox\nENTRYPOINT echo\n' >"$context/Dockerfile"
fails_with 1 mini build "$context"
contains "$err" "lint violation found for rules: JSONArgsRecommended"
ok mini build --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all "$context"
no_scratch_left
