# SPDX-License-Identifier: GPL-3.0-or-later
"""What loaders read is, pixel by pixel, what was rendered."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pytest

from core.dataset.assembly import EXPORTS, AssemblySettings, assemble
from core.dataset.cameras import read_cameras
from core.dataset.coco import read_instances, read_panoptic
from core.dataset.cvat import read_cvat
from core.dataset.sequences import images_of, load_sequences
from core.dataset.splits import SplitShares
from core.dataset.tracks import read_tracks
from core.errors import JobError
from core.label_images.request import UNLABELLED
from tests.unit.dataset.made_images import FRAMES, REGISTRY, VIEWS, make_dataset

ALL_IN_TRAIN = AssemblySettings(EXPORTS, splits=SplitShares(1, 0, 0))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("dataset")
    make_dataset(root)
    assemble(root, ALL_IN_TRAIN)
    return root


@pytest.fixture(scope="module")
def truth(dataset):
    """By image id: (H, W) part numbers with those that have no part as 0."""
    found = {}
    for sequence in load_sequences(dataset):
        for image in images_of(dataset, sequence):
            parts = image.pixels("parts").astype(int)
            found[image.id] = np.where(parts == UNLABELLED, 0, parts)
    return found


def number_of(name):
    label = REGISTRY.find(name)
    assert label is not None
    return label.id


def painted(masks, shape):
    canvas = np.zeros(shape, int)
    for number, mask in masks:
        canvas[mask] = number
    return canvas


def test_every_image_is_found_once(truth):
    assert len(truth) == 2 * len(VIEWS) * len(FRAMES)


def test_instances_and_panoptic_show_the_rendered_parts(dataset, truth):
    instances = read_instances(dataset / "annotations" / "instances_train.json")
    panoptic = read_panoptic(dataset / "annotations" / "panoptic_train.json")
    assert set(instances) == set(panoptic) == set(truth)
    for number, parts in truth.items():
        masks = [(category, mask) for category, _, mask in instances[number]]
        assert np.array_equal(painted(masks, parts.shape), parts)
        assert np.array_equal(panoptic[number], parts)


def test_tracks_follow_a_part_through_a_view(dataset):
    tracks = read_tracks(dataset / "annotations" / "ytvis_train.json")
    assert len(tracks) == len(VIEWS) * 3 * 3  # three characters in all, three parts each
    assert all(len(masks) == len(FRAMES) for masks in tracks.values())
    assert {name for name, _ in tracks} == {f"{s}/{v}" for s in ("walk", "run") for v in VIEWS}


def test_cvat_masks_show_the_rendered_parts(dataset, truth):
    masks = read_cvat(dataset / "annotations" / "cvat_train.zip")
    names = {i.name: i.id for s in load_sequences(dataset) for i in images_of(dataset, s)}
    assert set(masks) == set(names)
    for name, mask in masks.items():
        assert np.array_equal(mask, truth[names[name]])


def test_cameras_are_listed_by_frame(dataset):
    cameras = read_cameras(dataset / "seq" / "walk" / "Low_left" / "camera.jsonl")
    assert [c.frame for c in cameras] == list(FRAMES)
    assert cameras[0].instant == 1.25 and cameras[0].size == (40, 30)
    assert cameras[0].intrinsics[0, 2] == 20.0
    assert np.array_equal(cameras[0].world_to_camera, np.eye(4))


def test_pycocotools_decodes_every_mask(dataset, truth):
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    loaded = coco.COCO(str(dataset / "annotations" / "instances_train.json"))
    assert {c["name"] for c in loaded.loadCats(loaded.getCatIds())} == {"hair", "jacket", "shoes"}
    for number, parts in truth.items():
        annotations = loaded.loadAnns(loaded.getAnnIds(imgIds=[number]))
        masks = [(a["category_id"], loaded.annToMask(a).astype(bool)) for a in annotations]
        assert np.array_equal(painted(masks, parts.shape), parts)
        assert all(a["area"] == mask.sum() for a, (_, mask) in zip(annotations, masks, strict=True))


def test_datumaro_reads_instances_and_panoptic(dataset, truth, tmp_path):
    datumaro = pytest.importorskip("datumaro", reason="datumaro is not installed")
    shutil.copytree(dataset / "annotations", tmp_path / "annotations")
    (tmp_path / "images").mkdir()  # it reads nothing where COCO has pictures and we have none
    names = {i.id: i for s in load_sequences(dataset) for i in images_of(dataset, s)}
    for kind in ("instances", "panoptic"):
        path = tmp_path / "annotations" / f"{kind}_train.json"
        loaded = datumaro.Dataset.import_from(str(path), f"coco_{kind}")
        labels = loaded.categories()[datumaro.AnnotationType.label]
        number = {i: number_of(c.name) for i, c in enumerate(labels.items)}
        items = {item.attributes["id"]: item for item in loaded}
        assert set(items) == set(names)
        for image, item in items.items():
            masks = [
                (number[a.label], np.asarray(a.image, bool))
                for a in item.annotations
                if a.type == datumaro.AnnotationType.mask
            ]
            assert np.array_equal(painted(masks, truth[image].shape), truth[image])


def test_datumaro_reads_the_masks_for_cvat(dataset, truth, tmp_path):
    datumaro = pytest.importorskip("datumaro", reason="datumaro is not installed")
    with zipfile.ZipFile(dataset / "annotations" / "cvat_train.zip") as archive:
        archive.extractall(tmp_path)
    loaded = datumaro.Dataset.import_from(str(tmp_path), "voc_segmentation")
    labels = loaded.categories()[datumaro.AnnotationType.label]
    names = {i.name: i.id for s in load_sequences(dataset) for i in images_of(dataset, s)}
    assert {item.id for item in loaded} == set(names)
    for item in loaded:
        parts = truth[names[item.id]]
        masks = [
            (number_of(labels[a.label].name), np.asarray(a.image, bool))
            for a in item.annotations
            if labels[a.label].name != "background"
        ]
        assert np.array_equal(painted(masks, parts.shape), parts)


def test_annotations_are_the_same_bytes_when_made_again(dataset, tmp_path):
    make_dataset(tmp_path, ("walk", "run"))
    assemble(tmp_path, ALL_IN_TRAIN)
    for path in sorted((dataset / "annotations").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / path.relative_to(dataset)).read_bytes()


def test_the_data_set_says_what_is_in_it(dataset):
    document = json.loads((dataset / "dataset.json").read_text())
    assert document["labels"] == REGISTRY.hash
    assert [s["name"] for s in document["sequences"]] == ["run", "walk"]
    assert [s["images"] for s in document["sequences"]] == [6, 6]
    assert (dataset / "splits" / "train.txt").read_text() == "run\nwalk\n"
    assert (dataset / "splits" / "test.txt").read_text() == ""


def test_a_damaged_image_is_named(tmp_path):
    make_dataset(tmp_path, ("walk",))
    broken = tmp_path / "seq" / "walk" / "Camera" / "parts" / "000002.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(JobError, match="walk__Camera__000002"):
        assemble(tmp_path, ALL_IN_TRAIN)


def test_an_empty_data_set_is_no_data_set(tmp_path):
    with pytest.raises(JobError, match="no image"):
        assemble(tmp_path, ALL_IN_TRAIN)
