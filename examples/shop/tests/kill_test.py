#!/usr/bin/env python3
"""kill_test.py BIN: the shop under load while its services and the collector are killed in turn (SIGKILL) and started again.

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

from shop_processes import Shop

STOCK, CLIENTS, ROUNDS = 100000, 6, 2
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


def kill_in_turn(shop, clients):
    for victim in VICTIMS * ROUNDS:
        before = [len(client.accepted) for client in clients]
        deadline = time.monotonic() + 60
        while all(len(c.accepted) < b + 3 for c, b in zip(clients, before)) and time.monotonic() < deadline:
            time.sleep(0.01)
        shop.end(victim)
        time.sleep(0.2)
        shop.start(victim)


def settled(shop):
    """Waits until every event is consumed."""
    for _ in range(600):
        with sqlite3.connect(f"file:{shop.directory}/order.db?mode=ro", uri=True) as db:
            if db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 0:
                return True
        time.sleep(0.1)
    return False


def check(shop, clients):
    accepted = {f"user-{c.number}/{key}": value for c in clients for key, value in c.accepted.items()}
    with sqlite3.connect(f"file:{shop.directory}/order.db?mode=ro", uri=True) as db:
        stored = {key: (order, product, quantity) for key, order, product, quantity in
                  db.execute("SELECT idempotency, order_id, product_id, qty FROM orders")}
    assert stored == accepted, f"{len(stored)} stored, {len(accepted)} accepted"
    taken = collections.Counter()
    for _, product, quantity in accepted.values():
        taken[product] += quantity
    for product in shop.ask("GET", "/catalog-service/catalogs")[1]:
        expected = taken[product["productId"]]
        assert (product["stock"], product["sold"]) == (STOCK - expected, expected), (product, expected)
    return len(accepted)


def main(binaries):
    with tempfile.TemporaryDirectory(prefix="shop-kill.") as directory:
        shop = Shop(binaries, directory, SEED_STOCK=str(STOCK), CB_WAIT_OPEN_MS="100", CB_WINDOW="10", CB_HALF_OPEN_CALLS="2")
        try:
            shop.start()
            ended = threading.Event()
            clients = [Client(shop, n, ended) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            kill_in_turn(shop, clients)
            ended.set()
            for client in clients:
                client.join()
            wrong = [w for client in clients for w in client.wrong]
            assert not wrong, wrong[:5]
            assert settled(shop), "events are left in the outbox"
            orders = check(shop, clients)
            statuses = sum((client.statuses for client in clients), collections.Counter())
            assert orders > 0 and sum(n for s, n in statuses.items() if s != 201) > 0, "the kills hit nothing"
            print(f"{orders} orders, answers by status {dict(statuses)}: none lost, none doubled, stock exact")
        finally:
            shop.stop()


main(sys.argv[1])
