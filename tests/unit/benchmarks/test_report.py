# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a small made-up run: what it must hold, and that missing parts do not break it."""

from __future__ import annotations

import base64
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.quality.records import (
    AblationResults,
    AblationRow,
    CaseRecord,
    Curve,
    DamageResults,
    MethodInfo,
    Results,
    ScoreRecord,
    write_record,
)
from benchmarks.quality.report import write_report
from benchmarks.quality.report.aggregates import Run
from benchmarks.quality.report.sheets import class_colors, contact_sheet
from core.errors import JobError

EVIL = '<img src="http://bad.example/x.png" onerror=alert(1)> & "co"'
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The tables, images and texts of a page, and whether its elements nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.best: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.paragraphs: list[str] = []
        self.kinds: list[str] = []
        self._open: list[str] = []
        self._caption = self._text = ""
        self._is_best = False
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.kinds.append(tag)
        self.addresses += [v or "" for k, v in attributes if k in ("src", "href", "data", "action")]
        self._text = ""
        self._is_best = "best" in (found.get("class") or "").split()
        if tag == "img":
            self.images.append(found)
        if tag == "tr":
            self.tables[self._caption].append([])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "caption":
            self._caption = self._text
            assert self._caption not in self.tables
            self.tables[self._caption] = []
        elif tag in ("td", "th"):
            self.tables[self._caption][-1].append(self._text)
            if self._is_best:
                self.best.append(self._text)
        elif tag in ("p", "li", "figcaption"):
            self.paragraphs.append(self._text)

    def handle_data(self, text: str) -> None:
        self._text += text

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)

    def row(self, caption: str, first: str) -> dict[str, str]:
        """Column title -> text of the row that begins with `first`."""
        head, *rows = self.tables[caption]
        return dict(zip(head, next(row for row in rows if row[0] == first), strict=True))


def score(case: str, method: str, table: list[list[float]], **more: object) -> ScoreRecord:
    """A record of two classes, with the scores of its table."""
    areas = np.array(table, float)
    hit = np.diag(areas)
    iou = hit / (areas.sum(axis=1) + areas[:, :2].sum(axis=0) - hit)
    values: dict[str, Any] = {
        "classes": ("shirt", "trousers"),
        "table": tuple(map(tuple, areas.tolist())),
        "oa": hit.sum() / areas.sum(),
        "macc": float(np.mean(hit / areas.sum(axis=1))),
        "miou": float(iou.mean()),
        "iou": tuple(iou.tolist()),
        "flicker": 0.25,
        "seconds": {"proposals": 3.0, "labels": 1.0},
        "peak_gb": 0.5,
    }
    return ScoreRecord(case, case.split("_")[0], method, "free", **{**values, **more})


def case(name: str) -> CaseRecord:
    family = name.split("_")[0]
    return CaseRecord(
        name, family, "character", (1, 5), ("az000", "az180"), 6, 2.5, "CC0-1.0", {}, ("shirt",)
    )


def a_run() -> Results:
    """Two methods on two cases; a third fails on one case, a fourth cannot run."""
    return Results(
        command="python -m benchmarks --characters here",
        date="2026-03-01T10:00:00+00:00",
        machine={"processor": "an abacus"},
        packages={"numpy": "9.9"},
        seconds=400.0,
        cases=(case("mh_one"), case("quat_two")),
        methods=(
            MethodInfo("embedded", "Ours"),
            MethodInfo("openhuman3d", "Theirs"),
            MethodInfo("find3d", "Fragile"),
            MethodInfo("standard", "Heavy", "A model is missing"),
        ),
        scores=(
            score("mh_one", "embedded", [[9, 1, 0], [0, 10, 0]]),
            # The same shares as in a case of a tenth of the size.
            score("quat_two", "embedded", [[0.6, 0.4, 0], [0, 0.8, 0.2]]),
            score("mh_one", "openhuman3d", [[5, 5, 0], [0, 10, 0]]),
            score("quat_two", "openhuman3d", [[0.5, 0.5, 0], [0.5, 0.5, 0]]),
            score("mh_one", "find3d", [[10, 0, 0], [0, 10, 0]]),
            ScoreRecord("quat_two", "quat", "find3d", "free", error="It fell over"),
        ),
        notes=("A note of the run",),
    )


def report(out: Path, results: Results) -> Page:
    write_record(out / "results.json", results)
    path = write_report(out)
    assert path == out / "report.html"
    return Page(path.read_text("utf-8"))


def write_pictures(folder: Path, frames: tuple[int, ...] = (1, 5)) -> None:
    """Six square elements in a row, the left three a shirt; our labels miss one."""
    folder.mkdir(parents=True)
    element = np.full((20, 40), -1, np.int32)
    element[5:15, 5:35] = np.repeat(np.arange(6), 5)
    truth = np.array([0, 0, 0, 1, 1, 1], np.int16)
    found = np.array([0, 0, 1, 1, 1, -1], np.int16)
    for frame in frames:
        for view in (0, 1):
            cv2.imwrite(str(folder / f"color_{frame}_{view}.png"), np.full((20, 40, 3), 200, "u1"))
            np.savez(folder / f"elements_{frame}_{view}.npz", element=element)
    for name, label in (("truth", truth), ("embedded_free", found)):
        arrays: dict[str, Any] = {f"label_{f}": label for f in frames}
        np.savez(folder / f"{name}.npz", **arrays)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run, with pictures of one case and its report."""
    folder = tmp_path_factory.mktemp("out")
    write_pictures(folder / "pictures" / "mh_one")
    report(folder, a_run())
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> Page:
    """The report of the run."""
    return Page((out / "report.html").read_text("utf-8"))


def test_the_headline_has_the_means_over_the_cases(page: Page) -> None:
    ours = page.row("Words “free”: means over the cases", "Ours")
    # Case one: shirt 9/10, trousers 10/11; case two: shirt 6/10, trousers 8/14.
    iou = ((9 / 10 + 10 / 11) / 2 + (6 / 10 + 8 / 14) / 2) / 2
    assert ours["mIoU"] == f"{iou:.3f}"
    assert ours["OA"] == f"{(19 / 20 + 14 / 20) / 2:.3f}"
    assert ours["flicker"] == "0.250"
    assert ours["boundary F1"] == ours["side confusion"] == "n/a"
    assert ours["s/frame"] == "2.00"  # 4 s, 2 frames
    assert ours["cases"] == "2"
    assert page.row("Words “free”: means over the cases", "Fragile")["cases"] == "1 of 2"


def test_only_a_method_with_all_cases_is_the_best(page: Page) -> None:
    ours = page.row("Words “free”: means over the cases", "Ours")
    fragile = page.row("Words “free”: means over the cases", "Fragile")
    assert fragile["mIoU"] == "1.000"
    assert set(page.best) == {ours["mIoU"], ours["OA"], ours["mAcc"]}  # the rest is level


def test_the_first_paragraph_says_the_result(page: Page) -> None:
    lead = page.paragraphs[0]
    assert "2 cases (1 mh, 1 quat) with 4 frames in all, seen by 2 cameras" in lead
    # Fragile is ahead of Ours on the one case that both have, and so the rival.
    assert (
        "below the best of the others, Fragile, and ahead of it in 0 of the 1 that both have"
        in lead
    )
    assert "costliest mistake is shirt called trousers, 12.5 % of the scored area" in lead


def test_confusions_count_every_case_alike(page: Page) -> None:
    caption = "Words “free”: what Ours confuses"
    assert page.tables[caption][1:] == [
        # 1 of 20 and 0.4 of 2.
        ["shirt", "trousers", "12.5 %", "2 of 2", "quat_two (20.0 %)"],
        ["trousers", "(no label)", "5.00 %", "1 of 2", "quat_two (10.0 %)"],
    ]


def test_there_are_tables_by_family_case_class_and_name(page: Page) -> None:
    assert page.row("Words “free”: mean IoU by family", "quat") == {
        "family": "quat",
        "cases": "1",
        "Ours": "0.586",
        "Theirs": "0.333",
        "Fragile": "n/a",
    }
    assert page.row("Words “free”: mean IoU of every case", "mh_one")["Theirs"] == "0.583"
    trousers = page.row(
        "Words “free”: IoU of every class, mean over the cases that have it", "trousers"
    )
    assert trousers["Ours"] == f"{(10 / 11 + 8 / 14) / 2:.3f}"
    named = page.tables[
        "Words “free”: mean IoU of parts that the file itself names, and of the others"
    ]
    assert named[1] == ["Ours", "0.750", "2", f"{(10 / 11 + 8 / 14) / 2:.3f}", "2"]


def test_published_numbers_stand_apart_as_other_data(page: Page) -> None:
    caption = next(c for c in page.tables if c.startswith("OTHER DATA"))
    assert page.row(caption, "OpenHuman4D")["mIoU %"] == "92.78"
    assert page.row(caption, "4D-DRESS")["mIoU %"] == "83.55"


def test_what_did_not_run_is_listed_with_the_reason(page: Page) -> None:
    assert page.tables["Methods and cases without scores"][1:] == [
        ["Heavy", "all", "A model is missing"],
        ["Fragile", "quat_two", "It fell over"],
    ]


def test_the_run_can_be_repeated_from_what_is_told(page: Page) -> None:
    assert page.row("Command and time", "command")["value"] == a_run().command
    assert page.row("Command and time", "date")["value"] == a_run().date
    assert page.row("The machine", "processor")["value"] == "an abacus"
    assert page.row("Packages", "numpy")["value"] == "9.9"
    assert page.row("The cases", "mh_one")["licence"] == "CC0-1.0"
    assert "A note of the run" in page.text


def test_the_page_needs_nothing_but_itself(page: Page, out: Path) -> None:
    assert page.images
    for address in page.addresses:
        assert address.startswith(("data:image/", "#")), address[:80]
    text = (out / "report.html").read_text("utf-8")
    for trace in ("http://", "https://", "@import", "url("):
        assert trace not in text
    assert "link" not in page.kinds


def test_every_image_has_words_for_it(page: Page) -> None:
    assert all(image.get("alt") for image in page.images)


def test_names_are_escaped(tmp_path: Path) -> None:
    run = a_run()
    results = replace(
        run,
        command=EVIL,
        cases=(replace(run.cases[0], name=EVIL, family=EVIL, licence=EVIL),),
        methods=(MethodInfo("embedded", EVIL, ""), MethodInfo("x", EVIL, EVIL)),
        scores=(
            replace(run.scores[0], case=EVIL, family=EVIL, classes=(EVIL, "b"), vocabulary=EVIL),
            ScoreRecord(EVIL, EVIL, EVIL, EVIL, error=EVIL),
        ),
        notes=(EVIL,),
        machine={EVIL: EVIL},
        packages={EVIL: EVIL},
    )
    page = report(tmp_path, results)
    assert EVIL in page.text  # read back as it was, so it was escaped
    assert page.row("The machine", EVIL)["value"] == EVIL
    assert all((image["src"] or "").startswith("data:") for image in page.images)
    assert page.kinds.count("script") == 1


def test_markdown_holds_the_same_tables(tmp_path: Path) -> None:
    run = a_run()
    page = report(tmp_path, replace(run, notes=(), command="a | b"))
    lines = (tmp_path / "report.md").read_text("utf-8").splitlines()
    captions = [line[2:-2] for line in lines if line.startswith("**")]
    assert captions == list(page.tables)
    assert r"| command | a \| b |" in lines
    heads = [i for i, line in enumerate(lines) if line.startswith("| ---")]
    for i in heads:
        assert lines[i].count("|") == lines[i - 1].count("|")


def test_a_contact_sheet_shows_truth_labels_and_errors(page: Page) -> None:
    sheet = next(i for i in page.images if (i["src"] or "").startswith("data:image/png"))
    content = base64.b64decode((sheet["src"] or "").split(",", 1)[1])
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    colors = np.unique(image.astype(int) @ (65536, 256, 1)).tolist()
    assert {0xAD0D14, 0x404040, 0xDBDBDB} <= set(colors)  # wrong, unlabelled, right
    assert "One of the best: mh_one, mean IoU 0.905" in page.text
    assert "No pictures were kept of quat_two." in page.text


@pytest.mark.parametrize("harm", ["no elements", "no labels", "damaged", "another size", "classes"])
def test_pictures_that_do_not_fit_make_no_sheet(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "mh_one"
    write_pictures(folder)
    run = Run(a_run())
    colors = class_colors(run)
    assert contact_sheet(run, folder, "mh_one", "Here", colors) is not None
    if harm == "no elements":
        for path in folder.glob("elements_*"):
            path.unlink()
    elif harm == "no labels":
        (folder / "embedded_free.npz").unlink()
    elif harm == "damaged":
        (folder / "truth.npz").write_bytes(b"PK\3\4 not whole")
    elif harm == "another size":
        np.savez(folder / "truth.npz", label_1=np.zeros(2, np.int16))
    else:
        np.savez(folder / "truth.npz", label_1=np.full(6, 7, np.int16))
    assert contact_sheet(run, folder, "mh_one", "Here", colors) is None


def test_studies_are_shown_where_they_are(tmp_path: Path) -> None:
    rates = (0.0, 0.3, 0.6)
    curves = (
        Curve("limb flips", "mean", rates, (0.9, 0.7, 0.2), 6),
        Curve("limb flips", "graph cut", rates, (0.9, 0.8, math.nan), 6),
        Curve("dropped masks", "mean", rates, (0.9, 0.9, 0.9), 6),
    )
    write_record(tmp_path / "damage.json", DamageResults(curves, {}, "how it was damaged"))
    rows = (
        AblationRow("views", "4", 0.8, 0.9, 0.01, 0.9, 3.0, 6),
        AblationRow("views", "8", 0.85, 0.9, 0.01, math.nan, 6.0, 6),
    )
    write_record(tmp_path / "ablations.json", AblationResults(rows))
    page = report(tmp_path, a_run())
    caption = "Mean IoU over all rates of damage, in brackets at the highest rate"
    assert page.row(caption, "mean")["limb flips"] == "0.600 (0.200)"
    assert page.row(caption, "graph cut")["limb flips"] == "0.850 (n/a)"
    assert page.row(caption, "graph cut")["dropped masks"] == "n/a"
    assert page.row("Ablation: views", "8")["coverage"] == "n/a"
    assert "0.850" in page.best
    assert "Command: how it was damaged" in page.text


def test_without_studies_the_report_says_so(page: Page) -> None:
    assert page.paragraphs.count("Not part of this run.") == 2


def test_a_study_that_cannot_be_read_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "damage.json").write_text('{"curves": 3}')
    page = report(tmp_path, a_run())
    assert any(p.startswith("damage.json is left out: ") for p in page.paragraphs)


def test_a_run_without_any_score_has_a_report(tmp_path: Path) -> None:
    run = a_run()
    failed = tuple(
        ScoreRecord(s.case, s.family, s.method, s.vocabulary, error="No") for s in run.scores
    )
    page = report(tmp_path, replace(run, scores=failed))
    assert "there is no result" in page.paragraphs[0]
    assert len(page.tables["Methods and cases without scores"]) == 5
    assert (
        "no record"
        in report(tmp_path, replace(run, scores=(), cases=())).tables[
            "Methods and cases without scores"
        ][-1][2]
    )


def test_without_our_default_the_report_is_about_the_first_method(tmp_path: Path) -> None:
    run = a_run()
    others = tuple(s for s in run.scores if s.method == "openhuman3d")
    page = report(tmp_path, replace(run, scores=others))
    assert "Theirs reaches a mean IoU of" in page.paragraphs[0]


def test_a_report_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError):
        write_report(tmp_path)


def test_the_same_results_give_the_same_report(out: Path) -> None:
    first = (out / "report.html").read_bytes()
    write_report(out)
    assert (out / "report.html").read_bytes() == first
