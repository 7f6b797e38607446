# Passwords: a registry with htpasswd, one behind a token server, Docker's config.json shared with
# skopeo in both directions, credential helpers; nothing secret in files that others can read, in
# argvs, in output or in logs.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/registry.sh"
need_packages docker-registry skopeo openssl apache2-utils || die "the peers could not be installed"
cleanup() { stop_registries; }
auth=$DOCKER_CONFIG/config.json

layout_of_base "$scratch/layout"
put() { skopeo_ copy -q --dest-tls-verify=false "$@"; }

# --- htpasswd ---------------------------------------------------------------------------------------------
htpasswd -Bbn alice 'open sesame' >"$scratch/htpasswd"
start_registry basic REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test \
  REGISTRY_AUTH_HTPASSWD_PATH="$scratch/htpasswd"
basic=127.0.0.1:$registry_port
ok put --dest-creds 'alice:open sesame' "oci:$scratch/layout:latest" "docker://$basic/team/base"
fails_with 1 mini pull "$basic/team/base"
contains "$err" "mini login $basic"
fails_with 1 mini login -u alice --password-stdin "$basic" <<<'wrong'
absent "$auth"
ok mini login -u alice --password-stdin "$basic" <<<'open sesame'
contains "$out" "Login Succeeded"
eq "$(stat -c %a "$auth")" 600 "mode of config.json:"
eq "$(stat -c %a "$DOCKER_CONFIG")" 700 "mode of its directory:"
lacks "$(cat "$auth")" sesame
ok mini pull "$basic/team/base"
ok once "$basic/team/base" echo in
eq "$out" in
# What mini wrote, skopeo reads, and the other way round.
ok skopeo_ inspect --authfile "$auth" --tls-verify=false "docker://$basic/team/base"
ok mini logout "$basic"
contains "$out" "Removing login credentials for $basic"
ok mini logout "$basic"
contains "$out" "Not logged in to $basic"
lacks "$(cat "$auth")" "$basic"
ok skopeo login --authfile "$auth" --tls-verify=false -u alice -p 'open sesame' "$basic"
ok mini rmi "$basic/team/base"
ok mini pull "$basic/team/base"
ok mini logout "$basic"

# --- a helper keeps it ----------------------------------------------------------------------------------------
mkdir "$scratch/bin"
cat >"$scratch/bin/docker-credential-drawer" <<END
#!/bin/sh
case \$1 in
  store) cat >$scratch/drawer ;;
  get) cat $scratch/drawer 2>/dev/null || { echo credentials not found; exit 1; } ;;
  erase) rm -f $scratch/drawer ;;
esac
END
chmod 755 "$scratch/bin/docker-credential-drawer"
printf '{"credHelpers": {"%s": "drawer"}}' "$basic" >"$auth"
export PATH=$scratch/bin:$PATH
ok mini login -u alice --password-stdin "$basic" <<<'open sesame'
exists "$scratch/drawer"
lacks "$(cat "$auth")" '"auth"'
ok mini rmi "$basic/team/base"
ok mini pull "$basic/team/base"
ok mini logout "$basic"
absent "$scratch/drawer"
fails_with 1 mini pull "$basic/team/base"
rm -f "$auth"

# --- a token server ---------------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens -keyout "$scratch/token.key" \
  -out "$scratch/token.crt" 2>/dev/null
start_python tokens "$here/../lib/token_server.py" "$scratch/token.key" "$scratch/token.crt" "$scratch/asked"
start_registry tokened REGISTRY_AUTH=token REGISTRY_AUTH_TOKEN_REALM="http://127.0.0.1:$server_port/token" \
  REGISTRY_AUTH_TOKEN_SERVICE=test-service REGISTRY_AUTH_TOKEN_ISSUER=test \
  REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE="$scratch/token.crt"
tokened=127.0.0.1:$registry_port
for name in public/base secret/base; do
  ok put --dest-creds 'alice:open sesame' "oci:$scratch/layout:latest" "docker://$tokened/$name"
done
: >"$scratch/asked"
ok mini pull "$tokened/public/base"
eq "$(sort -u "$scratch/asked")" "GET nobody repository:public/base:pull" "asked:"
fails_with 1 mini pull "$tokened/secret/base"
contains "$err" "mini login"
fails_with 1 mini login -u alice --password-stdin "$tokened" <<<'wrong'
ok mini login -u alice --password-stdin "$tokened" <<<'open sesame'
: >"$scratch/asked"
ok mini pull "$tokened/secret/base"
eq "$(cat "$scratch/asked")" "GET alice repository:secret/base:pull" "one token for a pull:"

# An identity token instead of a password.
printf '{"auths": {"%s": {"auth": "YWxpY2U6", "identitytoken": "refresh-me"}}}' "$tokened" >"$auth"
ok mini rmi "$tokened/secret/base"
: >"$scratch/asked"
ok mini pull "$tokened/secret/base"
contains "$(cat "$scratch/asked")" refreshed

# --- nothing secret is told --------------------------------------------------------------------------------------
ok mini login -u alice --password-stdin "$tokened" <<<'open sesame'
ok mini rmi "$tokened/secret/base"
code=0
strace -f -qq -e trace=execve -s 4096 -o "$scratch/execs" "$MINI" --debug pull "$tokened/secret/base" \
  >"$scratch/talk" 2>&1 || fail "pull under strace"
contains "$(cat "$scratch/talk")" "/v2/secret/base/manifests/latest"
packed=$(printf 'alice:open sesame' | base64)
for secret in sesame "$packed" Bearer; do
  lacks "$(cat "$scratch/talk")" "$secret"
  lacks "$(cat "$scratch/execs")" "$secret"
done
grep -rlE "sesame|$packed" "$MINI_ROOT" && fail "a password in the store"
store_is_sound
no_scratch_left
