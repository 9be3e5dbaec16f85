# SPDX-License-Identifier: GPL-3.0-or-later
"""The training of the vision model, with a tiny network on drawn views."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import InputError, JobError
from core.job.capture_files import ViewImage
from core.job.sight_model import sight_model_path
from core.parsing.sight.network import SightNetwork
from core.parsing.sight.preparation import camera_normals, prepare
from tests.unit.training.views import drawn_shard, drawn_view
from training.augment import Augmentation
from training.bank import NO_LABEL, REGIONS, SURFACES, ZONES, ZONES_OF, surface_index
from training.export import export
from training.judging import judge, mean_iou
from training.losses import SightLoss, group_of, level_matrix
from training.network import SightNet, regions_of
from training.settings import SHIPPED, NetworkSize, TrainingSettings, read_settings
from training.train import CHECKPOINT, _Run, train
from training.views import Mixture, is_held_out, surface_frequency
from training.weights import read_weights

_SIZE = NetworkSize(8, (8, 16, 16, 32), (1, 1, 1, 1), 1, 4, (16, 16, 16))
_HOW = Augmentation(tile=(64, 32), height=56.0, repainted=0.0, without_color=0.0, clay=0.0)
_RUN = TrainingSettings(
    steps=60,
    batch=4,
    warm_up=2,
    judge_every=30,
    workers=0,
    learning_rate=5e-3,
    averaging=0.9,
    held_out_people=("guest",),
    held_out_share=0.0,
    network=_SIZE,
    augmentation=_HOW,
)


@pytest.fixture(scope="module")
def shards():
    return [drawn_shard("one"), drawn_shard("two"), drawn_shard("three", person="guest")]


@pytest.fixture(scope="module")
def trained(shards, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train(shards, _RUN, out, report=lambda line: None)
    return out


def test_answers_have_half_the_size_of_the_picture_and_joints_a_quarter() -> None:
    surface, zone, boundary, joint = SightNet(_SIZE)(torch.zeros(2, 7, 96, 64))
    assert surface.shape == (2, len(SURFACES), 48, 32)
    assert zone.shape == (2, len(ZONES), 48, 32)
    assert boundary.shape == (2, 1, 48, 32)
    assert joint.shape == (2, 8, 24, 16)


def test_the_probability_of_a_region_is_the_sum_of_its_zones() -> None:
    zone = torch.randn(1, len(ZONES), 3, 2)
    region = regions_of(zone).softmax(1)
    torso = [ZONES.index(name) for name in ZONES_OF["torso"]]
    expected = zone.softmax(1)[:, torso].sum(1)
    torch.testing.assert_close(region[:, REGIONS.index("torso")], expected)
    torch.testing.assert_close(region.sum(1), torch.ones(1, 3, 2))


def test_the_shipped_size_fits_its_package() -> None:
    network = SightNet()
    assert sum(p.numel() for p in network.parameters()) * 2 < 24 * 2**20


def answers(said: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Of a network that knows surfaces only."""
    rows = (len(said), len(ZONES), *said.shape[2:])
    return said, torch.zeros(rows), torch.zeros(1, 1, 8, 8), torch.zeros(1, 8, 4, 4)


def test_a_joint_told_rightly_costs_less_and_doubt_helps_where_it_is_wrong() -> None:
    loss = SightLoss(torch.ones(len(SURFACES)) / len(SURFACES))
    truth = torch.zeros(1, 8, 8, dtype=torch.int64)
    ways = torch.tensor([1.0, 0, 0, 0, 2.0, 0]).view(1, 6, 1, 1).expand(1, 6, 4, 4)
    said = torch.zeros(1, len(SURFACES), 8, 8)

    def cost(first: float, doubt: float) -> float:
        joint = torch.zeros(1, 8, 4, 4)
        joint[:, 0], joint[:, 4], joint[:, 6:] = first, 2.0, doubt
        return float(loss((*answers(said)[:3], joint), truth, truth, truth, ways)["joint"])

    assert cost(1.0, -1.0) < cost(0.5, -1.0) < cost(-2.0, -1.0)
    assert cost(-2.0, 0.5) < cost(-2.0, -2.0)


def test_a_right_answer_costs_less_than_one_of_the_same_kind_and_that_less_than_another() -> None:
    loss = SightLoss(torch.ones(len(SURFACES)) / len(SURFACES))
    truth = torch.full((1, 8, 8), surface_index("shirt"))
    zone = torch.zeros_like(truth)
    border = torch.zeros_like(truth)
    nowhere = torch.full((1, 6, 4, 4), torch.nan)
    costs = []
    for answer in ("shirt", "blouse", "trousers"):
        said = torch.zeros(1, len(SURFACES), 8, 8)
        said[:, surface_index(answer)] = 6
        costs.append(float(loss(answers(said), truth, zone, border, nowhere)["loss"]))
    assert costs[0] < costs[1] < costs[2]


def test_pixels_nobody_knows_cost_nothing() -> None:
    loss = SightLoss(torch.ones(len(SURFACES)) / len(SURFACES))
    truth = torch.full((1, 8, 8), NO_LABEL)
    truth[:, :4] = surface_index("hat")
    said = torch.randn(1, len(SURFACES), 8, 8, requires_grad=True)
    nowhere = torch.full((1, 6, 4, 4), torch.nan)
    terms = loss(answers(said), truth, truth.clamp(max=3), torch.zeros_like(truth), nowhere)
    assert float(terms["joint"]) == 0
    terms["surface"].backward()
    assert not said.grad[:, :, 4:].any()
    assert said.grad[:, :, :4].any()


def test_coarse_classes_are_those_of_the_bank() -> None:
    group = level_matrix("class")
    upper, lower = surface_index("jacket"), surface_index("skirt")
    found = group_of(torch.tensor([upper, surface_index("blouse"), lower, NO_LABEL]), group)
    assert found[0] == found[1] != found[2]
    assert found[3] == NO_LABEL


def test_held_out_people_and_garments_are_not_drawn(shards) -> None:
    assert is_held_out(shards[2], ["guest"], [], 0.0)
    assert is_held_out(replace(shards[0], garments=("cape07",)), [], ["cape07"], 0.0)
    assert not is_held_out(shards[0], ["guest"], ["cape07"], 0.0)
    names = [drawn_shard(str(i)) for i in range(400)]
    assert 0.05 < np.mean([is_held_out(s, [], [], 0.1) for s in names]) < 0.16


def test_families_are_drawn_by_weight() -> None:
    small = replace(drawn_shard(family="scan"), views=(drawn_view(30, 12),))
    mixture = Mixture([drawn_shard(family="valid"), small], {"valid": 3.0, "scan": 1.0}, _HOW, 1)
    rng = np.random.default_rng(0)
    heights = [mixture._view(rng).surface.shape[0] for _ in range(400)]
    assert 0.18 < np.mean(np.array(heights) == 30) < 0.32


def test_training_learns_what_is_drawn(shards, trained) -> None:
    before = judge(SightNet(_SIZE), shards[2:], 56.0)
    after = judge(read_weights(trained / "best.pt")[0], shards[2:], 56.0)
    assert after["mean"]["class"] > before["mean"]["class"] + 0.2
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "score" in line] == [30, 60, 60]


def test_a_run_that_was_stopped_goes_on_where_it_was(shards, trained, tmp_path) -> None:
    half = replace(_RUN, steps=30)
    train(shards, half, tmp_path, report=lambda line: None)
    said: list[str] = []
    train(shards, _RUN, tmp_path, report=said.append)
    assert any("goes on at step 30" in line for line in said)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert state["step"] == 60


def test_a_run_that_gets_no_better_lets_the_learning_rate_fall_before_it_ends(
    shards, tmp_path
) -> None:
    how = replace(_RUN, steps=1000, falling=0.01, patience=2, judge_every=2, learning_rate=0.0)
    said: list[str] = []
    train(shards, how, tmp_path, report=said.append)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert any("learning rate falls" in line for line in said)
    assert 10 < state["step"] < 30 and state["skipped"] > 0.9


def test_without_figures_to_judge_by_nothing_is_trained(shards, tmp_path) -> None:
    with pytest.raises(InputError, match="Too few figures"):
        train(shards[:2], _RUN, tmp_path, report=lambda line: None)


def test_the_exported_file_is_what_the_extension_reads(trained, tmp_path) -> None:
    path = tmp_path / "sight.onnx"
    assert export(trained / "best.pt", path, 56.0, "tiny") < 0.02
    model = SightNetwork.load(path)
    assert (model.name, model.height, model.surfaces) == ("tiny", 56, SURFACES)
    assert model.regions == REGIONS
    view = drawn_view()
    color = np.where(view.silhouette[..., None], view.albedo, np.uint8(255))
    element = np.where(view.silhouette, 0, -1).astype(np.int32)
    height, width = element.shape
    image = ViewImage((height, width), (0, 0), element, color, view.normal, np.eye(4))
    seen = model.look(image)
    middle = seen.surface[:, seen.surface.shape[1] // 2].argmax(-1)
    assert {SURFACES[i] for i in np.unique(middle)} >= {"shirt", "trousers"}


def test_training_can_go_on_from_the_exported_file(shards, trained, tmp_path) -> None:
    path = tmp_path / "sight.onnx"
    export(trained / "best.pt", path, 56.0, "tiny")
    first, again = (read_weights(p)[0].state_dict() for p in (trained / "best.pt", path))
    for name, value in first.items():
        if value.is_floating_point():
            torch.testing.assert_close(again[name], value, rtol=2e-3, atol=2e-3)
    careful = replace(_RUN, steps=1, learning_rate=1e-6)  # what was read is what is judged
    scores = train(shards, careful, tmp_path / "run", path, lambda line: None)
    before = judge(read_weights(trained / "best.pt")[0], shards[2:], 56.0)
    assert scores["mean"]["class"] > before["mean"]["class"] - 0.1


def test_what_is_shipped_is_the_beginning_of_a_network_that_knows_more() -> None:
    network = read_weights(sight_model_path())[0].eval()
    shipped = SightNetwork.load()
    view = drawn_view()
    color = np.where(view.silhouette[..., None], view.albedo, np.uint8(255))
    image, _ = prepare(color, camera_normals(view.normal, np.eye(4)), view.silhouette, 168)
    with torch.no_grad():
        surface, zone, _, _ = network(torch.from_numpy(image)[None])
    outputs = shipped._session.run(["surface", "region"], {"image": image[None]})
    known = surface[:, : len(shipped.surfaces)].softmax(1)
    torch.testing.assert_close(known, torch.from_numpy(outputs[0]).softmax(1), atol=0.02, rtol=0)
    region = regions_of(zone).softmax(1)
    torch.testing.assert_close(region, torch.from_numpy(outputs[1]).softmax(1), atol=0.02, rtol=0)


def test_training_that_pauses_goes_on_where_it_was(shards, tmp_path) -> None:
    train(shards, _RUN, tmp_path, report=lambda line: None, pause=0.0)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == 0
    assert not (tmp_path / "best.pt").exists()
    scores = train(shards, replace(_RUN, steps=5), tmp_path, report=lambda line: None)
    assert set(scores["mean"]) >= {"surface", "region", "zone", "joint"}


def test_scores_of_other_held_out_figures_are_forgotten(shards, trained, tmp_path) -> None:
    shutil.copytree(trained, tmp_path / "run")
    more = [*shards, drawn_shard("four", person="guest")]
    longer = replace(_RUN, steps=61, learning_rate=0.0)
    train(more, longer, tmp_path / "run", report=lambda line: None)
    assert torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["best_step"] == 61


def test_another_file_is_refused_as_weights(tmp_path) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(b"not weights")
    with pytest.raises(JobError, match="no weights"):
        read_weights(path)


@pytest.mark.parametrize("name", ["sight", "small", "long"])
def test_the_shipped_settings_can_be_read(name: str) -> None:
    settings = read_settings(SHIPPED.with_name(f"{name}.toml"))
    assert settings.held_out_people and settings.held_out_garments


def test_the_learning_rate_is_even_until_the_last_part(shards, tmp_path) -> None:
    settings = replace(_RUN, steps=100, falling=0.25, warm_up=0, learning_rate=1.0)
    run = _Run(shards[:2], shards[2:], settings, tmp_path, lambda line: None)
    rates = []
    for run.step in (0, 50, 75, 90, 100):
        rates.append(run.learning_rate())
    assert rates[:3] == [1.0, 1.0, 1.0] and 0.2 < rates[3] < 0.5 and rates[4] < 0.01


def test_mean_iou_leaves_out_classes_that_hardly_occur() -> None:
    table = np.array([[90, 10, 0], [0, 100, 0], [0, 0, 0]])
    assert mean_iou(table) == pytest.approx((90 / 100 + 100 / 110) / 2)


def test_frequencies_count_only_what_is_known(shards) -> None:
    frequency = surface_frequency(shards)
    assert float(frequency.sum()) == pytest.approx(1.0)
    assert float(frequency[surface_index("skin")]) == pytest.approx(1 / 3, abs=0.02)
