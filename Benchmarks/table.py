"""The table that is printed while the workloads run."""

import os
import sys

import engines

GREEN, RED, DIM, PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[0m"


def figure(value):
    """Three digits that matter."""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.3f}"


class Table:
    def __init__(self, report, used):
        self.engines = [engine.name for engine in used]
        self.compared = [name for name in self.engines if name != engines.REFERENCE]
        self.has_reference = engines.REFERENCE in self.engines
        self.shows_progress = sys.stderr.isatty()
        self.is_coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        host = report["host"]
        print(f"{host['cpu']}, {host['cpus']} cores, {report['date']}, commit {report['commit']}")
        versions = [f"{name}: {version}" for name, version in report["versions"].items() if name != "interpreter"]
        print("\n".join(versions))
        print(f"Medians of {report['runs']} turns; ratios of each turn, with the least and the most.\n")
        header = f"{'workload':16}{'unit':>10}" + "".join(f"{name:>12}" for name in self.engines)
        if self.has_reference:
            header += "".join(f"{name + '/' + engines.REFERENCE:>{self.width(name)}}" for name in self.compared)
        print(header + f"{'ns each':>9}{'MIPS':>7}{'MiB':>6}")

    @staticmethod
    def width(name):
        return 24 if name in ("rvhv", "base") else 17

    def colour(self, text, colour):
        return f"{colour}{text}{PLAIN}" if self.is_coloured else text

    def progress(self, text):
        if self.shows_progress:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def end(self):
        if self.shows_progress:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def ratio(self, result, name):
        if name not in result["ratios"]:
            return " " * self.width(name)
        ratio = result["ratios"][name]
        text = figure(ratio["median"])
        if self.width(name) > 20:
            text += f" ({figure(ratio['least'])} to {figure(ratio['most'])})"
        return self.colour(f"{text:>{self.width(name)}}", GREEN if ratio["median"] < 1 else RED)

    def row(self, result):
        self.end()
        line = f"{result['name']:16}{result['unit']:>10}"
        for name in self.engines:
            line += f"{figure(result['engines'][name]['median']):>12}"
        if self.has_reference:
            line += "".join(self.ratio(result, name) for name in self.compared)
        own = result["engines"]["rvhv"]
        operations, instructions = own.get("operations"), own.get("instructions")
        line += f"{own['median'] / operations * 1e9:9.0f}" if operations else " " * 9
        line += f"{instructions / own['median'] / 1e6:7.0f}" if instructions else " " * 7
        line += f"{own['memory']:6.0f}" if "memory" in own else ""
        print(line.rstrip(), flush=True)
