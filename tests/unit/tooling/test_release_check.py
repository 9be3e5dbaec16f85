# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import release_check
from release_check import changelog_sections, manifest_version, release_notes

from core.errors import InputError

CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-01-31

### Added

- Hats.

## [1.1.0] - 2025-12-24

- Shoes.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "blender_manifest.toml").write_text('id = "toy"\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def change(repository: Path, old: str, new: str) -> None:
    path = repository / "CHANGELOG.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_notes_of_a_release_are_its_section_of_the_changelog(repository):
    assert release_notes("v1.2.0", repository) == "### Added\n\n- Hats."


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2", "v1.2.0-rc1", "", "release"])
def test_a_tag_that_is_no_versions_is_refused(repository, tag):
    with pytest.raises(InputError, match="is not the tag of a version"):
        release_notes(tag, repository)


def test_a_tag_other_than_the_manifests_version_is_refused(repository):
    with pytest.raises(InputError, match=r"The tag is v1\.1\.0, but .* version 1\.2\.0"):
        release_notes("v1.1.0", repository)


@pytest.mark.parametrize("left", ["", "## [1.2.0] - 2026-01-31\n\n"])
def test_a_version_without_changes_in_the_changelog_is_refused(repository, left):
    change(repository, "## [1.2.0] - 2026-01-31\n\n### Added\n\n- Hats.\n\n", left)
    with pytest.raises(InputError, match=r"no changes under a heading '## \[1\.2\.0\]"):
        release_notes("v1.2.0", repository)


def test_a_section_without_a_date_is_refused(repository):
    change(repository, "## [1.2.0] - 2026-01-31", "## [1.2.0]")
    with pytest.raises(InputError, match=r"section of 1\.2\.0 in CHANGELOG\.md has no date"):
        release_notes("v1.2.0", repository)


def test_changes_that_are_not_in_the_release_are_refused(repository):
    change(repository, "## [Unreleased]\n", "## [Unreleased]\n\n- Gloves.\n")
    with pytest.raises(InputError, match="still has changes under Unreleased"):
        release_notes("v1.2.0", repository)


def test_the_program_prints_the_notes_or_what_is_wrong(repository, capsys):
    assert release_check.main(["v1.2.0"], repository) == 0
    assert "Hats" in capsys.readouterr().out
    assert release_check.main(["v9.9.9"], repository) == 3
    printed = capsys.readouterr()
    assert printed.out == "" and "Set the version in the manifest" in printed.err
    assert release_check.main([]) == 2


def test_the_changelog_of_this_repository_knows_the_manifests_version():
    assert list(changelog_sections())[:2] == [release_check.UNRELEASED, manifest_version()]
