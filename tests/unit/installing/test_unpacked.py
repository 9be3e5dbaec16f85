# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import download as download_module
from core.checkpoints.download import DownloadError
from core.checkpoints.transfer_progress import Progress
from core.errors import CancelledError
from core.installing.failures import MissingEnvironment
from core.installing.folders import mark
from core.installing.pins import PinFile
from core.installing.unpacked import PACKED, UnpackedWheels, find_wheel, unpack_wheel
from tests.unit.installing.tiny_packages import make_wheel

REPOSITORY = Path(__file__).resolve().parents[3]
_HERE = "cp{0}{1}-cp{0}{1}-any".format(*sys.version_info[:2])


@pytest.fixture
def unpacked(tmp_path: Path) -> UnpackedWheels:
    """Not unpacked yet: two packages, one of them for this Python only."""
    wheels, pins = tmp_path / "extension" / "wheels", tmp_path / "pins.txt"
    first = make_wheel(wheels, "1.0")
    second = make_wheel(wheels, "2.0", "Other_One", tags=_HERE)
    pins.write_text(f"tiny==1.0 --hash=sha256:{first}\nother-one==2.0 --hash=sha256:{second}\n")
    return UnpackedWheels(wheels, tmp_path / "data", PinFile(pins), ("tiny", "Other_One"))


def run(unpacked: UnpackedWheels, tmp_path: Path, code: str) -> str:
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [*unpacked.command(), str(script), "an argument"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_script_runs_with_the_unpacked_packages_and_nothing_else(unpacked, tmp_path):
    unpacked.install()
    assert unpacked.state() == "ready"
    code = "import tiny, sys; print(tiny.version, sys.argv, __name__, sys.flags.no_site)"
    assert run(unpacked, tmp_path, code) == (
        f"1.0 ['{tmp_path / 'script.py'}', 'an argument'] __main__ 1"
    )
    code = "try:\n import pytest\nexcept ImportError:\n print('alone')"
    assert run(unpacked, tmp_path, code) == "alone"
    assert unpacked.verify()["versions"] == {"tiny": "1.0", "other-one": "2.0"}
    assert unpacked.self_test()["problem"] == ""


def test_unpacking_twice_does_nothing_the_second_time(unpacked):
    unpacked.install()
    before = unpacked.path.stat().st_mtime_ns
    told: list[Progress] = []
    unpacked.install(told.append)
    assert unpacked.path.stat().st_mtime_ns == before and told == []


def test_two_processes_may_unpack_at_once(unpacked):
    code = (
        "import sys; from pathlib import Path; from core.installing.unpacked import *\n"
        "a = sys.argv\n"
        "u = UnpackedWheels(Path(a[1]), Path(a[2]), PinFile(Path(a[3])), ('tiny',))\n"
        "u.install(); print(u.state())"
    )
    paths = [str(p) for p in (unpacked.wheels, unpacked.folder, unpacked.pins.path)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, *paths], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [p.communicate()[0].strip() for p in processes] == ["ready"] * 3


def test_one_that_was_interrupted_is_incomplete_and_unpacked_anew(unpacked):
    new = unpacked.path.with_name(unpacked.path.name + ".new")
    new.mkdir(parents=True)
    mark(new)
    (new / "rubbish.py").touch()
    assert unpacked.state() == "incomplete"
    unpacked.install()
    assert unpacked.state() == "ready" and not (unpacked.path / "rubbish.py").exists()


def test_a_cancelled_one_leaves_nothing(unpacked):
    with pytest.raises(CancelledError):
        unpacked.install(cancelled=lambda: True)
    assert unpacked.state() == "not installed"


def test_a_damaged_wheel_is_refused(unpacked):
    wheel = next(unpacked.wheels.glob("tiny*"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(MissingEnvironment, match=r"is damaged\. Install the Parts4D extension"):
        unpacked.install()
    assert unpacked.state() == "not installed"


def packed_anew(wheel: Path) -> None:
    """By LZMA, with its hash in the list beside it."""
    with zipfile.ZipFile(wheel) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_LZMA) as target:
        for name, content in members.items():
            target.writestr(name, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (wheel.parent / PACKED).write_text(json.dumps({wheel.name: digest}))


def test_wheels_packed_anew_for_the_zip_are_taken_when_they_are_whole(unpacked):
    wheel = next(unpacked.wheels.glob("tiny*"))
    packed_anew(wheel)
    unpacked.install()
    assert unpacked.verify()["problem"] == ""
    unpacked.remove()
    wheel.write_bytes(wheel.read_bytes()[:-1])
    with pytest.raises(MissingEnvironment, match=r"is damaged\. Install the Parts4D extension"):
        unpacked.install()


def test_a_python_without_lzma_is_told_where_to_find_another(unpacked, monkeypatch):
    packed_anew(next(unpacked.wheels.glob("tiny*")))
    monkeypatch.setattr(zipfile, "lzma", None)
    with pytest.raises(MissingEnvironment, match=r"cannot be unpacked .*lzma.* Blender from"):
        unpacked.install()


def test_a_copy_for_another_blender_says_so(unpacked):
    other = replace(unpacked, version=(3, 99))
    with pytest.raises(MissingEnvironment, match=r"other-one==2\.0 for Python 3\.99.*Blender"):
        other.install()


def update(unpacked: UnpackedWheels) -> Path:
    """Other pins, as after an update; returns the folder of those before."""
    before = unpacked.path
    unpacked.pins.path.write_text(unpacked.pins.path.read_text() + "# newer\n")
    assert unpacked.path != before
    return before


def test_two_versions_of_parts4d_do_not_disturb_each_other(unpacked):
    unpacked.install()
    before = update(unpacked)
    unpacked.install()
    assert unpacked.state() == "ready" and before.exists()


def test_what_was_not_used_for_a_month_is_removed(unpacked):
    unpacked.install()
    before = update(unpacked)
    (unpacked.folder / "full").mkdir()
    os.utime(before / "parts4d.json", (0, 0))
    unpacked.install()
    assert not before.exists() and (unpacked.folder / "full").exists()
    os.utime(unpacked.path / "parts4d.json", (0, 0))
    asked = int(time.time())  # a file system may know whole seconds only
    unpacked.install()
    assert (unpacked.path / "parts4d.json").stat().st_mtime >= asked, "it is in use"


def test_a_file_that_was_changed_is_found(unpacked):
    unpacked.install()
    (unpacked.path / "tiny.py").write_text("version = 'evil'")
    with pytest.raises(MissingEnvironment, match=r"tiny\.py is missing or damaged"):
        unpacked.verify()


def test_removing_it_leaves_no_folder(unpacked):
    unpacked.install()
    unpacked.remove()
    assert unpacked.state() == "not installed" and not unpacked.path.exists()
    unpacked.remove()
    with pytest.raises(MissingEnvironment, match="is not installed"):
        unpacked.verify()


def test_too_little_space_is_told_with_numbers(unpacked, monkeypatch, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(download_module.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(DownloadError, match=r"needs 0 MB and 0 MB are free"):
        unpacked.install()
    assert not unpacked.path.exists()


@pytest.mark.parametrize(
    "name",
    ["../evil.py", "/evil.py", "a/../../evil.py", "C:/evil.py", "a\\..\\evil.py", "a" * 300],
)
def test_a_wheel_cannot_write_outside_its_folder(tmp_path, name):
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "")
    with pytest.raises(MissingEnvironment, match="unsafe path"):
        unpack_wheel(wheel, tmp_path / "target")
    assert not (tmp_path / "evil.py").exists()


def test_a_wheel_whose_content_is_not_what_was_packed_is_damaged(tmp_path):
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny.py", "hat = 1\n" * 100)
    content = bytearray(wheel.read_bytes())
    content[38:44] = b"\xff" * 6
    wheel.write_bytes(content)
    with pytest.raises(MissingEnvironment, match="is damaged"):
        unpack_wheel(wheel, tmp_path / "target")


@pytest.mark.parametrize(
    "content", [b"one,two\n", b"\xff,,,\n", b'"' + b"x" * 200_000, b"a\0,sha256=x,\n"]
)
def test_a_record_that_is_none_is_damage(unpacked, content):
    unpacked.install()
    next(unpacked.path.glob("tiny*.dist-info/RECORD")).write_bytes(content)
    with pytest.raises(MissingEnvironment, match="missing or damaged"):
        unpacked.verify()


def test_a_wheel_cannot_bring_links(tmp_path):
    wheel = tmp_path / "x.whl"
    member = zipfile.ZipInfo("link")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(MissingEnvironment, match="unsafe path"):
        unpack_wheel(wheel, tmp_path / "target")


def test_of_a_wheels_data_only_modules_are_taken(tmp_path):
    more = {"tiny-1.0.data/purelib/extra.py": "", "tiny-1.0.data/scripts/run": ""}
    make_wheel(tmp_path, "1.0", more=more)
    unpack_wheel(tmp_path / "tiny-1.0-py3-none-any.whl", tmp_path / "target")
    assert (tmp_path / "target" / "extra.py").exists()
    assert not list((tmp_path / "target").glob("**/run"))


def test_what_is_no_zip_is_a_sentence(tmp_path):
    (tmp_path / "x.whl").write_bytes(b"no zip")
    with pytest.raises(MissingEnvironment, match="is damaged"):
        unpack_wheel(tmp_path / "x.whl", tmp_path / "target")


@pytest.mark.parametrize(
    ("tags", "version", "fits"),
    [
        ("cp311-cp311-win_amd64", (3, 11), True),
        ("cp311-cp311-win_amd64", (3, 13), False),
        ("cp37-abi3-win_amd64", (3, 13), True),
        ("cp314-abi3-win_amd64", (3, 13), False),
        ("cp313-cp313t-win_amd64", (3, 13), False),
        ("py3-none-any", (3, 11), True),
    ],
)
def test_a_wheel_is_chosen_by_its_tags(tmp_path, tags, version, fits):
    make_wheel(tmp_path, "1.0", tags=tags)
    assert (find_wheel(tmp_path, "tiny==1.0", version) is not None) == fits
    assert find_wheel(tmp_path, "tiny==1.1", version) is None
