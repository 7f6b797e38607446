# examples/mydb: three images of a database, one on the other, share their layers; the last one starts and has the tables and rows of all.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/e2e.sh"
. "$here/../lib/packages.sh"
. "$here/../lib/bases.sh"
need_packages mmdebstrap || die "packages"
need_base mariadb_base
export MINI

ok mini import -c 'ENTRYPOINT ["/docker-entrypoint.sh"]' "$SHOP_BASES/mariadb_base.tar" mariadb:10.11
ok timeout 300 "$here/../../examples/mydb/demo"
contains "$out" "tables: catalog orders payments users"
contains "$out" "paid: Ann Berlin 4500"
eq "$(mini history -q mydb:3 | wc -l)" 5 "entries of the history:"

# A start that is killed while it fills the volume is begun anew by the next one; one without a password is refused.
fails_with 1 "$MINI" run --rm mydb:3
contains "$out$err" "set MARIADB_ROOT_PASSWORD"
ok mini run -d --name first -v data:/var/lib/mysql -e MARIADB_ROOT_PASSWORD=secret mydb:3
filling() { mini exec first ls /var/lib/mysql/.new/ibdata1 >/dev/null 2>&1; }
eventually 60 filling
ok mini rm -f first
ok mini run -d --name second -v data:/var/lib/mysql -e MARIADB_ROOT_PASSWORD=secret mydb:3
ask() { mini exec second mariadb --no-defaults --protocol=tcp -h127.0.0.1 -uroot -psecret -N mydb -e "$1"; }
asked() { [ "$(ask 'SELECT COUNT(*) FROM payments' 2>/dev/null)" = 1 ]; }
eventually 120 asked || die "$(mini logs second 2>&1)"
ok mini rm -f second
