"""A terminal for tests: runs a program on a pseudo terminal, types, and waits for what it shows.

What does not come in time, or comes wrong, is told on standard error with what was shown instead;
`failed` counts it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

failed = 0


def tell(what):
    global failed
    failed += 1
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    print(f"line {frame.f_lineno}: {what}", file=sys.stderr)


def same(got, want, what=""):
    if got != want:
        tell(f"{what} got {got!r}, want {want!r}")


class Terminal:
    def __init__(self, *argv, rows=24, columns=80):
        self.name = " ".join(argv)
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execv(argv[0], argv)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def _read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.shown += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, seconds=10):
        """Waits until `pattern` is shown; what is shown up to its end is then forgotten."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.shown)
            if match:
                self.shown = self.shown[match.end():]
                return match
            if not self._read(deadline):
                tell(f"{self.name}: want {pattern!r}, shown: {self.shown!r}")
                return None

    def end(self, seconds=10):
        """Waits for the program's end; returns its exit code, 128 + signal, or None."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self._read(time.monotonic() + 0.05):
                    pass
                os.close(self.fd)
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            self._read(time.monotonic() + 0.05)
        tell(f"{self.name}: does not end, shown: {self.shown!r}")
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def is_cooked(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ICANON)
