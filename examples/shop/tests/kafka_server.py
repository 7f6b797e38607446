"""A private Kafka broker for tests: Apache's own jars, KRaft, one node on free loopback ports. KAFKA_LIB is the directory of the jars."""
import os
import socket
import subprocess
import time

from shop_processes import free_port


class Kafka:
    def __init__(self, directory):
        self.port, self.process = free_port(), None
        self.log, self.settings = os.path.join(directory, "kafka.log"), os.path.join(directory, "kafka.properties")
        controller = free_port()
        with open(self.settings, "w") as f:
            f.write(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={directory}/kafka
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
""")
        self.java("kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", self.settings).wait(120)

    def java(self, *arguments):
        log = open(self.log, "a")
        return subprocess.Popen(["java", "-Xmx300m", "-XX:-UsePerfData", "-cp", os.environ["KAFKA_LIB"] + "/*", *arguments],
                                stdout=log, stderr=log)

    def start(self):
        self.process = self.java("kafka.Kafka", self.settings)
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                return socket.create_connection(("127.0.0.1", self.port), 5).close()
            except OSError:
                time.sleep(0.1)
        raise AssertionError("Kafka does not listen: " + open(self.log).read()[-2000:])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()
