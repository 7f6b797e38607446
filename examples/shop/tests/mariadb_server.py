"""A private MariaDB server for tests: Debian's mariadbd on a free loopback port, its data in a directory of the test, a database for each service."""
import os
import shutil
import subprocess
import time

from shop_processes import free_port

SERVER = shutil.which("mariadbd") or "/usr/sbin/mariadbd"


class MariaDb:
    def __init__(self, directory):
        self.data, self.port, self.process = os.path.join(directory, "mysql"), free_port(), None
        self.socket, self.log = os.path.join(directory, "mysql.sock"), os.path.join(directory, "mariadb.log")
        with open(self.log, "a") as log:
            subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--user=root",
                            "--auth-root-authentication-method=normal", "--skip-test-db"], check=True, stdout=log, stderr=log)

    def start(self):
        log = open(self.log, "a")
        self.process = subprocess.Popen(
            [SERVER, "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}", f"--port={self.port}", "--user=root",
             "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M", "--pid-file=" + self.socket + ".pid"], stdout=log, stderr=log)
        for _ in range(600):
            try:
                return self.run("SELECT 1")
            except subprocess.CalledProcessError:
                time.sleep(0.1)
        raise AssertionError("mariadbd does not answer: " + open(self.log).read()[-2000:])

    def create(self, names):
        for name in names:
            self.run(f"CREATE DATABASE {name}; CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'se-cret'; "
                     f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'")

    def url(self, name):
        return f"mariadb://{name}:se-cret@127.0.0.1:{self.port}/{name}"

    def run(self, sql):
        """The rows, each a tuple of text."""
        text = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "-NB", "-e", sql],
                              check=True, capture_output=True, text=True).stdout
        return [tuple(line.split("\t")) for line in text.splitlines()]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
