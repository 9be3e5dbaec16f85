# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
# Where the runner wants to read how long each file took. Not for a pytest that a test starts.
_SECONDS_FILE = os.environ.pop("PARTS4D_TEST_SECONDS", "")
_seconds: defaultdict[str, float] = defaultdict(float)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the sources."""
    return REPOSITORY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user called Jane, with her data folder in it."""
    home = tmp_path / "home-of-jane"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PARTS4D_DATA", str(home / "data"))
    return home


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the process at once where asked to: the bpy module may hang in an ordinary exit."""
    status = getattr(config, "parts4d_status", None)
    if os.environ.get("PARTS4D_TEST_EXIT") == "now" and status is not None:
        import sys

        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid.partition("::")[0]] += report.duration


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.parts4d_status = exitstatus  # type: ignore[attr-defined]
    if _SECONDS_FILE:
        path = Path(_SECONDS_FILE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_seconds), "utf-8")
