# SPDX-License-Identifier: GPL-3.0-or-later
"""A small data folder with the files that are read from one, and what reads them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from core.checkpoints.catalogue import find_checkpoint, known_checkpoints
from core.checkpoints.store import (
    checkpoint_path,
    checkpoint_state,
    hash_file,
    recorded_hash,
    require_checkpoint,
    stamp_file,
)
from core.checkpoints.terms import accept_terms, terms_accepted
from core.installing.environment import Environment
from core.installing.folders import SELF_TEST, STAMP
from core.installing.pins import PinFile, digest_of
from core.installing.unpacked import UnpackedWheels, unpack_wheel
from core.job.spec import Part
from core.session.vocabularies import save_vocabulary, saved_vocabularies
from tests.unit.installing.tiny_packages import make_wheel
from tests.unit.parsing.sight.make_tiny import TINY

_CATALOGUE = """\
[own]
kind = "clip"
title = "Own"
file = "own.pt"
licence = "MIT"
size = 7
terms = "Not for sale."
architecture = {width = 4, layers = [1, 2]}
"""


def make(folder: Path) -> dict[str, str]:
    """Makes the data folder, which the variable must name; returns what the readers answer."""
    models = folder / "models"
    models.mkdir(parents=True)
    (models / "checkpoints.toml").write_text(_CATALOGUE)
    own = find_checkpoint("own")
    path = checkpoint_path(own)
    path.write_bytes(b"weights")
    stamp_file(path, hash_file(path))
    accept_terms(own)
    save_vocabulary(folder / "vocabularies", "Mine", (Part("head", ("face",)), Part("shirt")))
    (folder / "sight.onnx").write_bytes(TINY.read_bytes())
    digest = make_wheel(folder / "wheels", "1.0")
    (folder / "pins.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    (folder / "wheels" / "packed.json").write_text(json.dumps({"tiny": digest}))
    _make_environment(folder / "full")
    answers = {name: read(folder) for name, (read, _) in READERS.items()}
    for made in ("packages", "unpacked", "doll"):
        shutil.rmtree(folder / made)
    _make_environment(folder / "full")
    return answers


def models(folder: Path) -> str:
    """What is known of the checkpoints, and whether one can be used."""
    states = {
        name: (checkpoint_state(one), recorded_hash(one), terms_accepted(one))
        for name, one in known_checkpoints().items()
    }
    require_checkpoint("own")
    return repr(states["own"])


def environment(folder: Path) -> str:
    """What is known of an environment; other stamps make it another one."""
    full = _environment(folder)
    return f"{full.state()} {full.self_test()}"


def removal(folder: Path) -> str:
    """An environment is removed, whatever is wrong with it."""
    full = _environment(folder)
    full.remove()
    return full.state()


def vocabularies(folder: Path) -> str:
    return repr(saved_vocabularies(folder / "vocabularies"))


def look(folder: Path) -> str:
    """What the vision model sees in a view."""
    from core.job.capture_files import CaptureFiles
    from core.parsing.sight.network import SightNetwork
    from tests.unit.parsing.paper_doll import write_paper_doll

    capture: CaptureFiles = write_paper_doll(folder / "doll", (1,), False)
    SightNetwork.load(folder / "sight.onnx", threads=1).look(capture.view(1, 0))
    return ""


def install(folder: Path) -> str:
    """Unpacks the wheels, tests nothing, reads what is there."""
    packages = _packages(folder)
    packages.install()
    packages.self_test()
    return f"{packages.state()} {_content(packages.path)}"


def unpack(folder: Path) -> str:
    """As `install`, for a wheel whose hash is right."""
    target = folder / "unpacked"
    target.mkdir(exist_ok=True)
    for wheel in sorted((folder / "wheels").glob("*.whl")):
        unpack_wheel(wheel, target)
    return _content(target)


def _make_environment(path: Path) -> None:
    python = _environment(path.parent).python
    python.parent.mkdir(parents=True)
    python.touch()
    (path / "pyvenv.cfg").write_text(f"home = {path.parent}\n")
    requirements = digest_of(_environment(path.parent).pins)
    (path / STAMP).write_text(json.dumps({"requirements": requirements, "backend": "cpu"}))
    (path / SELF_TEST).write_text(json.dumps({"problem": "", "versions": {"tiny": "1.0"}}))


def _environment(folder: Path) -> Environment:
    return Environment(folder / "full", (PinFile(folder / "pins.txt"),), ("tiny",), 1)


def _packages(folder: Path) -> UnpackedWheels:
    pins = PinFile(folder / "pins.txt")
    return UnpackedWheels(folder / "wheels", folder / "packages", pins, ("tiny",))


def _content(folder: Path) -> str:
    paths = sorted(p for p in folder.rglob("*.py") if p.is_file())
    return repr([(p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths])


# Per command, how it is done, and whether what it says must be the same whatever was changed: a
# user's own lists, words and models may as well have been meant to be like that.
READERS: dict[str, tuple[Callable[[Path], str], bool]] = {
    "models": (models, False),
    "environment": (environment, False),
    "vocabularies": (vocabularies, False),
    "look": (look, False),
    "install": (install, True),
    "unpack": (unpack, True),
    "removal": (removal, True),  # the last, for nothing is left
}
# Which of them read a file.
FILES: dict[str, tuple[str, ...]] = {
    "models/checkpoints.toml": ("models",),
    "models/own.pt.json": ("models",),
    "models/own.pt": ("models",),
    "models/terms.json": ("models",),
    "full/pyvenv.cfg": ("environment", "removal"),
    f"full/{STAMP}": ("environment", "removal"),
    f"full/{SELF_TEST}": ("environment", "removal"),
    "vocabularies/Mine.json": ("vocabularies",),
    "sight.onnx": ("look",),
    "wheels/tiny-1.0-py3-none-any.whl": ("install", "unpack"),
    "wheels/packed.json": ("install",),
}
