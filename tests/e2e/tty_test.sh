# A terminal: size, keys, job control, detaching and coming back, for run, exec, attach and build.
. "$(dirname "$0")/../lib/e2e.sh"
base_image
cat >"$scratch/drive.py" <<'END'
import os, subprocess, sys, time
import terminal
from terminal import Terminal, same, tell

mini = os.environ["MINI"]
run = (mini, "run", "--rm", "-it", "--network", "none", "busybox")


def output(*argv):
    return subprocess.run((mini,) + argv, capture_output=True, text=True).stdout.strip()


# A shell: the size, what is typed, exit codes.
t = Terminal(*run, "sh", rows=31, columns=97)
t.expect("# ")
t.type("tty; stty size; echo code=$((40+2))\n")
t.expect("/dev/(console|pts/0)")
t.expect("31 97")
t.expect("code=42")
t.resize(50, 120)
t.type("sleep 0.3; stty size\n")
t.expect("50 120")
t.type("test -t 0 && test -t 1 && test -t 2 && echo all of the three\n")
t.expect("\r\nall of the three\r\n")
t.type("echo $TERM\n")
t.expect("\r\nxterm\r\n")
# Ctrl-C ends what runs in front, not the shell.
t.type("sleep 1000\n")
t.expect("sleep 1000\r\n")
time.sleep(0.5)  # the terminal's echo comes before the shell has started it
t.type("\x03")
t.expect("# ")
t.type("echo status $?\n")
t.expect("status 130")
# Ctrl-Z stops it: the shell has job control.
t.type("sleep 1000\n")
t.expect("sleep 1000\r\n")
time.sleep(0.5)
t.type("\x1a")
t.expect("Stopped")
t.type("fg\n")
t.expect("sleep 1000\r\n")
time.sleep(0.5)
t.type("\x03")
t.expect("# ")
t.type("exit 7\n")
t.expect("exit 7")
code = t.end()
same(code, 7, "exit code:")

# The shell's own end of input.
t = Terminal(*run, "sh")
t.expect("# ")
t.type("\x04")
same(t.end(), 0, "after Ctrl-D:")

# Much output, all of it, with the terminal's line ends.
t = Terminal(*run, "seq", "20000")
t.expect("\r\n19999\r\n20000\r\n", 20)
same(t.end(), 0)

# Ctrl-P Ctrl-Q leaves it running; attach comes back.
t = Terminal(mini, "run", "-it", "--name", "left", "--network", "none", "busybox", "sh")
t.expect("# ")
t.type("X=kept\n")
t.expect("# ")
t.type("\x10\x11")
same(t.end(), 0, "exit code after detaching:")
same(output("inspect", "-f", "{{.State.Status}}", "left"), "running")
t = Terminal(mini, "attach", "left", rows=40, columns=111)
t.type("echo $X; stty size\n")
t.expect("\r\nkept\r\n")
t.expect("40 111")
# Ctrl-P alone goes through, when the next key is another.
t.type("\x10")
t.type("cho history\n")
t.expect(".")
t.type("\x03")
t.type("\x10\x11")
same(t.end(), 0)
# Other keys.
t = Terminal(mini, "attach", "--detach-keys", "ctrl-a,d", "left")
t.type("echo here\n")
t.expect("\r\nhere\r\n")
t.type("\x01d")
same(t.end(), 0)
# Two look at the same terminal; the container ends, both do.
one, two = Terminal(mini, "attach", "left"), Terminal(mini, "attach", "left")
time.sleep(0.5)  # both are there
two.type("echo both; sleep 0.5\n")
one.expect("\r\nboth\r\n")
two.expect("\r\nboth\r\n")
one.type("exit 5\n")
same(one.end(), 5)
same(two.end(), 5)
same(output("inspect", "-f", "{{.State.ExitCode}}", "left"), "5")
t = Terminal(mini, "start", "-ai", "left")
t.type("echo again\n")
t.expect("\r\nagain\r\n")
t.type("exit\n")
same(t.end(), 0)
if "kept" not in output("logs", "left"):
    tell("logs of a terminal: " + output("logs", "left"))
output("rm", "left")

# A terminal without stdin, and a detached one.
t = Terminal(mini, "run", "--rm", "-t", "--network", "none", "busybox", "tty")
t.expect("/dev/")
same(t.end(), 0)
output("run", "-dit", "--name", "back", "--network", "none", "busybox", "sh")
t = Terminal(mini, "attach", "back")
t.type("echo to the back\n")
t.expect("\r\nto the back\r\n")
t.type("\x10\x11")
same(t.end(), 0)

# exec -it.
t = Terminal(mini, "exec", "-it", "back", "sh", rows=20, columns=66)
t.expect("# ")
t.type("stty size; tty\n")
t.expect("20 66")
t.expect("/dev/")
t.resize(22, 77)
t.type("sleep 0.3; stty size; exit 3\n")
t.expect("22 77")
same(t.end(), 3, "exit code of exec -it:")
output("rm", "-f", "back")

# Ctrl-C without a terminal in the container, and on a program that has no handler.
t = Terminal(mini, "run", "--rm", "--init", "--network", "none", "busybox", "sh", "-c", "echo up; sleep 1000")
t.expect("up")
t.type("\x03")
code = t.end(15)
if code not in (130, 137, 143):
    tell(f"Ctrl-C: exit code {code}")

# The caller's terminal is as it was, however the run ended.
t = Terminal("/bin/sh", "-c", f"{' '.join(run)} sh -c 'exit 17'; echo code $?; stty -a; read x; echo got $x")
t.expect("code 17")
t.expect("[^-]icanon")
t.type("line\n")
t.expect("got line")
same(t.end(), 0)

# The terminal's progress of a build ends with the image, and a failure shows the line.
os.makedirs("context", exist_ok=True)
with open("context/Dockerfile", "w") as f:
    f.write("FROM busybox\nRUN echo visible && sleep 0.3\nRUN exit 9\n")
t = Terminal(mini, "build", "--network", "none", "context")
t.expect(r"\[\+\] Building")
t.expect("Dockerfile:3")
same(t.end(20), 1, "exit code of a failing build:")
sys.exit(1 if terminal.failed else 0)
END
cd "$scratch" || die cd
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$e2e_lib timeout 120 python3 "$scratch/drive.py" || fail "terminal"
