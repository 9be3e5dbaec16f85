# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the extension's zips with Blender's own tool, and checks them with it.

    python tools/build_zip.py                       all platforms, with the worker's packages
    python tools/build_zip.py --platform linux-x64  one of them
    python tools/build_zip.py --without-wheels      one small zip; its users install by pip
    python tools/build_zip.py --platform linux-x64 --python 3.13 --blender-min 4.3
                                                    for a distribution's Blender, see below

Beside the zips lies `index.json`, made by Blender's tool too: with it the folder, put on any web
server, is an extension repository that Blender takes updates from. It lists the zips of this run
and no older ones, for Blender could not choose between two for the same system.

The wheels of a platform's zip lie in its folder `wheels/`, named by no key of the manifest, so that
Blender does not install them beside those of other extensions. Even for one Python they are 115 MB
on Linux, with the vision model more than a zip of 120 MB holds; packed anew by LZMA they are a
quarter smaller (see pack_wheels.py; a few minutes, once). Those for both of Blender's Pythons
together would still not fit. NumPy alone could be taken from Blender, but that of Blender 4.2 is
too old for SciPy. So there is a zip for each Python; the manifest says for which versions of
Blender it is.

Distributions build Blender with their own Python: Debian 13 has Blender 4.3 with Python 3.13. With
--python there is only a zip for that Python, for --blender-min and all later versions.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from pack_wheels import pack_all
from setup_env import REPOSITORY, available, set_up

from core.checkpoints.store import hash_file
from core.checkpoints.transfer_progress import Progress
from core.errors import InputError, Parts4DError
from core.installing.environments import PINS
from core.installing.index import fetch_pinned
from core.installing.pins import pinned_hashes
from core.installing.unpacked import find_wheel

INDEX = "index.json"  # the name that Blender asks a repository for
EMBEDDED = PINS / "embedded.txt"  # what the zip brings
CACHE = REPOSITORY / "build" / "wheels"
LIMIT = 120 * 2**20  # bytes of a zip

# Platform -> the end of the names of its wheels; of several for macOS the one for the oldest.
PLATFORMS = {
    "linux-x64": re.compile(r"-manylinux\S*_x86_64\.whl$"),
    "windows-x64": re.compile(r"-win_amd64\.whl$"),
    "macos-arm64": re.compile(r"-macosx_1[123]_0_arm64\.whl$"),
}


@dataclass(frozen=True)
class Range:
    """Versions of Blender with the same Python."""

    name: str
    python: tuple[int, int]
    first: str  # blender_version_min
    below: str = ""  # blender_version_max, which is not included; empty = none


RANGES = (
    Range("blender4.2-5.0", (3, 11), "4.2.0", "5.1.0"),
    Range("blender5.1", (3, 13), "5.1.0"),
)


def built_by_others(python: str, first: str) -> Range:
    """Blenders from version `first` on, such as "4.3", that run on `python`, such as "3.13".

    Raises InputError for versions that are none, or a Python for which there are no wheels.
    """
    pythons = [".".join(map(str, known.python)) for known in RANGES]
    if python not in pythons:
        raise InputError(
            f"No wheels are pinned for Python {python}", f"Choose {' or '.join(pythons)}"
        )
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", first):
        raise InputError(f"{first} is no version of Blender", "Write it like 4.3")
    whole = first if first.count(".") == 2 else f"{first}.0"
    known = RANGES[pythons.index(python)]
    return Range(f"blender{first}-python{python}", known.python, whole)


def blender_ext(environment: Path) -> Path:
    """Blender's extension tool inside an environment. Raises InputError when it is not there."""
    pattern = "bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    for site_packages in (environment / "Lib", environment / "lib"):
        for found in sorted(site_packages.glob(f"**/site-packages/{pattern}")):
            return found
    raise InputError(f"{environment} holds no Blender", "Make it anew with tools/setup_env.py")


def validate(python: Path, tool: Path, target: Path) -> None:
    """Checks a source folder or a zip. Raises InputError with what Blender says."""
    _run([str(python), str(tool), "validate", str(target)])


def build(python: Path, tool: Path, folder: Path, source: Path = REPOSITORY) -> Path:
    """The path of the new zip in `folder`. Raises InputError with what Blender says."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "parts4d.zip"
    files = ["--source-dir", str(source), "--output-filepath", str(target)]
    _run([str(python), str(tool), "build", *files])
    return target


def write_index(python: Path, tool: Path, folder: Path) -> Path:
    """The new listing of all zips in `folder`, with their sizes and hashes, as Blender reads it.

    Raises InputError when two of them are for the same Blender, or with what Blender says.
    """
    said = _run([str(python), str(tool), "server-generate", "--repo-dir", str(folder)])
    if "duplicates" in said:
        raise InputError(
            f"Blender could not choose between the zips in {folder}", "Keep one for each system"
        )
    return folder / INDEX


def collect_wheels(platform: str, python: tuple[int, int], folder: Path = CACHE) -> list[Path]:
    """The worker's wheels for a platform and a Python, downloaded where they are not in `folder`.

    Nothing is asked of the network when all are there. Raises MissingEnvironment, DownloadError.
    """
    pattern = PLATFORMS[platform]
    own = folder / platform
    own.mkdir(parents=True, exist_ok=True)
    pins = pinned_hashes(EMBEDDED)

    def wanted(name: str) -> bool:
        tags = name.split("-")[2:4]  # a Python's own wheels, or those for all later ones
        return bool(pattern.search(name)) and (
            tags[0] == "cp{}{}".format(*python) == tags[1] or tags[1] == "abi3"
        )

    def there() -> list[Path]:
        found = ((find_wheel(own, pin, python), hashes) for pin, hashes in pins.items())
        return [wheel for wheel, hashes in found if wheel and hash_file(wheel) in hashes]

    if len(there()) < len(pins):
        fetch_pinned(EMBEDDED, own, wanted, _tell)
    return there()


def add_wheels(plain: Path, wheels: Sequence[Path], platform: str, blender: Range) -> Path:
    """A new zip beside `plain`: with the wheels (and what else is among them), and a manifest for
    one platform and Python.

    Raises InputError when it becomes too large.
    """
    with zipfile.ZipFile(plain) as source:
        manifest = narrow(source.read("blender_manifest.toml").decode(), platform, blender)
        found = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
        version = found[1] if found else "0"
        target = plain.with_name(f"parts4d-{version}-{blender.name}-{platform}.zip")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in source.infolist():
                data = source.read(member)
                if member.filename == "blender_manifest.toml":
                    data = manifest.encode()
                archive.writestr(member, data, zipfile.ZIP_DEFLATED)
            for wheel in wheels:  # already compressed
                archive.write(wheel, f"wheels/{wheel.name}", zipfile.ZIP_STORED)
    size = target.stat().st_size
    if size > LIMIT:
        raise InputError(
            f"{target} has {size / 2**20:.1f} MB, more than {LIMIT // 2**20}",
            "Pin smaller packages in core/installing/requirements/embedded.in",
        )
    return target


def narrow(manifest: str, platform: str, blender: Range) -> str:
    """The manifest for one platform and a range of Blender versions."""
    versions = f'blender_version_min = "{blender.first}"'
    if blender.below:
        versions += f'\nblender_version_max = "{blender.below}"'
    manifest = re.sub(r"(?m)^blender_version_min = .*$", versions, manifest)
    return re.sub(r"(?m)^platforms = .*$", f'platforms = ["{platform}"]', manifest)


def _tell(progress: Progress) -> None:
    if progress.done and progress.done == progress.total:
        print(progress.message, file=sys.stderr)


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:].rstrip(".")
        raise InputError(f"Blender refuses the extension: {said}", "Correct blender_manifest.toml")
    return done.stdout + done.stderr


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--blender", help="the version whose tool is used; default: the main one")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist")
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    parser.add_argument("--without-wheels", action="store_true", help="one zip for all platforms")
    parser.add_argument("--python", metavar="3.13", help="only for Blenders that run on it")
    parser.add_argument(
        "--blender-min",
        metavar="4.3",
        default=RANGES[0].first,
        help="with --python: the first such Blender; default: %(default)s",
    )
    chosen = parser.parse_args(arguments)
    try:
        environment = set_up(chosen.blender or available()[0])
        tool = blender_ext(environment.path)
        validate(environment.python, tool, REPOSITORY)
        paths = _build_all(environment.python, tool, chosen)
        for path in paths:
            validate(environment.python, tool, path)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    for path in paths:
        print(f"{path} ({path.stat().st_size / 2**20:.1f} MB)")
    print(chosen.out.absolute() / INDEX)
    return 0


def _build_all(python: Path, tool: Path, chosen: argparse.Namespace) -> list[Path]:
    out = chosen.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=out) as name:
        folder = Path(name)
        plain = build(python, tool, folder)
        if not chosen.without_wheels:
            _add_all_wheels(plain, chosen)
            plain.unlink()
        write_index(python, tool, folder)
        made = sorted(folder.iterdir())  # only now is anything in `out` replaced
        moved = [Path(shutil.move(path, out / path.name)) for path in made]
    return [path for path in moved if path.name != INDEX]


def _add_all_wheels(plain: Path, chosen: argparse.Namespace) -> None:
    ranges = [built_by_others(chosen.python, chosen.blender_min)] if chosen.python else RANGES
    for platform in chosen.platform or PLATFORMS:
        for blender in ranges:
            wheels = collect_wheels(platform, blender.python)
            packed = pack_all(wheels, CACHE / platform / f"packed-{blender.name}")
            add_wheels(plain, packed, platform, blender)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
