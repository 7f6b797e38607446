# Runs inside the virtual machine, as root, on the v2 tree that it boots with.
echo "layout: v2"
exec /files/cgroup_root_test
