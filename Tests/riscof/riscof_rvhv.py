"""rvhv for RISCOF, the RISC-V architectural test framework: as the device under test or as the reference."""

import logging
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

from riscof import utils
from riscof.pluginTemplate import pluginTemplate

logger = logging.getLogger(__name__)

# Tried in this order for each test: GCC before 14 lacks extensions that clang has.
COMPILERS = ["riscv64-unknown-elf-gcc", "clang --target=riscv64-unknown-elf -fuse-ld=lld"]
# No architectural test comes near: one that does hangs.
MAX_INSTRUCTIONS = 100_000_000


class rvhv(pluginTemplate):
    """The name of the class is the name of the plugin in config.ini."""

    __model__ = "rvhv"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        config = kwargs.get("config")
        if config is None:
            raise SystemExit("config.ini has no section [rvhv]")
        self.plugin_path = os.path.abspath(config["pluginpath"])
        # RISCOF reads these two.
        self.isa_spec = os.path.abspath(config.get("ispec", os.path.join(self.plugin_path, "rvhv_isa.yaml")))
        self.platform_spec = os.path.abspath(config.get("pspec", os.path.join(self.plugin_path, "rvhv_platform.yaml")))
        self.program = os.path.join(config["PATH"], "rvhv") if "PATH" in config else "rvhv"
        self.jobs = int(config.get("jobs", os.cpu_count() or 1))
        self.runs = config.get("target_run", "1") != "0"
        lines = [line.strip() for line in config.get("compilers", "").splitlines()]
        self.compilers = [shlex.split(line) for line in lines if line] or [shlex.split(line) for line in COMPILERS]

    def initialise(self, suite, work_dir, archtest_env):
        self.compile_options = [
            "-mabi=lp64", "-mcmodel=medany", "-static", "-fvisibility=hidden", "-nostdlib", "-nostartfiles",
            "-T", os.path.join(self.plugin_path, "env", "link.ld"),
            "-I", os.path.join(self.plugin_path, "env"), "-I", archtest_env,
        ]

    def build(self, isa_yaml, platform_yaml):
        """Nothing to build: takes the ISA of the device under test, which may be another model."""
        self.isa = isa_option(utils.load_yaml(isa_yaml)["hart0"]["ISA"])

    def runTests(self, tests):
        with ThreadPoolExecutor(self.jobs) as pool:
            passed = sum(pool.map(self.run_test, tests.keys(), tests.values()))
        logger.info("%s made %d of %d signatures", self.name, passed, len(tests))
        if not self.runs:
            raise SystemExit(0)

    def run_test(self, name, test):
        """Compiles and runs one test; true if that went well. The log lies beside it."""
        role = self.name.rstrip(":")
        folder = test["work_dir"]
        elf = os.path.join(folder, role + ".elf")
        signature = os.path.join(folder, role + ".signature")
        with open(os.path.join(folder, role + ".log"), "w", encoding="utf-8") as log:
            failure = self.compile_and_run(test, elf, signature, log)
        if failure is None:
            return True
        logger.error("%s %s: %s", name, failure, log.name)
        # RISCOF gives up where a signature is missing. This one equals no other.
        with open(signature, "w", encoding="utf-8") as file:
            print(role, failure, file=file)
        return False

    def compile_and_run(self, test, elf, signature, log):
        """What went wrong, if anything."""
        if not self.compile(test, elf, log):
            return "does not compile"
        if not self.runs:
            return None
        status = run([
            self.program, "machine", "--isa", self.isa, "--max-instructions", str(MAX_INSTRUCTIONS),
            "--signature", signature, "--signature-granularity", "4", elf,
        ], log)
        return None if status == 0 else f"ended with status {status}"

    def compile(self, test, elf, log):
        macros = ["-D" + macro for macro in test["macros"]]
        source = ["-march=" + test["isa"].lower()] + macros + [test["test_path"], "-o", elf]
        return any(run(compiler + self.compile_options + source, log) == 0 for compiler in self.compilers)


def isa_option(isa):
    """RISCOF's RV64IMAFDCSUZicsr_Zifencei as --isa takes it: S and U are always there."""
    base, extensions = re.fullmatch(r"(RV64[A-Z]+?)((?:[ZSX][a-z].*)?)", isa).groups()
    letters = re.sub("[SU]", "", base[4:])
    return "_".join(["rv64" + letters.lower()] + [part for part in extensions.lower().split("_") if part])


def run(command, log):
    """The exit status; the command and what it said go to the log."""
    print("$", shlex.join(command), file=log, flush=True)
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
    except FileNotFoundError as error:
        print(error, file=log)
        return 127
