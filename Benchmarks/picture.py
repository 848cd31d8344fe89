"""Draws the ratios of a report as an SVG image: one line for each row, on a logarithmic scale, where QEMU is 1."""

import math
from html import escape

import engines
from table import figure

ROW, TOP, BOTTOM = 22, 84, 34
NAME, WHAT, PLOT, VALUE, WIDTH = 16, 140, 460, 868, 880
TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]

STYLE = """
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.muted { fill: #59636e }
.end { text-anchor: end }
.middle { text-anchor: middle }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e; stroke-width: 1.5 }
.rvhv { fill: #0969da; stroke: #0969da }
.interpreter { fill: none; stroke: #59636e; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.muted { fill: #9198a1 }
.grid { stroke: #3d444d }
.one, .interpreter { stroke: #9198a1 }
.rvhv { fill: #4493f8; stroke: #4493f8 }
}
"""


class Scale:
    def __init__(self, values):
        self.ticks = [tick for tick in TICKS if tick <= max(values) * 1.6 and tick * 1.6 >= min(values)]
        self.low = math.log(min(self.ticks[0], *values))
        self.high = math.log(max(self.ticks[-1], *values))

    def __call__(self, value):
        return PLOT + (VALUE - 58 - PLOT) * (math.log(value) - self.low) / (self.high - self.low)


def text(x, y, content, style=""):
    return f'<text x="{x:.1f}" y="{y}"' + (f' class="{style}"' if style else "") + f">{escape(content)}</text>"


def line(x1, y1, x2, y2, style):
    return f'<path class="{style}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def circle(x, y, style):
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y}" r="4"/>'


def drawn_row(row, y, scale):
    ratio, other = row["ratios"]["rvhv"], row["ratios"]["interpreter"]
    return [
        text(NAME, y + 4, row["name"]),
        text(WHAT, y + 4, row["what"], "muted"),
        circle(scale(other["median"]), y, "interpreter"),
        line(scale(ratio["least"]), y, scale(ratio["most"]), y, "rvhv"),
        circle(scale(ratio["median"]), y, "rvhv"),
        text(VALUE, y + 4, figure(ratio["median"]), "end"),
    ]


def draw(report):
    rows = [row for row in report["workloads"] if "rvhv" in row["ratios"]]
    values = [value for row in rows for ratio in row["ratios"].values() for value in ratio["values"]]
    scale = Scale(values)
    end = TOP + ROW * len(rows)
    host, versions = report["host"], report["versions"]
    about = f"{host['cpu']}, {host['cpus']} cores, {report['date']}, commit {report['commit']}; medians of {report['runs']} turns"
    reference = versions[engines.REFERENCE].removeprefix("QEMU emulator version ").split()[0]
    parts = [
        text(NAME, 22, f"What rvhv takes for the same work, where QEMU {reference} takes 1 (less is better)", "title"),
        text(NAME, 42, about, "muted"),
        circle(PLOT + 4, 62, "rvhv"),
        text(PLOT + 14, 66, "rvhv, with least and most"),
        circle(PLOT + 184, 62, "interpreter"),
        text(PLOT + 194, 66, "its interpreter"),
    ]
    for tick in scale.ticks:
        parts.append(line(scale(tick), TOP - 4, scale(tick), end, "one" if tick == 1 else "grid"))
        parts.append(text(scale(tick), end + 18, "QEMU" if tick == 1 else f"{tick:g}", "muted middle"))
    for index, row in enumerate(rows):
        parts += drawn_row(row, TOP + ROW * index + ROW // 2, scale)
    height = end + BOTTOM
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"
