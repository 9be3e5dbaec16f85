# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what GitHub reads: `python tools/lint_github.py`; asks nothing of the network.

Workflows, templates and the citation file run nowhere here. check-jsonschema finds what GitHub
would refuse; zizmor finds actions not pinned by the hash of a commit, text of strangers in scripts,
and needless permissions.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lint import run_commands
from setup_env import REPOSITORY

# Files -> the name of their schema in check-jsonschema.
SCHEMAS = {
    ".github/workflows/*.yml": "github-workflows",
    ".github/dependabot.yml": "dependabot",
    ".github/ISSUE_TEMPLATE/[!c]*.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    "CITATION.cff": "citation-file-format",
}


def lint_commands(python: Path, root: Path = REPOSITORY) -> dict[str, list[str]]:
    """Name -> command line; zizmor is a program beside the environment's Python."""
    commands = {}
    for pattern, schema in SCHEMAS.items():
        files = [str(path) for path in sorted(root.glob(pattern))]
        check = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
        commands[schema] = [str(python), *check, *files]
    zizmor = python.with_name("zizmor.exe" if sys.platform == "win32" else "zizmor")
    strict = ["--offline", "--no-progress", "--strict-collection", "--persona", "pedantic"]
    commands["security"] = [str(zizmor), *strict, str(root / ".github")]
    return commands


if __name__ == "__main__":
    raise SystemExit(run_commands(lint_commands))
