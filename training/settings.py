# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a training run, read from a TOML file; `sight.toml` is the shipped one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from core.job.strict_json import read_dataclass

from .augment import Augmentation

SHIPPED = Path(__file__).with_name("sight.toml")


@dataclass(frozen=True)
class NetworkSize:
    """Channels and blocks at strides 4, 8, 16, 32, and of the decoder at 16, 8, 4."""

    stem: int = 32  # channels at stride 2, where every operation costs most: there is only one
    encoder: tuple[int, ...] = (64, 128, 256, 320)
    blocks: tuple[int, ...] = (2, 2, 2, 1)
    attention: int = 2  # transformer blocks at stride 32
    heads: int = 8
    decoder: tuple[int, ...] = (192, 128, 96)


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts, against the leaf surfaces."""

    levels: float = 0.5  # of each coarser level
    region: float = 0.3
    zone: float = 0.4
    joint: float = 0.25
    boundary: float = 0.15
    border: float = 10.0  # of a border pixel against others
    judged: float = 0.5  # share of the labelled pixels that is looked at
    rare: float = 0.35  # classes weigh with frequency ** -rare


@dataclass(frozen=True)
class FamilyWeights:
    """How often each family of figures is drawn, against the others."""

    valid: float = 1.0  # labelled avatars with one texture
    makehuman: float = 1.0  # MakeHuman people in the kit's garments
    scripted: float = 1.5  # MakeHuman people in scripted garments
    avatar: float = 0.7  # labelled avatars in other proportions, or with scripted things
    mannequin: float = 1.2  # simple game figures
    child: float = 0.8  # MakeHuman children from one year on
    machine: float = 0.8  # robots, dummies, skeletons
    scan: float = 0.6  # any of them, as a scan would give them


@dataclass(frozen=True)
class TrainingSettings:
    """A run is reproduced by its settings, the rendered views and the number of threads."""

    seed: int = 1
    batch: int = 32
    steps: int = 4000
    minutes: float = 0.0  # > 0: the schedule ends after so long instead, whatever the steps
    falling: float = 1.0  # share of the schedule, its end, in which the learning rate falls
    learning_rate: float = 2e-3
    weight_decay: float = 0.03
    warm_up: int = 150  # steps
    averaging: float = 0.998  # decay of the averaged weights that are judged and exported
    judge_every: int = 400  # steps
    patience: int = 6  # judgings without progress before training ends early
    threads: int = 0  # that compute; 0: as many as there are cores
    workers: int = 2  # processes that augment
    families: FamilyWeights = field(default_factory=lambda: FamilyWeights())
    held_out_people: tuple[str, ...] = ()
    held_out_garments: tuple[str, ...] = ()
    held_out_share: float = 0.03
    network: NetworkSize = field(default_factory=NetworkSize)
    augmentation: Augmentation = field(default_factory=Augmentation)
    loss: LossWeights = field(default_factory=LossWeights)


def read_settings(path: Path = SHIPPED) -> TrainingSettings:
    """Raises InputError naming the field for an unknown key or a value of another type."""
    return read_dataclass(TrainingSettings, tomllib.loads(path.read_text("utf-8")))
