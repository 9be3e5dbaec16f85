# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage `sight`: the vision model looks at views, and leaves what it saw of each element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import JobError
from ...files.atomic import write_json
from ...files.reading import read_object
from ...job.recorded import check_recorded
from ...job.sight_model import sight_model_hash
from ..images import Images, Progress
from .closer import head_to_look_at
from .network import SightNetwork, load_sight
from .over_pixels import ElementSums
from .sightings import save_sightings

_CLOSER_COUNTS = 3.0  # times as much as what is seen of the same pixels from afar
_MODEL, _WITHOUT = "model.json", "without.json"


def look_at_views(
    images: Images,
    limit: int,
    folder: Path,
    progress: Progress,
    load: Callable[[], SightNetwork] = load_sight,
) -> dict[str, int]:
    """Looks at chosen views and writes sightings; returns counts worth reporting.

    `limit` is the setting `sight_images`. Without a model that can be run the folder says why
    (`reason_without`), and there are no sightings.
    """
    try:
        network = load()
    except JobError as error:
        write_json(folder / _WITHOUT, {"reason": f"{error.message}. {error.remedy}"})
        return {"views looked at": 0}
    if images.constant_topology:
        looked = _look_together(images, choose_images(images, limit), network, folder, progress)
    else:
        looked = _look_alone(images, network, folder, progress)
    model = {"name": network.name, "license": network.license, "sha256": sight_model_hash()}
    write_json(folder / _MODEL, model)
    return {"views looked at": looked}


def choose_images(images: Images, limit: int) -> list[tuple[int, int]]:
    """The (frame, view) that are looked at where all frames show the same elements.

    All views of as many frames, evenly spaced in the sequence, as keep within `limit`; 0: all.
    When a single frame has more views than that, so many of them, evenly spaced.
    """
    views = images.view_count
    frames = evenly(images.frames, limit // views if limit else len(images.frames))
    kept = evenly(range(views), limit or views)
    return [(frame, view) for frame in frames for view in kept]


def evenly(items: Sequence[int], count: int) -> list[int]:
    """`count` of the items (at least one), each from the middle of an equal share of them."""
    count = max(1, min(count, len(items)))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def reason_without(folder: Path) -> str:
    """Why a finished stage has no sightings; empty when it has, or was not asked to look."""
    return str(_read(folder / _WITHOUT).get("reason", ""))


def model_used(folder: Path) -> dict[str, str]:
    """Name -> sha256 of the vision model that a finished stage was made with; or empty."""
    model = _read(folder / _MODEL)
    return {str(model["name"]): str(model["sha256"])} if model else {}


def _look_together(
    images: Images,
    chosen: Sequence[tuple[int, int]],
    network: SightNetwork,
    folder: Path,
    progress: Progress,
) -> int:
    sums = ElementSums(images.manifest.element_count, len(network.surfaces), len(network.regions))
    looked = sum(_look(images, image, network, sums) for image in progress(chosen))
    save_sightings(folder, sums.sightings(network.surfaces, network.regions))
    return looked


def _look_alone(images: Images, network: SightNetwork, folder: Path, progress: Progress) -> int:
    """A sequence: every frame has elements of its own, and is looked at from everywhere."""
    looked, size = 0, (len(network.surfaces), len(network.regions))
    views = range(images.view_count)
    for frame, view in progress([(frame, view) for frame in images.frames for view in views]):
        if view == 0:
            sums = ElementSums(images.manifest.elements_at(frame), *size)
        looked += _look(images, (frame, view), network, sums)
        if view == views[-1]:
            save_sightings(folder, sums.sightings(network.surfaces, network.regions), frame)
    return looked


def _look(
    images: Images, chosen: tuple[int, int], network: SightNetwork, sums: ElementSums
) -> bool:
    """Whether the view shows anything."""
    image = images.image(*chosen)
    if not image.silhouette.any():
        return False
    sighting = network.look(image)
    sums.add(image, sighting)
    head = head_to_look_at(sighting, network.regions, image.silhouette)
    if head is not None:  # what lies around it is shown only so that the head is understood
        sums.add(image, network.look_closer(image, *head), head[0], _CLOSER_COUNTS)
    return True


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    check_recorded(path)
    return read_object(path)
