# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what GitHub reads: `python tools/lint_github.py`; asks nothing of the network.

Workflows, templates and the citation file run nowhere here. check-jsonschema finds what GitHub
would refuse; zizmor finds actions not pinned by the hash of a commit, text of strangers in scripts,
and needless permissions.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from setup_env import REPOSITORY, available, set_up

from core.errors import Parts4DError

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


def main() -> int:
    """The program. Returns the exit status."""
    try:
        python = set_up(available()[0]).python
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return max(subprocess.call(c, cwd=REPOSITORY) for c in lint_commands(python).values())


if __name__ == "__main__":
    raise SystemExit(main())
