# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the network on rendered views; a run that was stopped goes on where it was."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

import torch
from torch.utils.data import DataLoader

from core.errors import InputError
from core.files.atomic import replacing

from .bank import SURFACES, ZONES
from .judging import judge
from .losses import SightLoss
from .network import SightNet
from .precision import half_precision
from .settings import TrainingSettings
from .shards import Shard
from .views import Mixture, is_held_out, surface_frequency
from .weights import read_weights

Report = Callable[[str], None]
CHECKPOINT, BEST, LOG = "checkpoint.pt", "best.pt", "log.jsonl"
_NUMBERS = ("step", "minutes", "best", "best_step", "skipped")  # of a run, in its checkpoint
_KEEP_MINUTES = 10.0  # between checkpoints
_SCORED = ("surface", "class", "region", "zone", "joint")


def train(
    shards: Sequence[Shard],
    settings: TrainingSettings,
    out: Path,
    start: Path | None = None,
    report: Report = print,
    pause: float = math.inf,
) -> dict[str, Any]:
    """Trains until the schedule ends or held-out figures are seen no better; returns the scores.

    `out` gets `checkpoint.pt` (all that is needed to go on), `best.pt` (averaged weights of the
    best judging) and `log.jsonl`. `start` is a `best.pt`, or an exported file, whose weights are
    the beginning of a new run. After `pause` minutes, and when the process is told to end
    (SIGTERM), what is there is kept and the latest scores are returned.
    Raises InputError when nothing is left to train on.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    held = [s for s in shards if is_held(s, settings)]
    trained = [s for s in shards if not is_held(s, settings)]
    if not trained or not held:
        raise InputError("Too few figures to train on and to judge by", "Render more figures")
    report(f"{len(trained)} figures to train on, {len(held)} held out")
    run = _Run(trained, held, settings, out, report)
    if start is not None:
        run.begin_with(start)
    run.resume()
    with _told_to_end() as ending:
        return run.go(ending, time.monotonic() + 60 * pause)


class _Run:
    """The state of a training run."""

    def __init__(
        self,
        trained: Sequence[Shard],
        held: Sequence[Shard],
        settings: TrainingSettings,
        out: Path,
        report: Report,
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.settings, self.held, self.out, self.report = settings, held, out, report
        torch.manual_seed(settings.seed)
        self.network = SightNet(settings.network)
        self.network.to(memory_format=torch.channels_last)
        self.averaged = {k: v.clone() for k, v in self.network.state_dict().items()}
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
            fused=True,
        )
        self.loss = SightLoss(surface_frequency(trained), settings.loss)
        self.trained = trained
        self.step, self.minutes = 0, 0.0
        self.best, self.best_step = -1.0, 0
        self.skipped = 0.0  # share of the schedule
        self.scores: dict[str, Any] = {}

    def begin_with(self, path: Path) -> None:
        """Weights of an earlier run."""
        state = read_weights(path)[0].state_dict()
        self.network.load_state_dict(state)
        self.averaged = {k: v.clone() for k, v in state.items()}

    def resume(self) -> None:
        """Everything as the checkpoint left it, if there is one."""
        path = self.out / CHECKPOINT
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.optimizer.load_state_dict(state["optimizer"])
        for name in _NUMBERS:
            setattr(self, name, state[name])
        if state["held"] != [shard.name for shard in self.held]:
            self.best, self.best_step = -1.0, self.step  # scores of other figures say nothing
        self.report(f"goes on at step {self.step}, after {self.minutes:.1f} minutes")

    def go(self, ending: Event, until: float) -> dict[str, Any]:
        """Trains until `ending` is set, or the clock shows `until`, or there is no more to do."""
        settings, before = self.settings, time.monotonic()
        kept = before
        sums: dict[str, float] = {}
        counted = 0
        for batch in self._batches():
            if self._is_over():
                break
            if ending.is_set() or before > until:
                self._keep()
                return self.scores
            if before > kept + 60 * _KEEP_MINUTES:
                self._keep()
                kept = before
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate()
            terms = self._train_on(batch)
            self.step += 1
            now = time.monotonic()
            self.minutes += (now - before) / 60
            before = now
            counted += 1
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value)
            if self.step % 50 == 0:
                means = {name: round(total / counted, 4) for name, total in sums.items()}
                self._log({"minutes": round(self.minutes, 2), **means})
                sums, counted = {}, 0
            if self.step % settings.judge_every == 0:
                self._judge()
                before = time.monotonic()  # judging is not training
        self._judge()
        return self.scores

    @property
    def progress(self) -> float:
        """0 at the beginning of the schedule, 1 at its end."""
        if self.settings.minutes:
            return self.minutes / self.settings.minutes + self.skipped
        return self.step / self.settings.steps + self.skipped

    def learning_rate(self) -> float:
        """Warm-up, an even stretch, then half a cosine."""
        warm = min(1.0, (self.step + 1) / max(1, self.settings.warm_up))
        falling = self.settings.falling
        done = max(0.0, min(1.0, self.progress) - (1 - falling)) / max(falling, 1e-6)
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        return self.settings.learning_rate * warm * max(cosine, 0.005)

    def _batches(self) -> Iterator[list[torch.Tensor]]:
        settings = self.settings
        weights = asdict(settings.families)
        # Another seed after resuming: nobody should see the first views again and again.
        mixture = Mixture(
            self.trained, weights, settings.augmentation, settings.seed + 1000 * self.step
        )
        loader = DataLoader(
            mixture,
            batch_size=settings.batch,
            num_workers=settings.workers,
            prefetch_factor=4 if settings.workers else None,
            worker_init_fn=_give_way,
        )
        return iter(loader)

    def _train_on(self, batch: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        image, *targets = batch
        image = image.to(memory_format=torch.channels_last)
        with half_precision():
            outputs = self.network(image)
        terms = self.loss(outputs, *targets)
        self.optimizer.zero_grad(set_to_none=True)
        terms["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        decay = min(self.settings.averaging, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.averaged[name].lerp_(value, 1 - decay)
                else:
                    self.averaged[name].copy_(value)
        return {name: value.detach() for name, value in terms.items()}

    def _judge(self) -> None:
        network = SightNet(self.settings.network)
        network.to(memory_format=torch.channels_last)
        network.load_state_dict(self.averaged)
        self.scores = judge(network, self.held, self.settings.augmentation.height)
        mean = self.scores["mean"]
        score = sum(mean[name] for name in _SCORED) / len(_SCORED)
        self._log({"minutes": round(self.minutes, 2), "score": round(score, 4), **self.scores})
        if score > self.best:
            self.best, self.best_step = score, self.step
            best = {"network": self.averaged, "scores": self.scores, "step": self.step}
            bank = {"surfaces": list(SURFACES), "zones": list(ZONES)}
            self._save(BEST, best | {"size": asdict(self.settings.network), "bank": bank})
        self._keep()

    def _keep(self) -> None:
        """All that is needed to go on."""
        self._save(
            CHECKPOINT,
            {
                "network": self.network.state_dict(),
                "averaged": self.averaged,
                "optimizer": self.optimizer.state_dict(),
                "held": [shard.name for shard in self.held],
                **{name: getattr(self, name) for name in _NUMBERS},
            },
        )

    def _is_over(self) -> bool:
        """Whether the schedule is done, or held-out figures are seen no better.

        The latter ends the even stretch first: then the learning rate begins to fall.
        """
        waited = (self.step - self.best_step) / self.settings.judge_every
        if self.best < 0 or waited <= self.settings.patience:
            return self.progress >= 1
        even = 1 - self.settings.falling
        if self.progress >= even:
            return True
        self.skipped += even - self.progress
        self.best_step = self.step
        self.report(f"no better for {self.settings.patience} judgings: the learning rate falls")
        return False

    def _save(self, name: str, state: dict[str, Any]) -> None:
        with replacing(self.out / name) as stream:
            torch.save(state, stream)

    def _log(self, entry: dict[str, Any]) -> None:
        entry = {"step": self.step, **entry}
        with (self.out / LOG).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
        shown = {k: v for k, v in entry.items() if not isinstance(v, dict) or k == "mean"}
        self.report(json.dumps(shown))


@contextmanager
def _told_to_end() -> Iterator[Event]:
    """An event that is set when the process gets SIGTERM."""
    event = Event()
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    except ValueError:  # not the main thread
        yield event
        return
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, before)


def _give_way(worker: int) -> None:
    """Workers run in the gaps: a thread of the network that waits for a core stops the others."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(19)


def is_held(shard: Shard, settings: TrainingSettings) -> bool:
    """Whether a figure is not trained on."""
    people, garments = settings.held_out_people, settings.held_out_garments
    return is_held_out(shard, people, garments, settings.held_out_share)
