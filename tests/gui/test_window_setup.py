# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder with Debian's Blender, and what programs in it can see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import window_blender
from window_blender import Debian, NoWindowBlender, WindowBlender

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a virtual display needs Linux")


def test_an_interrupted_or_changed_folder_is_not_taken_for_a_ready_one(tmp_path: Path) -> None:
    debian = Debian(tmp_path / "debian")
    assert debian.state() == "not installed"
    debian.path.mkdir()
    assert debian.state() == "incomplete"
    stamp = debian.path / "parts4d.json"
    stamp.write_text(json.dumps(window_blender._stamp()))
    assert debian.state() == "ready"
    (debian.path / "incomplete").touch()
    assert debian.state() == "incomplete"
    (debian.path / "incomplete").unlink()
    stamp.write_text(json.dumps({"suite": "sid"}))
    assert debian.state() == "outdated"


def test_only_what_was_made_here_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").touch()
    with pytest.raises(NoWindowBlender, match="was not made by Parts4D"):
        window_blender.remove(tmp_path / "letters")
    made = tmp_path / "debian"
    (made / "root").mkdir(parents=True)
    (made / "incomplete").touch()
    window_blender.remove(made)
    assert not made.exists()


def test_a_folder_in_which_something_is_mounted_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "incomplete").touch()
    monkeypatch.setattr(window_blender, "mounts_in", lambda folder: [folder / "root" / "dev"])
    with pytest.raises(NoWindowBlender, match=r"umount --recursive .*root/dev"):
        window_blender.remove(tmp_path)
    assert (tmp_path / "incomplete").exists()


def test_mounts_are_found_below_a_folder_only(tmp_path: Path) -> None:
    assert Path("/proc") in window_blender.mounts_in(Path("/"))
    assert window_blender.mounts_in(tmp_path) == []


def test_where_it_cannot_be_made_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTS4D_BLENDER", "/nowhere/blender")
    with pytest.raises(NoWindowBlender, match="PARTS4D_BLENDER is /nowhere/blender"):
        window_blender.set_up()
    monkeypatch.delenv("PARTS4D_BLENDER")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(NoWindowBlender, match="Only root"):
        window_blender.set_up()


def test_a_program_sees_the_folders_it_was_given_and_writes_to_some(
    blender: WindowBlender, tmp_path: Path
) -> None:
    if blender.root is None:
        pytest.skip("an installed Blender is not shut in")
    for name in ("read", "written", "hidden"):
        (tmp_path / name).mkdir()
    read, written = tmp_path / "read", tmp_path / "written"
    script = (
        f"touch {written}/new; touch {read}/new && echo wrote; ls {tmp_path}; echo $WORD; "
        "sleep 1000 & ls -d /proc/self /dev/null; mount -t tmpfs tmpfs /mnt"
    )
    command = blender.command(["sh", "-c", script], {"WORD": "said"}, [read], [written])
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["read", "written", "said", "/dev/null", "/proc/self"]
    assert "Read-only file system" in done.stderr
    assert (written / "new").exists() and not (read / "new").exists()
    assert window_blender.mounts_in(blender.root) == []
