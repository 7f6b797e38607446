# Exit statuses, situation by situation, as docker's client gives them (28.2, beside a daemon). Where mini
# is deliberately different the line says so.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cd "$scratch" || exit
mkdir context && echo "FROM busybox" >context/Dockerfile
: >plain
echo 1 >cidfile
mini run -d --name up --network none busybox sleep 1000 >/dev/null
mini create --name made --network none busybox true >/dev/null
mini volume create data >/dev/null
zeros=$(printf '0%.0s' {1..64})

# situation EXPECTED COMMAND LINE
situation() {
  local want=$1 got=0
  shift
  timeout --foreground -k 5 60 bash -c "\"$MINI\" $*" >out 2>err </dev/null || got=$?
  count=$((count + 1))
  [ "$got" = "$want" ] || fail "mini $*: exit status $got, want $want: $(tail -2 err)"
}
count=0
while read -r want line; do
  case $want in '' | '#'*) continue ;; esac
  situation "$want" "$line"
done <<END
# the command itself
1 qqqqqq
1 biuld .
125 --nosuch ps
125 --config
0 --help
0 help
0 help ps
0 help container ls
1 help qqqq
0 container
0 container -h
1 container foo
125 container --nosuch
1 network lss
0 ps -h
0 attach -h
# the number of arguments
1 rm
1 tag one
1 images a b
1 run
1 create
1 exec up
1 logs
1 logs a b
1 cp a
1 rename x
1 version extra
1 ps extra
1 build a b
# flags, and values that are not of their type
125 ps --nosuch
125 ps -Z
125 run --memory
125 run --memory lots busybox true
125 run --rm=perhaps busybox true
125 run --cpus many busybox true
125 run --cpu-shares x busybox true
125 create --memory lots busybox true
125 create --ulimit nofiles=1 busybox true
125 create -p a:b busybox true
125 create --expose x busybox true
125 create -v '' busybox true
125 create --mac-address foo busybox true
125 create --pull sometimes busybox true
125 create --rm --restart always busybox true
125 create --mount type=bind,source=/x busybox true
125 create --env-file nofile busybox true
125 create --security-opt nosuch busybox true
125 stop -t x up
125 restart -t x up
125 ps -n x
125 ps --filter foo
125 exec -e '' up true
125 build -t 'Bad Name' context
125 build --build-arg '' context
125 build --label '' context
125 build --pull=sometimes context
# values that are of their type and wrong
125 run --name no/slash busybox true
125 run --restart never busybox true
125 run --cap-add NO_SUCH busybox true
125 run --memory 1k busybox true
125 run -w rel busybox true
125 run -v a:b:c:d busybox true
125 run --cidfile cidfile busybox true
125 run --network nosuch busybox true
125 run --user nouser --network none busybox true
125 run --pull never nosuch true
125 run BAD:ref:x true
1 create --restart never busybox true
1 create --cap-add NO_SUCH busybox true
1 create --memory 1k busybox true
1 create -w rel busybox true
1 create -v a:b:c:d busybox true
1 create --ip foo busybox true
1 create --log-opt foo=bar busybox true
1 create --platform foo busybox true
1 create --cidfile cidfile busybox true
1 create --pull never nosuch
1 create --name up busybox true
1 kill -s NOSUCH up
1 stop -t 1 nosuch
1 rename up ../up
1 rename up made
1 logs --since yesterday-ish up
1 logs --tail many up
1 port up x
1 ps --filter colour=red
1 ps --filter status=foo
1 ps --filter expose=x
1 images --filter dangling=maybe
1 container prune --filter foo=bar -f
1 network ls -f type=bultin
1 tag busybox 'Bad Name'
1 tag busybox a@sha256:$zeros
1 rmi 'Bad Name'
1 pull 'Bad Name'
1 commit up 'Bad Name'
1 commit -c 'RUN true' up x
1 import plain 'Bad Name'
1 volume create 'a b'
1 volume create --driver nosuch x
1 network create --subnet foo n
1 network create --driver nosuch n
1 network create bridge
1 build --target tow context
1 build nodir
1 build -f nofile context
# templates
64 inspect -f '{{' nosuch
64 container inspect -f '{{' up
64 image inspect -f '{{' busybox
64 version --format '{{'
64 info --format '{{'
1 ps --format '{{'
1 images --format '{{'
1 ps --format '{{.Nmaes}}'
1 inspect -f '{{.No.More}}' up
1 inspect --type foo up
# what is not there
1 inspect nosuch
1 rm nosuch
0 rm -f nosuch
1 rmi nosuch
0 rmi -f nosuch
1 volume rm nosuch
0 volume rm -f nosuch
1 network rm nosuch
0 network rm -f nosuch
1 start nosuch
1 wait nosuch
1 exec nosuch true
1 exec made true
1 attach made
1 top made
1 pause made
1 rm up
1 rmi busybox
1 cp up:/nope .
1 cp nope up:/
1 cp a b
1 load -i nofile
1 save nosuch
# the process of run and exec
1 run -it --network none busybox true
0 run -t --network none busybox true
127 run --network none busybox nope
127 run --network none busybox /nope
126 run --network none busybox /etc
7 run --network none busybox sh -c 'exit 7'
137 run --init --network none busybox sh -c 'kill -9 \$\$; sleep 1'
125 run --network none -v /etc/passwd:/etc busybox true
0 run --network none -v data:/a -v data:/a busybox true
125 run --network none -v data:/a -v other:/a busybox true
1 exec -it up true
0 exec -t up true
9 exec up sh -c 'exit 9'
126 exec -u nouser up true
126 exec -w /nope up true
126 exec -w rel up true
126 exec up /etc
1 exec -d up nope
0 exec -d up true
# docker 28 with a current daemon; 20.10 gave 126
127 exec up nope
END
at_most 60 "$count" "situations:"
mini rm -f up made >/dev/null
