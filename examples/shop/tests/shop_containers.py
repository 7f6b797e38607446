"""The whole shop as containers that run already (examples/lib/shop.sh), with the interface of shop_processes.Shop. MINI is the mini to use."""
import json
import os
import socket
import subprocess
import time

from shop_processes import Shop


class Server:
    """A container beside the shop, as kill_test.py kills it."""

    def __init__(self, shop, name, port):
        self.shop, self.name, self.port = shop, name, port

    def kill(self):
        self.shop.run("kill", self.name)

    def start(self):
        self.shop.run("start", self.name)
        address = self.shop.run("inspect", "-f", "{{.NetworkSettings.Networks.shop.IPAddress}}", self.name).strip()
        for _ in range(3000):
            try:
                return socket.create_connection((address, self.port), 5).close()
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"{self.name} does not listen: " + self.shop.run("logs", "--tail", "20", self.name))


class MariaDbServer(Server):
    def __init__(self, shop):
        super().__init__(shop, "mariadb", 3306)

    def run(self, sql):
        """The rows, each a tuple of text."""
        text = self.shop.run("exec", self.name, "mariadb", "--no-defaults", "--protocol=tcp", "-h127.0.0.1", "-uroot", "-psecret", "-NB", "-e", sql)
        return [tuple(line.split("\t")) for line in text.splitlines()]


class ContainerShop(Shop):
    """`beside`: which of kafka, mariadb and zipkin run with it."""

    def __init__(self, beside):
        self.mini, self.ports, self.beside = os.environ["MINI"], {"gateway": int(os.environ["SHOP_PORT"])}, beside
        self.container = {"collector": "zipkin" if "zipkin" in beside else "tracing"}
        if beside:
            self.rounds, self.pause = 1, 0.02  # Java starts slowly where the orders leave it no processor
        volume = json.loads(self.run("volume", "inspect", "shop-order-service"))[0]
        self.directory = volume["Mountpoint"]

    def servers(self):
        servers = {}
        if "kafka" in self.beside:
            servers["kafka"] = Server(self, "kafka", 9092)
        if "mariadb" in self.beside:
            servers["mariadb"] = MariaDbServer(self)
        return servers

    def run(self, *arguments):
        return subprocess.run([self.mini, *arguments], check=True, capture_output=True, text=True).stdout

    def start(self, *names):
        for name in names:
            self.run("start", self.container.get(name, name))

    def end(self, name, how=None):
        self.run("kill", self.container.get(name, name))

    def stop(self):
        pass
