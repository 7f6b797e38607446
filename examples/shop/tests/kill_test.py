#!/usr/bin/env python3
"""kill_test.py BIN [mariadb]: the shop as processes, under load, while its services, the collector and (with `mariadb`, which stores it all in a
MariaDB server of the test's own) the database are killed in turn (SIGKILL) and started again.
kill_test.py containers [NAME...]: the same with the shop that runs already in containers (shop_containers.py), with all that examples/lib/shop.sh has
started beside it: NAME is some of kafka, mariadb, zipkin.

No order lost, none doubled, no request hanging, stock exact: each client sends an order with an Idempotency-Key again until it is answered 201, as
a client that cannot know must do; in the end the orders are exactly the keys, and the stock is what was there less what they took.
"""
import collections
import http.client
import sqlite3
import sys
import tempfile
import threading
import time

from mariadb_server import MariaDb
from shop_containers import ContainerShop
from shop_processes import Shop

STOCK, CLIENTS = 100000, 6
VICTIMS = ("order-service", "catalog-service", "collector", "gateway", "order-service", "user-service", "catalog-service")


class Client(threading.Thread):
    def __init__(self, shop, number, ended):
        super().__init__()
        self.shop, self.number, self.ended = shop, number, ended
        self.accepted, self.statuses, self.wrong = {}, collections.Counter(), []

    def run(self):
        try:
            while not self.ended.is_set():
                self.order(f"{self.number}-{len(self.accepted)}")
                time.sleep(self.shop.pause)
        except Exception as error:
            self.wrong.append(repr(error))

    def order(self, key):
        quantity = 1 + hash(key) % 3
        body = {"productId": f"CATALOG-000{1 + self.number % 3}", "qty": quantity, "unitPrice": 1500}
        while True:
            try:
                status, answer = self.shop.ask("POST", f"/order-service/user-{self.number}/orders", body, {"Idempotency-Key": key})
            except TimeoutError:
                self.wrong.append(f"order {key} hangs")
                return
            except (OSError, http.client.HTTPException):
                status = 0  # the gateway itself was killed
            self.statuses[status] += 1
            if status == 201:
                self.accepted[key] = (answer["orderId"], body["productId"], quantity)
                return
            if status not in (0, 502, 503, 504):
                self.wrong.append(f"order {key}: {status} {answer}")
                return
            time.sleep(0.02)


def kill_in_turn(shop, clients, servers):
    # A container's published port goes and comes with it, which is mini's matter: there the gateway stays.
    victims = [v for v in VICTIMS if not (isinstance(shop, ContainerShop) and v == "gateway")]
    for victim in (victims + list(servers)) * shop.rounds:
        before = [len(client.accepted) for client in clients]
        deadline = time.monotonic() + 60
        while all(len(c.accepted) < b + 3 for c, b in zip(clients, before)) and time.monotonic() < deadline:
            time.sleep(0.01)
        if victim in servers:
            servers[victim].kill()
            servers[victim].start()
            continue
        shop.end(victim)
        time.sleep(0.2)
        shop.start(victim)


class SqliteStore:
    def __init__(self, directory):
        self.file = f"file:{directory}/order.db?mode=ro"

    def run(self, sql):
        with sqlite3.connect(self.file, uri=True) as db:
            return [tuple(str(value) for value in row) for row in db.execute(sql)]


class MariaDbStore:
    def __init__(self, server, database):
        self.server, self.database = server, database

    def run(self, sql):
        return self.server.run(f"USE `{self.database}`; {sql}")


def settled(store):
    """Waits until every event is consumed."""
    for _ in range(600):
        if store.run("SELECT COUNT(*) FROM outbox") == [("0",)]:
            return True
        time.sleep(0.1)
    return False


def stored_orders(store):
    return {key: (order, product, int(quantity)) for key, order, product, quantity in
            store.run("SELECT idempotency, order_id, product_id, qty FROM orders")}


def check(shop, store, clients, before):
    accepted = {f"user-{c.number}/{key}": value for c in clients for key, value in c.accepted.items()}
    stored = stored_orders(store)
    assert stored == {**before, **accepted}, f"{len(stored)} stored, {len(before)} before, {len(accepted)} accepted"
    taken = collections.Counter()
    for _, product, quantity in stored.values():
        taken[product] += quantity
    for _ in range(600):
        if sum(p["sold"] for p in shop.ask("GET", "/catalog-service/catalogs")[1]) >= sum(taken.values()):
            break
        time.sleep(0.1)
    for product in shop.ask("GET", "/catalog-service/catalogs")[1]:
        expected = taken[product["productId"]]
        assert (product["stock"], product["sold"]) == (STOCK - expected, expected), (product, expected)
    return len(accepted)


def play(shop, store, servers):
    shop.start()
    before = stored_orders(store)
    ended = threading.Event()
    clients = [Client(shop, n, ended) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        kill_in_turn(shop, clients, servers)
    finally:
        ended.set()
        for client in clients:
            client.join()
    wrong = [w for client in clients for w in client.wrong]
    assert not wrong, wrong[:5]
    assert settled(store), "events are left in the outbox"
    orders = check(shop, store, clients, before)
    statuses = sum((client.statuses for client in clients), collections.Counter())
    assert orders > 0 and sum(n for s, n in statuses.items() if s != 201) > 0, "the kills hit nothing"
    print(f"{orders} orders, answers by status {dict(statuses)}: none lost, none doubled, stock exact")


def play_containers(names):
    shop = ContainerShop(names)
    servers = shop.servers()
    play(shop, MariaDbStore(servers["mariadb"], "order") if "mariadb" in servers else SqliteStore(shop.directory), servers)


def play_processes(binaries, storage="sqlite"):
    with tempfile.TemporaryDirectory(prefix="shop-kill.") as directory:
        shop = Shop(binaries, directory, SEED_STOCK=str(STOCK), CB_WAIT_OPEN_MS="100", CB_WINDOW="10", CB_HALF_OPEN_CALLS="2")
        if storage == "sqlite":
            try:
                return play(shop, SqliteStore(directory), {})
            finally:
                shop.stop()
        server = MariaDb(directory)
        try:
            server.start()
            server.create(("users", "orders", "catalogs"))
            for name, database in (("user-service", "users"), ("order-service", "orders"), ("catalog-service", "catalogs")):
                shop.own[name] = {"DB_URL": server.url(database)}
            play(shop, MariaDbStore(server, "orders"), {"mariadb": server})
        finally:
            shop.stop()
            server.stop()


if sys.argv[1] == "containers":
    play_containers(sys.argv[2:])
else:
    play_processes(*sys.argv[1:])
