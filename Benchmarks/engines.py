"""What runs the workloads: rvhv, its interpreter, QEMU, and another rvhv where one is given."""

import os
import shutil

from measurement import Failure

REFERENCE = "QEMU"
FIRMWARE = "guests/opensbi.elf"
BOOT_ARGUMENTS = "earlycon=sbi console=ttyS0"


class Rvhv:
    def __init__(self, name, path, *options):
        self.name = name
        self.version = [path, "--version"]
        self.path = path
        self.options = list(options)

    def guest(self, file, harts=1):
        """A guest of ours: S-mode code in VS-mode."""
        return [self.path, *self.options, "--harts", str(harts), file]

    def hypervisor(self, file):
        """HS-mode code on the plain machine, behind firmware."""
        return [self.path, "machine", *self.options, FIRMWARE, "--kernel", file]

    def linux(self, kernel, initrd, arguments):
        return [self.path, *self.options, kernel, "--initrd", initrd, "--append", arguments]

    def linux_hypervisor(self, kernel, initrd, arguments):
        options = ["--memory", "512M", "--kernel", kernel, "--initrd", initrd, "--bootargs", f"{BOOT_ARGUMENTS} {arguments}"]
        return [self.path, "machine", *self.options, *options, FIRMWARE]

    def idle(self, file, count):
        """Commands that together hold so many guests."""
        return [[self.path, *self.options, *[file] * count]]


class Qemu:
    def __init__(self, name, path):
        self.name = name
        self.version = [path, "--version"]
        self.path = path

    def machine(self, *options, memory="256M"):
        common = ["-M", "virt", "-m", memory, "-display", "none", "-monitor", "none", "-serial", "stdio"]
        return [self.path, *common, *options]

    def guest(self, file, harts=1):
        return self.machine("-smp", str(harts), "-kernel", file)

    def hypervisor(self, file):
        return self.machine("-kernel", file)

    def linux(self, kernel, initrd, arguments, memory="256M"):
        append = f"{BOOT_ARGUMENTS} {arguments}"
        return self.machine("-kernel", kernel, "-initrd", initrd, "-append", append, memory=memory)

    def linux_hypervisor(self, kernel, initrd, arguments):
        return self.linux(kernel, initrd, arguments, memory="512M")

    def idle(self, file, count):
        return [self.guest(file)] * count


def executable(path, what):
    found = shutil.which(path)
    if found is None:
        raise Failure(f"{what}={path} is not a program that can be run")
    return found


def available():
    rvhv = ".build/release/rvhv"
    if not os.access(rvhv, os.X_OK):
        raise Failure(f"{rvhv} is missing: make build")
    found = [Rvhv("rvhv", rvhv), Rvhv("interpreter", rvhv, "--engine", "interpreter")]
    if os.environ.get("BASE"):
        found.append(Rvhv("base", executable(os.environ["BASE"], "BASE")))
    qemu = os.environ.get("QEMU")
    if qemu == "none":
        return found
    if qemu:
        found.append(Qemu(REFERENCE, executable(qemu, "QEMU")))
    elif shutil.which("qemu-system-riscv64"):
        found.append(Qemu(REFERENCE, shutil.which("qemu-system-riscv64")))
    return found
