# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the sources."""
    return REPOSITORY


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the process at once where asked to: the bpy module may hang in an ordinary exit."""
    status = getattr(config, "parts4d_status", None)
    if os.environ.get("PARTS4D_TEST_EXIT") == "now" and status is not None:
        import sys

        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(status))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.parts4d_status = exitstatus  # type: ignore[attr-defined]
