#!/bin/sh
echo "Hello from the entrypoint, in $(pwd) as $(id -un)"
