"""What is measured. A workload is one run of a machine; a row of the table is one figure out of it."""

import dataclasses

import measurement
from measurement import Failure, Sample

CPU = "s of CPU"


@dataclasses.dataclass
class Row:
    name: str
    what: str
    unit: str = CPU
    has_ratio: bool = True


class Workload:
    def __init__(self, name, *rows):
        self.name = name
        self.rows = rows

    def rows_named(self, wanted):
        return [row for row in self.rows if not wanted or any(row.name.startswith(name) for name in wanted)]


class Sections(Workload):
    """A machine that says itself what begins and ends."""

    def __init__(self, name, command, *rows):
        super().__init__(name, *(Row(*row) for row in rows))
        self.command = command

    def measure(self, engine):
        found = measurement.sections(self.command(engine))
        missing = [row.name for row in self.rows if row.name not in found]
        if missing:
            raise Failure(f"{self.name} on {engine.name} did not measure {', '.join(missing)}")
        return {
            name: Sample(section.cpu, section.memory, section.instructions, section.operations)
            for name, section in found.items()
        }


class Parallel(Sections):
    """The same work by one hart and by two: how much less time two take."""

    def measure(self, engine):
        found = measurement.sections(self.command(engine))
        one, two = found["one-hart"], found["two-harts"]
        return {"two-harts": Sample(two.wall / one.wall, two.memory)}


class Whole(Workload):
    """From the start of the process to its end."""

    def __init__(self, name, what, command, expected):
        super().__init__(name, Row(name, what))
        self.command = command
        self.expected = expected

    def measure(self, engine):
        cpu, _, memory = measurement.whole(self.command(engine), self.expected)
        return {self.name: Sample(cpu, memory)}


class Start(Workload):
    """A guest that says hello; of several starts, as one is short."""

    STARTS = 5

    def __init__(self):
        super().__init__(
            "start",
            Row("start", "start and end of a guest that says hello", "ms of CPU"),
            Row("start-time", "the same by the clock on the wall", "ms"),
            Row("start-memory", "the same: memory of the host", "MiB"),
        )

    def measure(self, engine):
        runs = [measurement.whole(engine.guest("guests/hello.elf"), "hello from") for _ in range(self.STARTS)]
        cpu, wall, memory = (measurement.median(values) for values in zip(*runs))
        return {
            "start": Sample(cpu * 1000, memory),
            "start-time": Sample(wall * 1000, memory),
            "start-memory": Sample(memory),
        }


class Density(Workload):
    """Guests that sleep: in one process of rvhv, in one process each of QEMU."""

    COUNT = 100
    SECONDS = 2

    def __init__(self):
        super().__init__(
            "idle",
            Row("idle-ready", f"{self.COUNT} idle guests, until the last one is ready", "s"),
            Row("idle-memory", "memory of each", "MiB"),
            Row("idle-cpu", f"CPU time of all {self.COUNT} in a second", "ms", has_ratio=False),
        )

    def measure(self, engine):
        ready, memory, cpu = measurement.idle(
            engine.idle("guests/idle.elf", self.COUNT), "sleeping for ever", self.COUNT, self.SECONDS
        )
        return {
            "idle-ready": Sample(ready),
            "idle-memory": Sample(memory / self.COUNT),
            "idle-cpu": Sample(cpu / self.SECONDS * 1000),
        }


def bare(name, *rows):
    return Sections(name, lambda engine: engine.guest(f"Benchmarks/{name}.elf"), *rows)


ALL = [
    bare("integer", ("integer", "hashing, sieving, sorting, dividing")),
    bare("embedded", ("embedded", "lists, small matrices, a state machine, CRC")),
    bare("calls", ("calls", "recursion and calls through pointers")),
    bare("sort", ("sort", "sorting by functions that compare")),
    bare("bytecode", ("bytecode", "a byte code's interpreter")),
    bare("wide", ("wide", "bit manipulation")),
    bare("locks", ("locks", "atomics, fences, the clock")),
    bare("floating", ("floating", "Mandelbrot set, polynomials, conversions")),
    bare("bodies", ("bodies", "bodies under gravity, in doubles")),
    bare("vectors", ("vectors", "linear equations, in vectors of doubles")),
    bare(
        "memory",
        ("streaming", "two arrays of 32 MiB"),
        ("aliasing", "the same, exactly 32 MiB apart"),
        ("pages", "one node in each of 16384 pages"),
        ("chase", "a million nodes of 64 bytes in random order"),
    ),
    bare(
        "traps",
        ("syscalls", "calls from user mode to the guest's kernel"),
        ("exceptions", "breakpoints and illegal instructions"),
        ("sbi", "calls of the guest to its hypervisor"),
        ("mmio", "accesses to a register of a device"),
    ),
    Sections(
        "nested",
        lambda engine: engine.hypervisor("Benchmarks/nested.elf"),
        ("nested-ecall", "a hypervisor as guest code: calls of its guest"),
        ("nested-mmio", "the same: accesses that it emulates"),
    ),
    Sections(
        "linux",
        lambda engine: engine.linux("build/linux/Image", "build/bench/initramfs.cpio", "quiet"),
        ("linux-getpid", "system calls in Linux"),
        ("linux-fork-exec", "processes made, run and ended in Linux"),
    ),
    Whole(
        "linux-boot",
        "Linux from start to power-off",
        lambda engine: engine.linux("build/linux/Image", "build/linux/initramfs.cpio", "rvhv.poweroff"),
        "rvhv-guest: Linux",
    ),
    Whole(
        "linux-kvm",
        "Linux with KVM, with Linux in it, to power-off",
        lambda engine: engine.linux_hypervisor("build/kvm/Image", "build/kvm/initramfs.cpio", "quiet rvhv.poweroff"),
        "rvhv-kvm: Linux with 1 harts ended well",
    ),
    Parallel(
        "parallel",
        lambda engine: engine.guest("Benchmarks/parallel.elf", harts=2),
        ("two-harts", "time that two harts take, of what one takes", "of 1", False),
    ),
    Start(),
    Density(),
]


def names():
    return [row.name for workload in ALL for row in workload.rows]
