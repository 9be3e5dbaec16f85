# SPDX-License-Identifier: GPL-3.0-or-later
"""Our presets as methods of the benchmark: real jobs on a shared capture."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality.methods import METHODS
from benchmarks.quality.methods.ours import PAPER_EMBEDDED, share_capture
from benchmarks.quality.vocabularies import Vocabulary
from core.job.choices import needs_torch
from core.job.folder import JobFolder
from core.job.presets import PRESETS
from core.job.spec import Part
from core.job.stage_marks import StageStore
from tests.unit.benchmarks.doll_case import doll
from tests.unit.parsing.doll_job import FRAMES, WORDS
from tests.unit.parsing.paper_doll import truth

FREE = Vocabulary("free", tuple(Part(word) for word in WORDS), (0, 1, 2, 3))
GARMENTS = Vocabulary("garments", (Part("trousers"), Part("shirt", ("top",))), (-1, 1, 0, -1))


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_embedded_preset_labels_the_doll_in_both_vocabularies(tmp_path: Path) -> None:
    captured = doll(tmp_path / "shared")
    before = contents(captured.job)
    found = METHODS["embedded"]().label(captured, [FREE, GARMENTS], tmp_path / "scratch")
    assert list(found) == ["free", "garments"]
    for frame in FRAMES:
        assert (found["free"].label[frame] == truth()).mean() > 0.95
        shirt = found["garments"].label[frame][truth() == 1]
        assert (shirt == 1).mean() > 0.95
    # The bag appears in the third frame; what no frame shows is filled in.
    assert found["free"].evidenced[1].any() and not found["free"].evidenced[1].all()
    assert set(found["free"].seconds) >= {"proposals", "embeddings", "labels"}
    assert "capture" not in found["free"].seconds
    assert 0.01 < found["free"].peak_gb < 4
    for stage in ("proposals", "masklets", "validation", "embeddings"):  # done once for both
        assert found["free"].seconds[stage] == found["garments"].seconds[stage]
    assert contents(captured.job) == before  # the shared capture is as it was


def test_a_shared_capture_is_done_and_its_files_are_not_copied(tmp_path: Path) -> None:
    captured = doll(tmp_path / "shared")
    folder = share_capture(captured.job, tmp_path / "mine")
    assert StageStore(folder).seconds().keys() == {"capture"}
    image = "capture/frame_0001.npz"
    assert (folder.path / image).samefile(captured.job / image)
    assert share_capture(captured.job, tmp_path / "mine").path == folder.path


def test_the_papers_fusion_needs_no_models_and_is_literal() -> None:
    assert not needs_torch(PAPER_EMBEDDED)
    assert METHODS["paper_embedded"]().unavailable() == ""
    paper = vars(PRESETS["paper"])
    differs = {name for name, value in vars(PAPER_EMBEDDED).items() if value != paper[name]}
    seams = ("proposer", "tracker", "encoder")
    assert differs == {"preset", *seams, *(f"{seam}_model" for seam in seams)}


def test_a_preset_without_its_models_says_which_is_missing(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))
    assert "sam_vit_h" in METHODS["paper"]().unavailable()


def test_every_method_has_the_name_it_is_known_by() -> None:
    made = {name: make() for name, make in METHODS.items()}
    assert {name: method.name for name, method in made.items()} == {name: name for name in made}
    titles = [method.title for method in made.values()]
    assert len(set(titles)) == len(titles)


def test_a_sequence_is_labelled_frame_by_frame(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(tmp_path / "none"))  # a doll is no person
    captured = doll(tmp_path / "a", sequence=True)
    found = METHODS["paper_embedded"]().label(captured, [FREE], tmp_path / "b")["free"]
    assert tuple(found.label) == FRAMES
    assert (found.label[4] == truth())[found.evidenced[4]].mean() > 0.9
    spec = JobFolder.open(tmp_path / "b" / "job").load_spec()
    assert spec.parts == FREE.parts
    assert spec.parsing.memory_scale == 1
