"""Runs a machine and looks at the CPU time of its process where it says that something begins and ends."""

import dataclasses
import os
import re
import selectors
import subprocess
import time

LIMIT = 300  # seconds of one run


class Failure(Exception):
    pass


@dataclasses.dataclass
class Sample:
    value: float
    memory: float = 0  # MiB of the host, at most
    instructions: int = 0
    operations: int = 0


@dataclasses.dataclass
class Section:
    """What a guest has measured of itself, between its lines `begin NAME` and `end NAME`."""

    cpu: float  # seconds of all threads of the process
    wall: float
    memory: float
    instructions: int
    operations: int


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Process:
    """One machine, whose lines can be waited for."""

    def __init__(self, command):
        self.command = command
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.start = time.monotonic()
        self.peak = 0
        self.said = []
        self.rest = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.stdout, selectors.EVENT_READ)

    @property
    def wall(self):
        return time.monotonic() - self.start

    @property
    def cpu(self):
        """CPU time of the process so far, to the nanosecond: the clock that clock_getcpuclockid gives."""
        return time.clock_gettime(~self.child.pid << 3 | 2)

    def status(self, field, file="status"):
        """A line of /proc/PID/status in MiB; nothing once the process has ended."""
        try:
            with open(f"/proc/{self.child.pid}/{file}") as lines:
                for line in lines:
                    if line.startswith(field + ":"):
                        return int(line.split()[1]) / 1024
        except OSError:
            pass
        return 0

    def look(self):
        self.peak = max(self.peak, self.status("VmHWM"))

    def lines(self):
        """Each line when it comes, until the process has ended or closed its output."""
        while True:
            if self.wall > LIMIT:
                self.kill()
                raise Failure(f"{self.shown} has not ended after {LIMIT} s")
            self.look()
            if not self.selector.select(timeout=0.05):
                continue
            bytes_read = os.read(self.child.stdout.fileno(), 1 << 16)
            if not bytes_read:
                return
            *whole, self.rest = (self.rest + bytes_read).split(b"\n")
            for line in whole:
                text = line.decode(errors="replace").strip()
                self.said.append(text)
                yield text

    def end(self):
        """Waits for the end: CPU and wall seconds from start to end."""
        _, status, usage = os.wait4(self.child.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        self.child.stdout.close()
        if self.child.returncode != 0:
            raise Failure(f"{self.shown} ended with status {self.child.returncode}:\n" + "\n".join(self.said[-5:]))
        return usage.ru_utime + usage.ru_stime, self.wall

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    @property
    def shown(self):
        return " ".join(self.command[:12])


MARK = re.compile(r"bench: (begin|end) ([\w-]+)(?: checksum (\w+))?(?: instructions (\d+))?(?: operations (\d+))?")


def sections(command):
    """Runs a machine to its end; its sections by name."""
    process = Process(command)
    found = {}
    try:
        for line in process.lines():
            mark = MARK.search(line)
            if mark is None:
                continue
            cpu, wall = process.cpu, process.wall
            kind, name, _, instructions, operations = mark.groups()
            if kind == "begin":
                begun = (name, cpu, wall)
            elif begun[0] == name:
                process.look()
                found[name] = Section(
                    cpu - begun[1], wall - begun[2], process.peak, int(instructions or 0), int(operations or 0)
                )
        process.end()
    except BaseException:
        if process.child.returncode is None:
            process.kill()
        raise
    return found


def whole(command, expected):
    """Runs a machine to its end, which says a line with `expected` in it: CPU and wall seconds, MiB."""
    process = Process(command)
    try:
        for _ in process.lines():
            pass
        cpu, wall = process.end()
    except BaseException:
        if process.child.returncode is None:
            process.kill()
        raise
    if not any(expected in line for line in process.said):
        raise Failure(f"{process.shown} did not say '{expected}':\n" + "\n".join(process.said[-5:]))
    return cpu, wall, process.peak


def idle(commands, ready, count, seconds):
    """Starts machines that stay, waits until `count` lines with `ready` have come, and then some seconds more: seconds
    to that line, MiB of all, and CPU seconds used while they idled."""
    start = time.monotonic()
    processes = []
    try:
        for command in commands:
            processes.append(Process(command))
        left = count
        for process in processes:
            needed = count // len(processes)
            for line in process.lines():
                if ready in line:
                    needed -= 1
                    left -= 1
                if needed == 0:
                    break
        if left > 0:
            raise Failure(f"{processes[0].shown}: {left} of {count} guests were never ready")
        until_ready = time.monotonic() - start
        before = sum(process.cpu for process in processes)
        time.sleep(seconds)
        used = sum(process.cpu for process in processes) - before
        memory = sum(process.status("Pss", "smaps_rollup") for process in processes)
        return until_ready, memory, used
    finally:
        for process in processes:
            process.kill()
