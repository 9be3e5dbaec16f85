# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the published methods, on cases small enough to do by hand."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.methods.dress4d import clean, mask_scores, smooth
from benchmarks.quality.methods.optical_flow import carried_labels
from benchmarks.quality.methods.partslip import highest_share, pixels_in_boxes
from benchmarks.quality.methods.peers import SeenView, between, nearest_labelled
from benchmarks.quality.methods.superpoints import element_appearance, superpoints
from benchmarks.quality.methods.words import Words
from core.job.capture_files import Facts, ViewImage
from core.parsing.masks import MaskSet
from tests.unit.parsing.paper_doll import COLORS, SHEET, facts, truth, view_image


def masks(*rows: str) -> MaskSet:
    """Masks over pixels, "#" inside."""
    return MaskSet.from_pixels(np.array([[c == "#" for c in row] for row in rows]))


def strip(count: int) -> Facts:
    """Elements in a row, a metre apart."""
    index = np.arange(count, dtype=np.int32)
    nothing = np.zeros(count, np.int32)
    return Facts(
        object=nothing,
        material=nothing,
        bone=nothing,
        loose_part=nothing,
        uv_island=nothing,
        area=np.ones(count, np.float32),
        centroid=np.stack([index, nothing, nothing], axis=1).astype(np.float32),
        neighbours=np.stack([index[:-1], index[1:]], axis=1),
    )


class TwoWords(Words):
    """Words in the plane: the probability of each thing is what the embedding says."""

    count = 2

    def __init__(self) -> None:
        pass

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        return embeddings


def test_masks_that_are_too_small_or_the_whole_are_left_out() -> None:
    kept = between(masks("########..", "#########.", "##........", "#........."), 1, 0.9)
    np.testing.assert_array_equal(kept.areas(), [8, 2])


def test_elements_without_a_thing_take_the_nearest() -> None:
    thing = nearest_labelled(np.array([-1, 3, -1, -1, 5]), strip(5))
    np.testing.assert_array_equal(thing, [3, 3, 3, 5, 5])
    np.testing.assert_array_equal(nearest_labelled(np.array([-1, -1]), strip(2)), [-1, -1])


def test_a_masks_score_weighs_its_sources_by_their_share_of_it() -> None:
    parser = np.array([0, 0, 0, 1])
    flow = np.array([1, 1, -1, 1])  # -1: the flow brings nothing here
    scores = mask_scores(masks("####", "##.."), [(1.0, parser), (1.5, flow)], 2)
    np.testing.assert_allclose(
        scores, [[0.75, 0.25 + 1.5 * 0.75], [1.0, 1.5]], err_msg="share of parser and flow"
    )


def test_a_large_mask_of_many_labels_has_no_vote_unless_one_of_them_leads() -> None:
    mixed = np.arange(20) % 5
    led = np.where(np.arange(20) < 16, 0, np.arange(20) - 15)
    whole, part = "#" * 20, "#" * 10 + "." * 10
    for votes, counts in ((mixed, False), (led, True)):
        assert mask_scores(masks(whole), [(1.0, votes)], 5).any() == counts
    assert mask_scores(masks(part), [(1.0, mixed)], 5).any(), "half of the body is not large"


def test_masks_that_nearly_coincide_are_one() -> None:
    body, other = "#" * 200 + "." * 200, "#" * 195 + "." * 205
    apart = "#" * 150 + "." * 250
    left = clean(masks(body, other, apart, "#" * 399 + ".", "#" * 99 + "." * 301))
    np.testing.assert_array_equal(left.areas(), [200, 150])


def test_an_element_alone_among_others_gives_way_and_the_unseen_follow() -> None:
    votes = np.zeros((9, 2))
    votes[[0, 1, 2, 4], 0] = 1
    votes[3, 1] = 0.1  # its two borders cost more than its vote
    votes[[7, 8], 1] = 5
    label = smooth(votes, strip(9))
    np.testing.assert_array_equal(label[[0, 1, 2, 3, 4]], 0)
    np.testing.assert_array_equal(label[[7, 8]], 1)
    assert np.count_nonzero(np.diff(label)) == 1


def test_a_piece_that_no_mask_shows_takes_the_nearest_label() -> None:
    row = strip(6)
    cut = Facts(**{**vars(row), "neighbours": row.neighbours[[0, 1, 3, 4]]})  # 0 1 2 | 3 4 5
    votes = np.zeros((6, 3))
    votes[:3, 2] = 1
    np.testing.assert_array_equal(smooth(votes, cut), [2] * 6)


def test_labels_move_with_the_picture() -> None:
    random = np.random.default_rng(0)
    texture = np.kron(random.integers(0, 255, (10, 10, 3)), np.ones((6, 6, 1))).astype(np.uint8)
    images, labels = [], []
    for shift in (0, 5):
        image, label = np.full((128, 128, 3), 255, np.uint8), np.full((128, 128), -1, np.int16)
        image[30:90, 30 + shift : 90 + shift] = texture
        label[30:90, 30 + shift : 90 + shift] = np.repeat([0, 1], 30)
        images.append(image)
        labels.append(label)
    silhouette = labels[1] >= 0
    carried = carried_labels(images[0], labels[0], images[1], silhouette)
    assert (carried[~silhouette] == -1).all()
    assert (carried[silhouette] == labels[1][silhouette]).mean() > 0.9
    assert (labels[0][silhouette] == labels[1][silhouette]).mean() < 0.9, "they did move"


def test_where_the_picture_changed_the_check_lets_no_label_through() -> None:
    random = np.random.default_rng(1)
    first, second = random.integers(0, 255, (2, 64, 64, 3)).astype(np.uint8)
    label, everywhere = np.zeros((64, 64), np.int16), np.ones((64, 64), bool)
    unchecked = carried_labels(first, label, second, everywhere, checked=False)
    checked = carried_labels(first, label, second, everywhere)
    assert (unchecked >= 0).mean() > 0.9
    assert (checked >= 0).mean() < 0.5


def test_a_superpoint_takes_the_class_that_most_of_it_is_boxed_as() -> None:
    boxed = np.array([[4, 1, 0], [2, 2, 0], [0, 0, 0], [9, 0, 3]])
    np.testing.assert_array_equal(
        highest_share(boxed), [0, 1, -1, 0], err_msg="of equals the smaller class"
    )


def test_only_masks_of_a_sure_class_are_boxes_and_overlaps_count_once() -> None:
    image = ViewImage(
        resolution=(1, 6),
        corner=(0, 0),
        element=np.array([[0, 0, 1, 1, 2, -1]], np.int32),
        color=np.zeros((1, 6, 3), np.uint8),
        normal=np.zeros((1, 6, 3), np.int8),
        depth=np.zeros((1, 6), np.float16),
        world_to_camera=np.eye(4),
        intrinsics=np.eye(3),
    )
    sure = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.4, 0.4]])
    view = SeenView(image, masks("###..", ".##..", "...#.", "....#"), sure)
    point = np.array([0, 1, 1])  # two superpoints of three elements
    np.testing.assert_array_equal(pixels_in_boxes(view, TwoWords(), point, 2), [[2, 0], [1, 1]])


def test_superpoints_end_where_the_colour_does() -> None:
    row = strip(320)  # a cell of the grid is ten elements
    plain, dyed = np.zeros((320, 6)), np.zeros((320, 6))
    dyed[43:, 3] = 0.5
    without, with_dye = superpoints(row, plain), superpoints(row, dyed)
    assert without[42] == without[43]
    assert with_dye[42] != with_dye[43]
    for point in (without, with_dye):
        assert (np.abs(np.diff(point)) <= 1).all(), "pieces are connected"
        assert 20 < len(np.unique(point)) < 45


def test_superpoints_do_not_leave_their_piece_of_surface() -> None:
    row = strip(320)
    cut = Facts(**{**vars(row), "neighbours": np.delete(row.neighbours, 42, axis=0)})
    point = superpoints(cut, np.full((320, 6), np.nan))
    assert point[42] != point[43]


def test_an_element_looks_like_the_mean_of_its_pixels() -> None:
    doll = facts()
    appearance = element_appearance([view_image([0], 0), view_image([0], 3)], doll.count)
    color = COLORS[truth()[:SHEET]] / 255
    np.testing.assert_allclose(appearance[:SHEET], np.hstack([[[0, -1, 0]] * SHEET, color]))
    assert np.isnan(appearance[SHEET:]).all(), "no view shows these"
