# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says, in its order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from ..records import AblationResults, DamageResults, Results, WordResults
from ..vocabularies import FREE
from . import sheets, studies, tables, words
from .aggregates import OURS, UNLABELLED, Run, confusions, mean
from .document import Block, Document, Listing, Paragraph, Section, Table
from .numbers import difference, duration, percent, pluralise, share
from .plots import ablation_plot, damage_plot, scores_plot, time_plot
from .targets import target_table, targets

RULES = (
    "An element is a polygon of the character. Scored are the elements that any camera of the "
    "frame shows, weighted by their area; the confusion tables of a case's frames are added.",
    "Elements whose truth is unknown, or is no class of the words, are not scored.",
    "At a border between two body parts a band of one ring of elements is not scored: where a limb "
    "ends is a convention of the rig.",
    "OA is over all that is scored. mAcc and mIoU are means over the classes that the truth has; a "
    "class that is in neither truth nor labels is skipped. Unlabelled surface counts as wrong.",
    "Boundary F1: elements next to a change of label, found again within one ring. Neighbours are "
    "elements with a common edge: where a garment is a mesh of its own, its rim is no such border.",
    "Flicker: area whose label changes from one scored frame to the next while its truth does "
    "not; where the topology changes, by the nearest element.",
    "Side confusion: of sided parts (left X, right X) labelled as either side, the share with the "
    "wrong side.",
    "Coverage: the share labelled from evidence, not filled in from its neighbours.",
    "Seconds are of all stages over all frames, without the capture, which all methods share. "
    "Every mean over cases counts each case once.",
)


def contents(
    results: Results,
    damage: DamageResults | None = None,
    study: AblationResults | None = None,
    pictures: Path | None = None,
    notes: tuple[str, ...] = (),
    never_trained: WordResults | None = None,
) -> Document:
    """The whole report. `pictures` is the folder with one folder per case; `notes` are added to
    those of the run; `never_trained` is the study of words."""
    run = Run(results)
    sections = [Section("Result", (Paragraph(summary(run), is_lead=True), *_headline(run)))]
    sections += [
        Section("Sight", tuple(_sight(run, never_trained))),
        Section("Published numbers, for orientation only", (tables.published(),)),
        Section("By family", _for_all(run, lambda v: tables.families(run, v))),
        Section("By case", _for_all(run, lambda v: tables.characters(run, v))),
        Section("By class", _for_all(run, lambda v: tables.classes(run, v))),
        Section("Where the errors are", tuple(_errors(run))),
        Section("Best and worst cases", tuple(_sheets(run, pictures))),
        Section("Controlled failures", _damage(damage)),
        Section("Ablations", _ablations(study)),
        Section("What did not run", _not_run(run)),
        Section("Notes", _notes((*results.notes, *notes, *_notes_on(never_trained)))),
        Section("How it is scored", (Listing(RULES), _words(run))),
        Section("The run", tuple(_provenance(results))),
    ]
    return Document("Quality of labels", tuple(sections))


def summary(run: Run) -> str:
    """One paragraph: what was measured, and the result in plain words."""
    if not run.methods:
        return "No method has a score for any case: there is no result. See what did not run."
    whose = " (the default)" if run.ours == OURS else ""
    verdicts = "; ".join(_verdict(run, vocabulary) for vocabulary in run.vocabularies)
    result = f"{run.title(run.ours)}{whose} reaches a mean IoU of {verdicts}."
    return " ".join([_say_measured(run), result, *_weaknesses(run)])


def _say_measured(run: Run) -> str:
    cases = run.results.cases
    names = sorted({c.family for c in cases})
    families = ", ".join(f"{sum(c.family == name for c in cases)} {name}" for name in names)
    frames = pluralise(sum(len(c.frames) for c in cases), "frame")
    return (
        f"{pluralise(len(cases), 'case')} ({families}) with {frames} in all, seen by "
        f"{_range(sorted({len(c.views) for c in cases}))}, "
        f"{'was' if len(cases) == 1 else 'were'} labelled by "
        f"{pluralise(len(run.methods), 'method')} with "
        f"{pluralise(len(run.vocabularies), 'list')} of words. All methods got the same pictures "
        "and words; scored is the visible surface, by area."
    )


def _weaknesses(run: Run) -> Iterator[str]:
    """Where our method fails, with the first list of words."""
    words = run.vocabularies[0]
    scores = run.scores(words, run.ours)
    for worst in confusions(scores)[:1]:
        mistake = f"{worst.truth} called {worst.called}"
        if worst.called == UNLABELLED:
            mistake = f"{worst.truth} left without a label"
        yield (
            f"With “{words}” its costliest mistake is {mistake}, "
            f"{percent(worst.share)} of the scored area."
        )
    if len(scores) > 2:
        lowest = sorted(scores, key=lambda s: s.miou)[:2]
        names = " and ".join(f"{s.case} ({share(s.miou)})" for s in lowest)
        yield f"Its lowest scores there are those of {names}."
    named, others = (run.mean_iou_of_named(run.ours, is_named) for is_named in (True, False))
    if named.cases and others.cases:
        yield (
            f"Parts that the file itself names reach {share(named.value)} with “{FREE}”, the "
            f"others {share(others.value)} (in {pluralise(others.cases, 'case')})."
        )


def _verdict(run: Run, vocabulary: str) -> str:
    """The score of our method with one list of words, and against the best of the others."""
    mine = run.mean_iou(vocabulary, run.ours)
    words = f"{share(mine.value)} with “{vocabulary}”"
    # Compared on the cases that both have: a mean over other cases says nothing.
    leads = [(run.lead(vocabulary, run.ours, m.name), m.title) for m in run.methods]
    leads = [(lead, title) for lead, title in leads if lead.cases and title != run.title(run.ours)]
    if not (mine.cases and leads):
        return f"{words} over {pluralise(mine.cases, 'case')}"
    lead, rival = min(leads, key=lambda pair: pair[0].difference)
    amount = difference(abs(lead.difference)).lstrip("+")
    place = f"{amount} {'above' if lead.difference > 0 else 'below'}"
    if float(amount) == 0:
        place = "level with"
    best = "the best of the others, " if len(leads) > 1 else ""
    ahead = f"ahead of it in {lead.wins} of {pluralise(lead.cases, 'case')}"
    if lead.cases < mine.cases:
        ahead = f"ahead of it in {lead.wins} of the {lead.cases} that both have"
    return f"{words} ({place} {best}{rival}, and {ahead})"


def _headline(run: Run) -> Iterator[Block]:
    if run.methods:
        yield scores_plot(run)
    for vocabulary in run.vocabularies:
        yield tables.headline(run, vocabulary)
    if FREE in run.vocabularies:
        yield tables.named_parts(run)
    for vocabulary in run.vocabularies[:1]:
        if (plot := time_plot(run, vocabulary)) is not None:
            yield plot
        yield tables.stage_seconds(run, vocabulary)


def _for_all(run: Run, make: Callable[[str], Table]) -> tuple[Block, ...]:
    blocks = tuple(make(vocabulary) for vocabulary in run.vocabularies)
    return blocks or (Paragraph("There are no scores."),)


def _errors(run: Run) -> Iterator[Block]:
    if not run.methods:
        yield Paragraph("There are no scores.")
    for vocabulary in run.vocabularies:
        yield tables.costliest_confusions(run, vocabulary, run.ours)
    for vocabulary in run.vocabularies:
        yield tables.confusions_of_others(run, vocabulary)


def _sheets(run: Run, pictures: Path | None) -> Iterator[Block]:
    best, worst = sheets.chosen_cases(run)
    if not best:
        yield Paragraph(f"There are no scores with “{FREE}”.")
        return
    yield Paragraph(
        f"Labels of {run.title(run.ours)} with “{FREE}”, two frames from two views: "
        "what the camera sees, truth, labels, errors. In the pictures of errors light grey is "
        "right, red is wrong, dark grey has no label, and pale blue is not scored. The band at "
        "joints, which is not scored, is drawn as it is labelled."
    )
    colors = sheets.class_colors(run)
    missing = []
    groups = [("One of the best", case) for case in best] + [("One of the worst", c) for c in worst]
    for place, case in groups:
        sheet = None
        if pictures is not None:
            sheet = sheets.contact_sheet(run, pictures / case, case, place, colors)
        if sheet is None:
            missing.append(case)
        else:
            yield sheet
    if missing:
        yield Paragraph(f"No pictures were kept of {', '.join(missing)}.")


def _damage(damage: DamageResults | None) -> tuple[Block, ...]:
    if damage is None or not damage.curves:
        return (Paragraph("Not part of this run."),)
    about = Paragraph(
        "Masks and embeddings made from the truth, then damaged at known rates: what the fusion "
        "makes of evidence that is partly wrong, whatever model gave it."
    )
    return (about, damage_plot(damage), studies.damage_table(damage), *_command(damage.command))


def _ablations(study: AblationResults | None) -> tuple[Block, ...]:
    if study is None or not study.rows:
        return (Paragraph("Not part of this run."),)
    plot = ablation_plot(study)
    found = [studies.ablation_table(study, name) for name in studies.ablations(study)]
    return (*((plot,) if plot else ()), *found, *_command(study.command))


def _sight(run: Run, never_trained: WordResults | None) -> Iterator[Block]:
    """The vision model against its targets."""
    yield target_table(targets(run, never_trained))
    if never_trained is not None and never_trained.scores:
        yield words.word_table(never_trained)
        yield from _command(never_trained.command)


def _notes_on(never_trained: WordResults | None) -> tuple[str, ...]:
    """What failed in the study of words."""
    return () if never_trained is None else tuple(f"Words: {n}" for n in never_trained.notes)


def _command(command: str) -> tuple[Block, ...]:
    return (Paragraph(f"Command: {command}"),) if command else ()


def _not_run(run: Run) -> tuple[Block, ...]:
    table = tables.not_run(run)
    return (table,) if table.rows else (Paragraph("Every method ran on every case."),)


def _notes(notes: tuple[str, ...]) -> tuple[Block, ...]:
    return (Listing(notes),) if notes else (Paragraph("None."),)


def _words(run: Run) -> Table:
    """What the lists of words are, and how many classes they have."""
    rows = []
    for vocabulary in run.vocabularies:
        classes = sorted({len(s.classes) for s in run.scores(vocabulary)})
        about = tables.VOCABULARIES.get(vocabulary, "")
        rows.append((vocabulary, f"{about} ({_range(classes, 'class', 'classes')})".strip()))
    return tables.named_values("The words", "name", rows)


def _provenance(results: Results) -> Iterator[Block]:
    captured = sum(c.capture_seconds for c in results.cases if math.isfinite(c.capture_seconds))
    average = mean(c.capture_seconds for c in results.cases).value
    rows = [("command", results.command), ("date", results.date)]
    rows += [("took", duration(results.seconds))]
    if results.cases:
        rows += [("captures took", f"{duration(captured)}, {duration(average)} a case")]
    yield tables.named_values("Command and time", "what", rows)
    yield tables.named_values("The machine", "what", list(results.machine.items()))
    yield tables.named_values("Packages", "package", list(results.packages.items()))
    yield tables.captured_cases(results)


def _range(numbers: list[int], one: str = "camera", many: str = "") -> str:
    """`8 cameras`, `4 to 8 cameras`."""
    if not numbers:
        return pluralise(0, one, many)
    last = pluralise(numbers[-1], one, many)
    return last if len(numbers) == 1 else f"{numbers[0]} to {last}"
