"""The whole shop as containers that run already (examples/lib/shop.sh), with the interface of shop_processes.Shop. MINI is the mini to use."""
import json
import os
import subprocess
import time

from shop_processes import Shop


class ContainerShop(Shop):
    CONTAINER = {"collector": "tracing"}

    def __init__(self):
        self.mini, self.ports, self.running = os.environ["MINI"], {"gateway": int(os.environ["SHOP_PORT"])}, {}
        volume = json.loads(self.run("volume", "inspect", "shop-order-service"))[0]
        self.directory = volume["Mountpoint"]

    def run(self, *arguments):
        return subprocess.run([self.mini, *arguments], check=True, capture_output=True, text=True).stdout

    def start(self, *names):
        for name in names:
            self.run("start", self.CONTAINER.get(name, name))
            if name == "gateway":
                self.wait_for_gateway()

    def wait_for_gateway(self):
        for _ in range(500):
            try:
                if self.ask("GET", "/health_check")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("the gateway does not answer")

    def end(self, name, how=None):
        self.run("kill", self.CONTAINER.get(name, name))

    def stop(self):
        pass
