# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables about controlled failures and ablations."""

from __future__ import annotations

import math

from ..records import AblationResults, DamageResults
from .aggregates import mean
from .document import Cell, Column, Table
from .numbers import NOT_AVAILABLE, quantity, share


def damages(damage: DamageResults) -> list[str]:
    """The kinds of damage, in the order of the study."""
    return list(dict.fromkeys(c.damage for c in damage.curves))


def fusions(damage: DamageResults) -> list[str]:
    """The ways of fusing, in the order of the study."""
    return list(dict.fromkeys(c.fusion for c in damage.curves))


def damage_table(damage: DamageResults) -> Table:
    """Ways of fusing × damages: the mean IoU over all rates, and that at the highest rate."""
    kinds = damages(damage)
    curve = {(c.damage, c.fusion): c for c in damage.curves}
    rows = []
    for fusion in fusions(damage):
        cells = []
        averages = []
        for kind in kinds:
            found = curve.get((kind, fusion))
            average = mean(found.miou).value if found else math.nan
            last = found.miou[-1] if found and found.miou else math.nan
            averages.append(average)
            text = f"{share(average)} ({share(last)})" if found else NOT_AVAILABLE
            cells.append(Cell(text, average, heat=1 - average))
        overall = mean(averages).value
        rows.append((Cell(fusion), *cells, Cell(share(overall), overall, heat=1 - overall)))
    return Table(
        (Column("fusion", False), *(Column(kind) for kind in kinds), Column("mean")),
        tuple(rows),
        "Mean IoU over all rates of damage, in brackets at the highest rate",
    )


def ablations(study: AblationResults) -> list[str]:
    """The names of the ablations, in the order of the study."""
    return list(dict.fromkeys(r.ablation for r in study.rows))


def ablation_table(study: AblationResults, ablation: str) -> Table:
    """The settings of one ablation."""
    rows = [r for r in study.rows if r.ablation == ablation]
    finite = [r.miou for r in rows if math.isfinite(r.miou)]
    best = share(max(finite)) if len({share(v) for v in finite}) > 1 else ""
    cells = tuple(
        (
            Cell(r.setting),
            Cell(share(r.miou), r.miou, best=share(r.miou) == best),
            Cell(share(r.oa), r.oa),
            Cell(share(r.flicker), r.flicker),
            Cell(share(r.coverage), r.coverage),
            Cell(quantity(r.seconds), r.seconds),
            Cell(str(r.cases), r.cases),
        )
        for r in rows
    )
    titles = ("mIoU", "OA", "flicker", "coverage", "s", "cases")
    return Table(
        (Column("setting", False), *(Column(title) for title in titles)),
        cells,
        f"Ablation: {ablation}",
    )
