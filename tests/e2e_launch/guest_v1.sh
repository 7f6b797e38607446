# Runs inside the virtual machine, as root: v1 in place of the v2 tree that it boots with.
groups=/sys/fs/cgroup
umount $groups && mount -t tmpfs groups $groups || exit 2
for controllers in cpu,cpuacct cpuset memory devices freezer blkio pids; do
  mkdir "$groups/$controllers"
  mount -t cgroup -o "$controllers" groups "$groups/$controllers" || exit 2
done
echo "layout: v1"
exec /files/cgroup_root_test
