"""validate.py LAYOUT: index.json, and every manifest and config that it names, against the schemas
beside this file; digests and sizes of the descriptors against the blobs; what a manifest and its
config say twice against each other."""
import hashlib
import json
import os
import sys

import jsonschema

here = os.path.dirname(os.path.abspath(__file__))
layout = sys.argv[1]


def schema(name):
    with open(f"{here}/{name}.json") as file:
        return jsonschema.Draft7Validator(json.load(file))


def blob(descriptor):
    algorithm, digest = descriptor["digest"].split(":")
    with open(f"{layout}/blobs/{algorithm}/{digest}", "rb") as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == digest, digest
    assert len(data) == descriptor["size"], f"{digest}: size"
    return json.loads(data)


with open(f"{layout}/oci-layout") as file:
    assert json.load(file) == {"imageLayoutVersion": "1.0.0"}, "oci-layout"
with open(f"{layout}/index.json") as file:
    index = json.load(file)
schema("index").validate(index)
for entry in index["manifests"]:
    manifest = blob(entry)
    schema("manifest").validate(manifest)
    config = blob(manifest["config"])
    schema("config").validate(config)
    layers, diff_ids = manifest["layers"], config["rootfs"]["diff_ids"]
    assert len(layers) == len(diff_ids), "layers and diff ids"
    for layer, diff_id in zip(layers, diff_ids):
        if layer["mediaType"].endswith(".tar"):
            assert layer["digest"] == diff_id, "an uncompressed layer is its diff id"
    filled = [entry for entry in config.get("history", []) if not entry.get("empty_layer")]
    assert not filled or len(filled) == len(layers), "history and layers"
print(len(index["manifests"]), "images are valid")
