"""Processes: started on a core, measured with all their threads and children, and ended by their ids."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

LOAD_CORE, PROXY_CORE = 0, 1
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

running = []


class Failed(Exception):
    """What was started did not do its work; the text says why."""


def pinned(core):
    """For a child before it becomes its program: its core, and its end if this process ends first."""

    def prepare():
        os.sched_setaffinity(0, {core})
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


class Process:
    def __init__(self, args, core, log, **pipes):
        self.log = Path(log)
        with open(log, "wb") as out:
            pipes.setdefault("stdout", out)
            self.child = subprocess.Popen(
                [str(arg) for arg in args], stderr=out, preexec_fn=pinned(core), **{"stdin": subprocess.DEVNULL, **pipes}
            )
        running.append(self)

    def ended(self):
        return self.child.poll() is not None

    def tail(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with {self.child.returncode} and said nothing"

    def tree(self):
        """The ids of the process and of all below it."""
        children = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(stat.parent.name))
        found, ahead = [], [self.child.pid]
        while ahead:
            found.append(ahead.pop())
            ahead += children.get(found[-1], [])
        return found

    def cpu_ns(self):
        """User and system time of all threads that are alive."""
        return sum(thread_ns(task) for pid in self.tree() for task in Path(f"/proc/{pid}/task").glob("*"))

    def rss_mib(self):
        total = 0
        for pid in self.tree():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        return total / 1024

    def stop(self):
        if self in running:
            running.remove(self)
        if self.ended():
            return
        tree = self.tree()
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            for pid in tree:
                kill(pid)
            self.child.wait(5)


def thread_ns(task):
    try:
        return int((task / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        pass
    except OSError:
        return 0
    try:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_NS
    except OSError:
        return 0


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop_all():
    for process in list(running):
        try:
            process.stop()
        except Exception as error:  # the others have to be ended all the same
            print(f"process {process.child.pid} was not ended: {error}")


def run(args, core, seconds):
    """The output of a program that has to end in time."""
    child = subprocess.Popen(
        [str(arg) for arg in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=pinned(core)
    )
    try:
        output, _ = child.communicate(timeout=seconds)
    except BaseException as error:
        child.kill()
        child.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failed(f"{args[0]} did not end in {seconds:.0f} s") from None
        raise
    if child.returncode:
        raise Failed(f"{args[0]} failed: {output.strip() or child.returncode}")
    return output


def core_busy_ns(core):
    """How long a core has been busy, with whatever, and how long it was taken away by the host."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, line.split()[1:9])
            return (user + nice + system + irq + softirq + steal) * TICK_NS
    raise Failed(f"there is no core {core}")


def wait_until(true, seconds, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(step)
    return False
