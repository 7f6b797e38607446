# The store's images are an OCI image layout: its JSON is valid by the image specification's schemas,
# and others read it. Only the tars of the layers are not among the blobs; they are made on demand.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
need_packages python3-jsonschema skopeo jq || die "packages"
base_image

mkdir "$scratch/context"
cp -r "$here/cases/metadata/." "$scratch/context/"
mini build -q --network none -t metadata "$scratch/context" >/dev/null || die "build"
cat >"$scratch/context/Dockerfile" <<'END'
FROM busybox
ARG A=1
ENV X="a=b c" EMPTY=
RUN echo 1 >/1
WORKDIR /w
COPY Dockerfile /2
USER 1000:1000
EXPOSE 80 443/udp
VOLUME /data /more
LABEL a.b="c \"d\" ü"
STOPSIGNAL SIGQUIT
SHELL ["/bin/sh", "-ec"]
HEALTHCHECK --interval=3s --timeout=1m --start-period=5s --retries=2 CMD ["true"]
ONBUILD COPY . /
CMD echo shell form
END
for options in "-t all" "-t all:two -t all:three" "--target 0"; do
  mini build -q --network none $options "$scratch/context" >/dev/null || die "build $options"
done
mini import -c 'ENTRYPOINT ["/bin/sh"]' -m "a comment" "$scratch/base.tar" imported >/dev/null || die import

# Debian's own Python has Debian's jsonschema.
python=/usr/bin/python3
ok $python "$here/schema/validate.py" "$MINI_ROOT/images"
matches "$out" "^[3-9] images are valid"
# The check itself can fail.
cp -r "$MINI_ROOT/images" "$scratch/broken"
sed -i 's/"schemaVersion":2/"schemaVersion":1/' "$scratch/broken/index.json"
fails_with 1 $python "$here/schema/validate.py" "$scratch/broken"

# skopeo wants an index of the names that it knows: the annotation of the image layout.
names=$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"] // empty' "$MINI_ROOT/images/index.json")
[ -n "$names" ] || fail "no image has org.opencontainers.image.ref.name: $(jq -c .manifests[0] "$MINI_ROOT/images/index.json")"
checked=0
while read -r name; do
  [ -n "$name" ] || continue
  ok skopeo inspect --raw "oci:$MINI_ROOT/images:$name"
  digest=sha256:$(printf '%s' "$out" | sha256sum | cut -d' ' -f1)
  ok skopeo inspect --config --raw "oci:$MINI_ROOT/images:$name"
  eq "sha256:$(printf '%s' "$out" | sha256sum | cut -d' ' -f1)" "$(mini image inspect -f '{{.Id}}' "$name")" "the config of $name:"
  contains "$(mini images --digests --format '{{.Digest}}')" "$digest"
  ok skopeo inspect --config "oci:$MINI_ROOT/images:$name"
  eq "$(jq -r '.config.Env | length' <<<"$out")" "$(mini image inspect -f '{{len .Config.Env}}' "$name")" "Env of $name:"
  checked=$((checked + 1))
done <<<"$names"
at_most 4 "$checked" "names that skopeo looked at, at least:"
