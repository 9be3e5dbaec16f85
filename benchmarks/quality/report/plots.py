# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots, as SVG. Lines differ by dashes and markers too: they are read in black and white."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..records import AblationResults, DamageResults
from .aggregates import Run
from .document import Picture
from .numbers import pluralise, quantity, share
from .studies import ablations, damages, fusions

_STYLE: Any = {
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "report",  # the same data make the same file
}
_INK, _OURS, _FAINT = "#222222", "#0050a0", "#b8b8b8"
# Okabe & Ito's colours for all kinds of sight, without yellow, which paper swallows.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DASHES = ("-", "--", "-.", ":")
_MARKERS = "osD^vPX*"
_DEFAULT = "default"  # the way of fusing that stands out
_WIDTH = 10.0  # inches of a whole row


def scores_plot(run: Run) -> Picture:
    """One panel per vocabulary: methods against mean IoU; every case a ring, the mean a bar."""
    with rc_context(_STYLE):
        methods = run.methods
        height = 0.9 + 0.28 * len(methods)
        figure, panels = _panels(len(run.vocabularies), 4, height, share_y=True)
        for axes, vocabulary in zip(panels, run.vocabularies, strict=False):
            for y, method in enumerate(methods):
                values = [s.miou for s in run.scores(vocabulary, method.name)]
                color = _OURS if method.name == run.ours else _INK
                axes.plot(values, [y] * len(values), "o", ms=4, mfc="none", mec=_FAINT, mew=0.8)
                middle = run.mean_iou(vocabulary, method.name).value
                if math.isfinite(middle):
                    axes.plot([middle], [y], "|", ms=13, mew=2.6, color=color)
            axes.set(title=f"words “{vocabulary}”", xlim=(-0.02, 1.02), xlabel="mean IoU")
            axes.set_yticks(range(len(methods)), [m.title for m in methods])
            axes.set_ylim(len(methods) - 0.5, -0.5)
            axes.grid(axis="x", color="#e6e6e6", lw=0.6)
            axes.set_axisbelow(True)
            axes.tick_params(left=False)
            for label, method in zip(axes.get_yticklabels(), methods, strict=False):
                label.set_fontweight("bold" if method.name == run.ours else "normal")
        svg = _svg(figure)
    means = "; ".join(
        f"{v}: "
        + ", ".join(f"{m.title} {share(run.mean_iou(v, m.name).value)}" for m in run.methods)
        for v in run.vocabularies
    )
    return Picture(svg, "image/svg+xml", "Rings: cases. Bars: their mean.", f"Mean IoU. {means}")


def time_plot(run: Run, vocabulary: str) -> Picture | None:
    """Mean IoU against seconds a frame; None when fewer than two methods were timed."""
    points = []
    for method in run.methods:
        scores = run.scores(vocabulary, method.name)
        seconds = [s for s in map(run.seconds_per_frame, scores) if s > 0]
        if seconds:
            iou = run.mean_iou(vocabulary, method.name).value
            points.append((method, float(np.mean(seconds)), iou))
    if len(points) < 2:
        return None
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.0, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for (method, took, iou), marker in zip(points, _MARKERS * len(points), strict=False):
            color = _OURS if method.name == run.ours else _INK
            axes.plot([took], [iou], marker, ms=6, color=color)
        labels = [(method.title, took, iou) for method, took, iou in points]
        axes.set(xscale="log", xlabel="seconds a frame, without the capture", ylabel="mean IoU")
        low, high = min(p[1] for p in points), max(p[1] for p in points)
        axes.set_xlim(low / 1.6, high * 3.5)
        axes.xaxis.set_major_formatter(lambda value, _: quantity(value).rstrip("0").rstrip("."))
        axes.xaxis.set_minor_formatter(lambda *_: "")
        axes.margins(y=0.15)
        axes.grid(color="#eeeeee", lw=0.6)
        axes.set_axisbelow(True)
        _label_points(figure, axes, labels)
        svg = _svg(figure)
    alt = "; ".join(f"{m.title}: {quantity(s)} s, {share(i)}" for m, s, i in points)
    return Picture(svg, "image/svg+xml", f"What time buys (words “{vocabulary}”).", alt)


def damage_plot(damage: DamageResults) -> Picture:
    """One panel per damage: mean IoU against its rate, a line per way of fusing."""
    kinds, ways = damages(damage), fusions(damage)
    styles: dict[str, dict[str, Any]] = {
        way: {
            "color": _COLORS[i % len(_COLORS)],
            "ls": _DASHES[i % len(_DASHES)],
            "marker": _MARKERS[i % len(_MARKERS)],
            "lw": 0.9,
        }
        for i, way in enumerate(ways)
    }
    if _DEFAULT in styles:
        styles[_DEFAULT] = {"color": "black", "ls": "-", "marker": "o", "lw": 2.4, "zorder": 3}
    finite = [v for c in damage.curves for v in c.miou if math.isfinite(v)]
    low = max(0.0, min(finite, default=0.0) - 0.05)
    with rc_context(_STYLE):
        columns = min(3, max(1, len(kinds)))
        figure, panels = _panels(len(kinds), columns, 2.5, share_y=True, legend=len(ways))
        for axes, kind in zip(panels, kinds, strict=False):
            for curve in (c for c in damage.curves if c.damage == kind):
                rates, values = curve.rates, curve.miou
                axes.plot(rates, values, ms=3.2, label=curve.fusion, **styles[curve.fusion])
            axes.set(title=kind, ylim=(low, 1.01), xlabel="rate of damage")
            axes.grid(axis="y", color="#e6e6e6", lw=0.6)
            axes.set_axisbelow(True)
        for axes in panels[::columns]:
            axes.set_ylabel("mean IoU")
        handles: dict[str, Any] = {}
        for axes in panels:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        shown = [way for way in ways if way in handles]
        figure.legend(
            [handles[way] for way in shown],
            shown,
            loc=cast(Any, "outside lower center"),
            ncols=min(4, max(1, len(shown))),
            frameon=False,
            handlelength=3.2,
        )
        svg = _svg(figure)
    cases = sorted({c.cases for c in damage.curves})
    caption = f"Means over {' or '.join(map(str, cases))} cases." if cases else ""
    alt = f"{pluralise(len(kinds), 'damage')}, {len(ways)} ways of fusing; the numbers are below."
    return Picture(svg, "image/svg+xml", caption, alt)


def ablation_plot(study: AblationResults) -> Picture | None:
    """One panel per ablation: settings against mean IoU; None when there is nothing to plot."""
    names = ablations(study)
    finite = [r.miou for r in study.rows if math.isfinite(r.miou)]
    if not finite:
        return None
    room = max(0.02, 0.08 * (max(finite) - min(finite)))
    limits = (max(0.0, min(finite) - room), min(1.02, max(finite) + 3 * room))
    counts = [sum(r.ablation == name for r in study.rows) for name in names]
    with rc_context(_STYLE):
        columns = min(2, len(names))
        height = 0.75 + 0.24 * max(counts)
        figure, panels = _panels(len(names), columns, height)
        for axes, name in zip(panels, names, strict=False):
            rows = [r for r in study.rows if r.ablation == name]
            for y, row in enumerate(rows):
                if math.isfinite(row.miou):
                    axes.plot([limits[0], row.miou], [y, y], "-", lw=0.8, color=_FAINT)
                    axes.plot([row.miou], [y], "o", ms=5, color=_OURS)
                axes.annotate(
                    share(row.miou),
                    (row.miou if math.isfinite(row.miou) else limits[0], y),
                    (7, 0),
                    textcoords="offset points",
                    va="center",
                )
            axes.set(title=name, xlim=limits, xlabel="mean IoU")
            axes.set_yticks(range(len(rows)), [r.setting for r in rows])
            axes.set_ylim(max(counts) - 0.5, -0.5)
            axes.tick_params(left=False)
        svg = _svg(figure)
    return Picture(
        svg, "image/svg+xml", "All panels have the same scale.", "The numbers are below."
    )


def _panels(
    count: int, columns: int, height: float, share_y: bool = False, legend: int = 0
) -> tuple[Figure, list[Axes]]:
    """`count` small plots in rows of `columns`; the places that remain stay empty."""
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    room = 0.25 * math.ceil(legend / 4)
    width = _WIDTH if columns > 1 else 0.62 * _WIDTH
    figure = Figure(figsize=(width, rows * height + room), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    panels = list(grid.flat)
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels[: max(count, 1)]


def _label_points(figure: Figure, axes: Axes, labels: Sequence[tuple[str, float, float]]) -> None:
    """Names right of their points, moved apart where they would overlap."""
    figure.draw_without_rendering()
    line = 11.0  # pixels of figure.dpi
    taken: list[tuple[float, float, float]] = []
    for text, x, y in sorted(labels, key=lambda label: label[2]):
        left, middle = axes.transData.transform((x, y))
        width = 6.0 * len(text)
        spot = middle
        for start, end, height in taken:
            if start < left + width and left < end and abs(spot - height) < line:
                spot = height + line
        taken.append((left, left + width, spot))
        offset = (6, (spot - middle) * 72 / figure.dpi)
        axes.annotate(text, (x, y), offset, textcoords="offset points", va="center", fontsize=8)


def _svg(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
