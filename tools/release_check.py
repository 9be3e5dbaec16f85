# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a release is what it says: tag, manifest and changelog name one version.

    python tools/release_check.py v0.2.0     before the tag is pushed, and again where it is built

Prints the changelog's section of that version, which becomes the text of the release.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from core.errors import InputError, Parts4DError

UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


def release_notes(tag: str, folder: Path = REPOSITORY) -> str:
    """The changelog's section of the version that `tag` names.

    Raises InputError when the tag is no version's, when the manifest has another version, or when
    the changelog lacks a dated section for it or still holds unreleased changes.
    """
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        raise InputError(f"'{tag}' is not the tag of a version", "Write it like v1.2.3")
    version = tag.removeprefix("v")
    stated = manifest_version(folder)
    if stated != version:
        raise InputError(
            f"The tag is {tag}, but blender_manifest.toml has version {stated}",
            "Set the version in the manifest and commit it before tagging",
        )
    sections = changelog_sections(folder)
    if not sections.get(version):
        raise InputError(
            f"CHANGELOG.md has no changes under a heading '## [{version}] - DATE'", "Write them"
        )
    if sections.get(UNRELEASED):
        raise InputError(
            f"CHANGELOG.md still has changes under {UNRELEASED}",
            f"Move them into the section of {version}, or set a higher version",
        )
    return sections[version]


def manifest_version(folder: Path = REPOSITORY) -> str:
    """The version that Blender shows."""
    manifest = tomllib.loads((folder / "blender_manifest.toml").read_text("utf-8"))
    return str(manifest["version"])


def changelog_sections(folder: Path = REPOSITORY) -> dict[str, str]:
    """Version, or "Unreleased" -> the text below its heading, newest first.

    Raises InputError for a version without a date.
    """
    text = (folder / "CHANGELOG.md").read_text("utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading in headings:
        if heading["name"] != UNRELEASED and not heading["date"]:
            raise InputError(
                f"The section of {heading['name']} in CHANGELOG.md has no date",
                "Write the heading like ## [1.2.3] - 2026-01-31",
            )
    return {
        heading["name"]: text[heading.end() : end].strip()
        for heading, end in zip(headings, ends, strict=True)
    }


def main(arguments: Sequence[str], folder: Path = REPOSITORY) -> int:
    """The program. Returns the exit status."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(release_notes(arguments[0], folder))
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
