# SPDX-License-Identifier: GPL-3.0-or-later
"""The failures: what trackers, proposers and encoders do to masks and to what is said of them.

Each takes the true masks of an image and a rate, and draws from a generator that is the same for
all rates: what fails at a rate also fails at higher ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

DRIFT = 10.0  # pixels that borders drift at rate 1
AMBIGUITY = 0.6  # how much of an ambiguous embedding is the other class


@dataclass(frozen=True)
class ImageMasks:
    """N masks over the P silhouette pixels of an image, and what their embeddings will say."""

    silhouette: np.ndarray  # (h, w) bool
    truth: np.ndarray  # (P,) int, class of each pixel, -1 = unknown
    masks: np.ndarray  # (N, P) bool
    masklet: np.ndarray  # (N,) int32
    content: np.ndarray  # (N, K) float32, shares of the classes
    noise: np.ndarray  # (N, D) float32 unit rows
    mirrored: np.ndarray  # (K,) int, the class on the other side of the body, or itself
    lots: np.ndarray  # (K,) numbers in 0..1, of a class the same in all images

    def select(self, keep: np.ndarray) -> ImageMasks:
        """Only the masks where `keep` (N,) is true."""
        rows = {k: getattr(self, k)[keep] for k in ("masks", "masklet", "content", "noise")}
        return replace(self, **rows)

    def seen_content(self, masks: np.ndarray) -> np.ndarray:
        """(M, K) float32, the classes that masks (M, P) really show, as shares of their pixels."""
        classes = self.content.shape[1]
        one_hot = (self.truth[:, None] == np.arange(classes)).astype(np.float32)
        return masks @ one_hot / np.maximum(masks.sum(axis=1, keepdims=True), 1)


Damage = Callable[[ImageMasks, float, np.random.Generator], ImageMasks]


def sides_exchanged_by_tracker(
    image: ImageMasks, rate: float, rng: np.random.Generator
) -> ImageMasks:
    """The masks of a left and a right part belong to each other's masklet."""
    exchanged = _pair_coins(image, rng) < rate
    masklet = np.where(exchanged, image.mirrored, np.arange(len(exchanged)))[image.masklet]
    return replace(image, masklet=masklet.astype(np.int32))


def sides_exchanged_by_encoder(
    image: ImageMasks, rate: float, rng: np.random.Generator
) -> ImageMasks:
    """The embeddings of a left and a right part say the other side."""
    exchanged = (_pair_coins(image, rng) < rate)[image.masklet]
    content = image.content.copy()
    content[exchanged] = content[exchanged][:, image.mirrored]
    return replace(image, content=content)


def dropped(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Masks are missing, in one image or another."""
    return image.select(rng.random(len(image.masks)) >= rate)


def missed(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Parts that no image has a mask of: the proposer did not find them."""
    return image.select(image.lots[image.masklet] >= rate)


def merged(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Masks swallow the nearest other mask, which stays; embeddings say what is in the mask."""
    count = len(image.masks)
    failing = rng.random(count) < rate
    if count < 2 or not failing.any():
        return image
    rows, columns = np.nonzero(image.silhouette)
    pixels = np.stack([rows, columns]).astype(np.float32)  # (2, P)
    centre = image.masks @ pixels.T / np.maximum(image.masks.sum(axis=1, keepdims=True), 1)
    distance = np.linalg.norm(centre[:, None] - centre, axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    masks = np.where(failing[:, None], image.masks | image.masks[nearest], image.masks)
    return _reshape(image, masks, failing)


def drifting(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Every mask is grown, shrunk or shifted by `DRIFT` * rate pixels, within the silhouette."""
    radius = round(DRIFT * rate)
    ways, angles = rng.integers(0, 3, len(image.masks)), rng.random(len(image.masks))
    if not radius:
        return image
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    masks = np.empty_like(image.masks)
    for i, mask in enumerate(image.masks):
        picture = np.zeros(image.silhouette.shape, np.uint8)
        picture[image.silhouette] = mask
        if ways[i] == 0:
            picture = cv2.dilate(picture, kernel)
        elif ways[i] == 1:
            picture = cv2.erode(picture, kernel)
        else:
            x, y = radius * np.cos(2 * np.pi * angles[i]), radius * np.sin(2 * np.pi * angles[i])
            shift = np.array([[1, 0, round(x)], [0, 1, round(y)]], np.float32)
            picture = cv2.warpAffine(picture, shift, picture.shape[::-1], flags=cv2.INTER_NEAREST)
        masks[i] = picture[image.silhouette] > 0
    moved = _reshape(image, masks, np.ones(len(masks), bool))
    return moved.select(np.asarray(masks.any(axis=1)))


def ambiguous(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Embeddings lean to a class drawn by lot: `AMBIGUITY` of them is that class."""
    count, classes = image.content.shape
    failing = rng.random(count) < rate
    other = (image.content.argmax(axis=1) + rng.integers(1, max(classes, 2), count)) % classes
    mixed = (1 - AMBIGUITY) * image.content + AMBIGUITY * np.eye(classes, dtype=np.float32)[other]
    return replace(image, content=np.where(failing[:, None], mixed, image.content))


def uninformative(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """Embeddings say nothing that tells the classes apart."""
    failing = rng.random(len(image.masks)) < rate
    return replace(image, content=np.where(failing[:, None], np.float32(0), image.content))


def everything(image: ImageMasks, rate: float, rng: np.random.Generator) -> ImageMasks:
    """All of the above one after the other, each at a third of the rate."""
    for damage in (
        sides_exchanged_by_tracker,
        drifting,
        merged,
        ambiguous,
        uninformative,
        sides_exchanged_by_encoder,
        dropped,
    ):
        image = damage(image, rate / 3, rng)
    return image


DAMAGES: Mapping[str, Damage] = {
    "sides exchanged by the tracker": sides_exchanged_by_tracker,
    "sides exchanged by the encoder": sides_exchanged_by_encoder,
    "dropped masks": dropped,
    "missed parts": missed,
    "merged masks": merged,
    "drifting borders": drifting,
    "ambiguous embeddings": ambiguous,
    "uninformative embeddings": uninformative,
    "everything": everything,
}
UNNAMED = "parts not named"  # a share of the classes is not typed; masks are as they should be


def mirror(classes: tuple[str, ...]) -> np.ndarray:
    """(K,) int, for each class that of the other side, by its name, or itself."""
    other = {"left ": "right ", "right ": "left "}
    index = {name: k for k, name in enumerate(classes)}
    mirrored = list(range(len(classes)))
    for name, k in index.items():
        for side, opposite in other.items():
            if name.startswith(side):
                mirrored[k] = index.get(opposite + name.removeprefix(side), k)
    return np.array(mirrored)


def _pair_coins(image: ImageMasks, rng: np.random.Generator) -> np.ndarray:
    """(K,) numbers in 0..1, the same for both sides; 1 where a class has no other side."""
    classes = np.arange(len(image.mirrored))
    coins = rng.random(len(classes))[np.minimum(classes, image.mirrored)]
    return np.where(image.mirrored == classes, 1.0, coins)


def _reshape(image: ImageMasks, masks: np.ndarray, changed: np.ndarray) -> ImageMasks:
    """With other pixels; the embeddings of the `changed` (N,) masks say what these show.

    What an embedding was made to say before, by another damage, is lost with the mask.
    """
    content = np.where(changed[:, None], image.seen_content(masks), image.content)
    return replace(image, masks=masks, content=content)
