# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the demo character: `python -m demo.parse_demo --out FOLDER`.

Builds the character, parses it through the command line as a user would, and leaves the labelled
.blend, the contact sheet and the report in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

PARTS = (
    "hair; head | face; eyes; eyebrows; neck; jacket; t-shirt; belt; trousers | jeans; shoes; "
    "left hand; right hand"
)
ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"))
    parser.add_argument("--frames", default="1-24")
    arguments = parser.parse_args()
    out = arguments.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    blend = out / "character.blend"
    if not blend.is_file():  # the same file again lets an interrupted run go on
        print("Building the demo character", flush=True)
        subprocess.run([sys.executable, "-m", "demo", str(blend)], cwd=ROOT, check=True)
    command = [sys.executable, str(ROOT), "parse", str(blend), "--parts", PARTS]
    command += ["--frames", arguments.frames, "--job", str(out / "job")]
    command += ["--output", str(out / "labelled.blend"), "--json"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode:
        return finished.returncode
    document = json.loads(finished.stdout)
    (out / "report.json").write_text(json.dumps(document, indent=1), "utf-8")
    for name in ("sheet.png", "report.txt"):
        shutil.copyfile(out / "job" / name, out / name)
    print((out / "report.txt").read_text("utf-8"))
    print(f"\nLook at {out / 'sheet.png'}, open {out / 'labelled.blend'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
