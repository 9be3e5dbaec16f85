# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole pipeline with its real default implementations, on a capture made without Blender."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import CancelledError, InputError
from core.job.label_files import LabelFiles
from core.job.spec import ParsingSettings, Part
from core.parsing.images import image_order
from core.parsing.labelling.decision import decide
from core.parsing.labelling.element_shares import Evidence, Labels, labels_together
from core.parsing.pipeline import STAGES, label_elements
from core.parsing.run import Run
from core.parsing.tracking.element_masklets import SurfaceMasklets
from tests.unit.parsing.paper_doll import ELEMENTS, SHEET, truth, write_paper_doll

WORDS = ("head", "shirt", "trousers", "bag")
TOLD = ParsingSettings(evidence=("names", "bones"))  # there is nothing to see on a paper doll


def run_all(job: Path, words=WORDS, sequence=False, **settings) -> Run:
    write_paper_doll(job, sequence=sequence)
    warnings: list[str] = []
    run = Run(job, replace(TOLD, **settings), [Part(w) for w in words], on_warning=warnings.append)
    for stage in STAGES.values():
        stage(run)
    run.warnings = warnings  # type: ignore[attr-defined]
    return run


def labels(job: Path, frame: int) -> np.ndarray:
    return LabelFiles(job).read_frame(frame)[0]


@pytest.mark.parametrize("sequence", [False, True])
def test_every_visible_element_gets_its_part(tmp_path: Path, sequence: bool) -> None:
    run_all(tmp_path, sequence=sequence)
    for frame in (1, 2, 3, 4):
        body = np.arange(2 * SHEET)
        np.testing.assert_array_equal(labels(tmp_path, frame)[body], truth()[body])
    bag = np.arange(ELEMENTS)[2 * SHEET :]
    shown = bag[(bag % SHEET // 6 >= 8) & (bag % 6 >= 3)]
    assert (labels(tmp_path, 3)[shown] == 3).all()


def test_what_appears_after_the_key_frames_is_found_by_validation(tmp_path: Path) -> None:
    write_paper_doll(tmp_path)
    run = Run(tmp_path, replace(TOLD, key_frames=1), [Part(w) for w in WORDS])
    counts = {name: stage(run) for name, stage in STAGES.items()}
    assert counts["validation"]["validation masklets"] == 1
    bag = 2 * SHEET + 9 * 6 + 4
    assert labels(tmp_path, 3)[bag] == 3


def test_unseen_elements_take_the_label_of_their_surface(tmp_path: Path) -> None:
    run_all(tmp_path)
    files = LabelFiles(tmp_path)
    label, confidence = files.read_frame(3)
    hidden: np.ndarray = 2 * SHEET + np.arange(SHEET)
    hidden = hidden[(hidden % SHEET // 6 < 8) | (hidden % 6 < 3)]  # of the bag's own sheet
    assert (label[hidden] == 3).all()
    assert (confidence[hidden] == 0).all()
    run_all(tmp_path / "unfilled", fill=False)
    assert (labels(tmp_path / "unfilled", 3)[hidden] == -1).all()


def test_a_part_that_is_not_named_stays_unlabelled(tmp_path: Path) -> None:
    run_all(tmp_path, words=("shirt", "trousers"))
    label = labels(tmp_path, 1)[: 2 * SHEET]
    np.testing.assert_array_equal(label, np.array([-1, 0, 1])[truth()[: 2 * SHEET]])


def test_a_run_that_labels_nothing_says_so(tmp_path: Path) -> None:
    run = run_all(tmp_path, words=("sword",))
    assert (labels(tmp_path, 1) == -1).all()
    assert any("no polygon is labelled" in w for w in run.warnings)  # type: ignore[attr-defined]


def test_without_distractors_every_seen_element_gets_a_part(tmp_path: Path) -> None:
    run_all(tmp_path, words=("shirt", "trousers"), distractors=False, threshold=0.0)
    assert (labels(tmp_path, 1)[: 2 * SHEET] >= 0).all()


def test_an_unknown_word_is_warned_of_and_gets_nothing(tmp_path: Path) -> None:
    run = run_all(tmp_path, words=(*WORDS, "flurbl"))
    assert any("flurbl" in w for w in run.warnings)  # type: ignore[attr-defined]
    assert not (labels(tmp_path, 1) == 4).any()
    np.testing.assert_array_equal(labels(tmp_path, 1)[: 2 * SHEET], truth()[: 2 * SHEET])


def test_only_unknown_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="None of the part names is known"):
        run_all(tmp_path, words=("flurbl",))


def test_other_words_need_only_the_last_stage(tmp_path: Path) -> None:
    run_all(tmp_path)
    again = Run(tmp_path, ParsingSettings(), [Part("trousers"), Part("face", ("head",))])
    label_elements(again)
    np.testing.assert_array_equal(
        labels(tmp_path, 1)[: 2 * SHEET], np.array([1, -1, 0])[truth()[: 2 * SHEET]]
    )


def test_sides_are_told_apart(tmp_path: Path) -> None:
    run_all(tmp_path, words=("head", "shirt", "left trousers", "right trousers"))
    element = np.arange(2 * SHEET)
    legs = truth()[: 2 * SHEET] == 2
    expected = np.where(element % 6 >= 3, 2, 3)
    np.testing.assert_array_equal(labels(tmp_path, 1)[: 2 * SHEET][legs], expected[legs])


def test_a_second_run_gives_the_same_bytes(tmp_path: Path) -> None:
    run_all(tmp_path / "a")
    run_all(tmp_path / "b")
    first, second = (
        {str(path.relative_to(job)): path.read_bytes() for path in job.rglob("*.npz")}
        for job in (tmp_path / "a", tmp_path / "b")
    )
    assert first == second
    for stage in ("proposals", "masklets", "validation", "embeddings", "labels"):
        assert any(name.startswith(stage) for name in first), stage


class OneElement(Evidence):
    """Evidence for two parts at the only element of a mesh, given for every frame."""

    def __init__(self, table: dict[int, list[float]]) -> None:
        self._table = table

    def shares(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        return np.array([0]), np.array([self._table[frame]])

    def spread(self, seen: np.ndarray, shares: np.ndarray, frame: int) -> np.ndarray:
        return shares

    def decide(self, shares: np.ndarray, frame: int, before: np.ndarray | None = None) -> Labels:
        return decide(shares, 2, 0.2)


def test_a_frame_departs_from_the_others_only_on_a_clear_lead(tmp_path: Path) -> None:
    write_paper_doll(tmp_path)
    table = {1: [0.9, 0.1], 2: [0.9, 0.1], 3: [0.3, 0.7], 4: [0.0, 0.0]}

    def labels_with(persistence: float) -> list[int]:
        run = Run(tmp_path, ParsingSettings(persistence=persistence), [Part("a"), Part("b")])
        return [int(label[0]) for _, (label, _) in labels_together(run, OneElement(table))]

    assert labels_with(1.0) == [0, 0, 0, 0]
    assert labels_with(0.5) == [0, 0, 0, 0]
    assert labels_with(0.3) == [0, 0, 1, 0]


def test_a_character_nobody_can_see_is_refused(tmp_path: Path) -> None:
    files = write_paper_doll(tmp_path)
    for frame in files.manifest.frames:
        views = [files.view(frame, view) for view in range(2)]
        files.close()
        files.write_frame(frame, [replace(v, element=np.full_like(v.element, -1)) for v in views])
    run = Run(tmp_path, ParsingSettings(), [Part("head")])
    with pytest.raises(InputError, match="No view shows anything"):
        STAGES["proposals"](run)


def test_cancel_is_obeyed_between_images(tmp_path: Path) -> None:
    write_paper_doll(tmp_path)
    run = Run(tmp_path, ParsingSettings(), [Part("head")], is_cancelled=lambda: True)
    with pytest.raises(CancelledError):
        STAGES["proposals"](run)


def test_a_seam_that_does_not_exist_is_named(tmp_path: Path) -> None:
    write_paper_doll(tmp_path)
    run = Run(tmp_path, ParsingSettings(proposer="magic"), [Part("head")])
    with pytest.raises(InputError, match=r"no proposer called 'magic'.*structure"):
        STAGES["proposals"](run)


def test_equation_1_visits_every_image_once_and_turns_back() -> None:
    order = list(image_order((1, 2, 3), 3))
    assert order == [(1, 0), (1, 1), (1, 2), (2, 2), (2, 1), (2, 0), (3, 0), (3, 1), (3, 2)]


def test_masklets_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    run = run_all(tmp_path)
    stored = SurfaceMasklets.load(tmp_path / "validation", {None: len(truth())})
    element_map = run.images.element_map(3, 0)
    again = run.tracker.load(tmp_path / "validation").masks(3, 0, element_map)
    np.testing.assert_array_equal(stored.masks(3, 0, element_map).pixels(), again.pixels())
    assert stored.count == run.tracker.load(tmp_path / "validation").count
