# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from check_types import link_package

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links need developer mode")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = tmp_path / "my clone"
    path.mkdir()
    (path / "__init__.py").touch()
    return path


def link_in(checkout: Path) -> Path:
    return checkout / "build" / "types" / "parts4d"


def test_a_checkout_of_any_name_is_a_package_that_a_checker_can_name(checkout: Path) -> None:
    link = link_in(checkout)
    link_package(link, checkout)
    link_package(link, checkout)
    assert link.name.isidentifier() and (link / "__init__.py").samefile(checkout / "__init__.py")


def test_the_link_still_holds_when_the_checkout_is_moved(checkout: Path) -> None:
    link_package(link_in(checkout), checkout)
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert link_in(moved).samefile(moved)


def test_a_link_that_leads_nowhere_is_made_anew(checkout: Path) -> None:
    link = link_in(checkout)
    link.parent.mkdir(parents=True)
    link.symlink_to(checkout / "gone")
    link_package(link, checkout)
    assert link.samefile(checkout)
