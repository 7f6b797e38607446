#!/usr/bin/env python3
"""Makes docs/terminal.svg, the animated terminal at the top of the README, from a real session.

    docs/make_terminal_svg.py [--mini build/release/mini] [--output docs/terminal.svg]

Runs the commands below as root, in a store of their own that is removed at the end. The base image `busybox` comes from Debian's package
busybox-static, so no registry is needed. Port 8080 must be free. The session is also printed as text: the examples in the README come from there.
"""
import argparse
import fcntl
import html
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 92, 40

DOCKERFILE = """\
FROM busybox
RUN mkdir /www && echo 1.0 >/www/version
COPY index.html /www/
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
"""
STEPS = [  # (command, whether it is in the picture)
    ("cat Dockerfile", True),
    ("mini build -t web .", True),
    ("mini run -d --init --name web -p 8080:80 web", True),
    ("curl http://localhost:8080", True),
    ("mini ps", False),
    ("mini exec web wget -qO- http://web", False),
    ("echo 'A second line' >>index.html", True),
    ("mini build --explain -t web .", True),
    ("mini rm -f web", False),
]


class Screen:
    """The part of a terminal that mini's progress display uses: text, colors, carriage return, cursor up, erase."""

    def __init__(self):
        self.lines = [[]]  # each line: a list of (character, style)
        self.row = self.column = 0
        self.style = ""

    def feed(self, text):
        for escape, final, plain in re.findall(r"\x1b\[([0-9;?]*)([A-Za-z])|([^\x1b])", text):
            if final:
                self.control(escape, final)
            elif plain == "\r":
                self.column = 0
            elif plain == "\n":
                self.row += 1
                self.column = 0
                while self.row >= len(self.lines):
                    self.lines.append([])
            elif plain >= " ":
                line = self.lines[self.row]
                line.extend([(" ", "")] * (self.column + 1 - len(line)))
                line[self.column] = (plain, self.style)
                self.column += 1

    def control(self, argument, final):
        if final == "m":
            self.style = {"": "", "0": "", "1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "36": "cyan"}.get(argument, self.style)
        elif final in "AF":  # up; F also to the first column
            self.row = max(0, self.row - int(argument or 1))
            self.column = 0 if final == "F" else self.column
        elif final == "K":
            del self.lines[self.row][self.column :]
        elif final == "J":
            del self.lines[self.row][self.column :]
            del self.lines[self.row + 1 :]

    def result(self):
        """The lines as lists of (text, style), without empty lines at the end."""
        lines = []
        for line in self.lines:
            runs = []
            for character, style in line:
                if runs and runs[-1][1] == style:
                    runs[-1] = (runs[-1][0] + character, style)
                else:
                    runs.append((character, style))
            lines.append(runs)
        while lines and not lines[-1]:
            lines.pop()
        return lines


def run_in_terminal(command, directory, environment):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(["bash", "-c", command], cwd=directory, env=environment, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    output = b""
    while True:
        # A detached container may keep the terminal open, so the end of the command decides and not the end of the file.
        ended = process.poll() is not None
        if select.select([master], [], [], 0.1)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b""
            if data:
                output += data
                continue
        if ended:
            break
    os.close(master)
    screen = Screen()
    screen.feed(output.decode())
    if process.returncode != 0:
        sys.exit(f"{command}: exit status {process.returncode}\n{output.decode()}")
    return screen.result()


def session(mini):
    """Runs all commands; returns [(command, lines of output)]."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="mini-terminal."))
    environment = {
        "PATH": f"{scratch}/bin:{os.environ['PATH']}", "HOME": str(scratch), "TERM": "xterm-256color", "LANG": "C.UTF-8", "no_proxy": "*",
        "MINI_ROOT": f"{scratch}/root", "MINI_RUN_ROOT": f"{scratch}/run",
    }
    quiet = {"env": environment, "check": True, "stdout": subprocess.DEVNULL}
    try:
        (scratch / "bin").mkdir()
        (scratch / "bin/mini").symlink_to(mini)
        base = f'. "{REPOSITORY}/tests/lib/base_tree.sh" && base_tree "{scratch}/base" && tar -C "{scratch}/base" -c . | mini import - busybox'
        subprocess.run(["bash", "-c", base], **quiet)
        web = scratch / "web"
        web.mkdir()
        (web / "Dockerfile").write_text(DOCKERFILE)
        (web / "index.html").write_text("Hello from a container\n")
        result = []
        for command, _ in STEPS:
            result.append((command, run_in_terminal(command, web, environment)))
            if command.startswith("mini run"):
                time.sleep(2)  # until the web server answers
        return result
    finally:
        subprocess.run(["bash", "-c", "mini ps -aq | xargs -r mini rm -f; mini network prune -f"], env=environment, stdout=subprocess.DEVNULL)
        shutil.rmtree(scratch)


HOLD = 2
SIZE, CELL, LINE, MARGIN, TITLE = 14, 8.43, 20, 18, 34
COLORS = {"": "#d0d7de", "bold": "#ffffff", "dim": "#8b949e", "red": "#ff7b72", "green": "#7ee787", "yellow": "#d29922", "cyan": "#76e3ea"}


def svg(steps):
    """The whole session shows at first, and so does it where nothing is animated. After HOLD seconds CSS hides each part until its time."""
    rows, body, now = 0, [], 0.6  # `now` counts from HOLD on

    def text(column, content, style):
        weight = ' font-weight="bold"' if style == "bold" else ""
        result = ""
        for words in re.finditer(r"\S+( \S+)*", content):  # not across wide gaps: renderers disagree about spaces
            x, y = MARGIN + (column + words.start()) * CELL, TITLE + MARGIN + rows * LINE
            length = len(words[0]) * CELL
            result += (f'<text x="{x:.1f}" y="{y:.0f}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs" fill="{COLORS[style]}"{weight}>'
                       f"{html.escape(words[0], quote=False)}</text>")
        return result

    for command, output in steps:
        typing = len(command) * 0.045
        x, y = MARGIN + 2 * CELL - 1, TITLE + MARGIN + rows * LINE - SIZE
        body.append(f'<g class="part" style="animation-duration:{now:.2f}s">{text(0, "$", "green")}{text(2, command, "bold")}')
        body.append(f'<rect class="cover" x="{x:.1f}" y="{y:.0f}" width="{len(command) * CELL + 2:.1f}" height="{LINE - 1}" transform="scale(0 1)" '
                    f'style="animation-duration:{typing:.2f}s;animation-delay:{HOLD + now + 0.3:.2f}s;animation-timing-function:steps({len(command)})"/></g>')
        rows += 1
        now += 0.3 + typing + 0.4
        if output:
            body.append(f'<g class="part" style="animation-duration:{now:.2f}s">')
            for line in output:
                column = 0
                for content, style in line:
                    body.append(text(column, content, style))
                    column += len(content)
                rows += 1
            body.append("</g>")
        now += 0.7 + 0.12 * len(output)
        rows += 0.4
    width, height = round(COLUMNS * CELL + 2 * MARGIN), round(TITLE + 2 * MARGIN + (rows - 1) * LINE)
    lights = "".join(f'<circle cx="{MARGIN + 4 + 20 * i}" cy="{TITLE / 2 - 1}" r="5.5" fill="{c}"/>' for i, c in enumerate(["#ff5f57", "#febc2e", "#28c840"]))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"
  aria-label="A terminal: mini builds an image, runs it, and explains which step of the second build ran and why">
<!-- Made by docs/make_terminal_svg.py from a real session; the animation takes {HOLD + now:.0f} seconds. -->
<style>
text {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: {SIZE}px; }}
.part {{ animation: hide 1s {HOLD}s; }}
.cover {{ fill: #0d1117; transform-box: fill-box; transform-origin: right; animation: type 1s; }}
@keyframes hide {{ from, to {{ visibility: hidden; }} }}
@keyframes type {{ from {{ transform: scaleX(1); }} to {{ transform: scaleX(0); }} }}
@media (prefers-reduced-motion: reduce) {{ .part, .cover {{ animation: none; }} }}
</style>
<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>
{lights}
{chr(10).join(part for part in body if part)}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mini", default=REPOSITORY / "build/release/mini", type=pathlib.Path)
    parser.add_argument("--output", default=REPOSITORY / "docs/terminal.svg", type=pathlib.Path)
    options = parser.parse_args()
    steps = session(options.mini.resolve(strict=True))
    options.output.write_text(svg([step for step, (_, in_the_picture) in zip(steps, STEPS) if in_the_picture]))
    for command, output in steps:
        print(f"$ {command}")
        for line in output:
            print("".join(content for content, _ in line).rstrip())


if __name__ == "__main__":
    main()
