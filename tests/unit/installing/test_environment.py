# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints.download import DownloadError
from core.errors import CancelledError, JobError
from core.files.own_files import write_own
from core.installing.environment import Environment
from core.installing.failures import MissingEnvironment
from core.installing.folders import discard, mark, remove_environment
from core.installing.installer import Installer
from core.installing.pins import PinFile
from tests.unit.installing.tiny_packages import VERSION, Package, make_sources, make_wheel

REPOSITORY = Path(__file__).resolve().parents[3]
root_on_linux = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"),
    reason="only the administrator of a Linux can mount a small disk",
)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path)


@pytest.mark.slow
def test_an_environment_is_installed_replaced_repaired_and_removed(package):
    environment = package.environment
    assert environment.state() == "not installed"
    package.install()
    assert environment.state() == "ready" and package.installed() == "1.0"
    assert environment.self_test()["versions"] == {"tiny": "1.0"}
    assert environment.verify()["problem"] == ""
    assert any(p.done for p in package.told) and not (environment.path / "tmp").exists()

    package.told.clear()
    package.install()
    assert package.told == []

    package.require("2.0")
    assert environment.state() == "outdated"
    package.install()
    assert package.installed() == "2.0"

    package.require("3.0", digest="0" * 64)
    make_wheel(package.wheels, "3.0")
    with pytest.raises(MissingEnvironment, match=r"does not have the expected hash.*env\.log"):
        package.install()
    assert "tiny" in (package.folder / "env.log").read_text()
    assert environment.state() == "outdated" and package.installed() == "2.0"

    package.require("1.0")
    package.install(in_place=True)
    assert environment.state() == "ready" and package.installed() == "1.0"

    (environment.path / "incomplete").touch()
    assert environment.state() == "incomplete"
    package.install()
    assert environment.state() == "ready" and package.installed() == "1.0"

    for info in environment.path.glob("**/tiny-1.0.dist-info"):
        shutil.rmtree(info)
    with pytest.raises(MissingEnvironment, match=r"tiny==1\.0 is missing"):
        environment.verify()

    environment.remove()
    assert not environment.path.exists()
    environment.remove()


@pytest.mark.slow
def test_a_first_installation_that_fails_leaves_nothing(package):
    package.require("1.0", digest="0" * 64)
    make_wheel(package.wheels, "1.0")
    with pytest.raises(MissingEnvironment):
        package.install()
    assert package.environment.state() == "not installed"


@pytest.mark.slow
def test_source_packages_are_built_with_what_was_installed_before(package):
    digest = make_sources(package.wheels)
    sources = package.folder / "sources.txt"
    sources.write_text(f"built==1.0 \\\n    --hash=sha256:{digest}\n")
    pins = (*package.environment.pins, PinFile(sources, sources=True))
    environment = replace(package.environment, pins=pins, modules=("tiny", "built"))
    # This Python may have no pip; the environment then gets one of its own.
    installer = replace(package.installer, python=sys.executable)
    environment.install(installer, package.told.append)
    assert set(environment.self_test()["versions"]) == {"tiny", "built"}


@pytest.mark.slow
def test_a_package_that_cannot_be_imported_puts_the_old_environment_back(package):
    package.install()
    digest = make_wheel(package.wheels, "2.0", more={"tiny.py": "raise RuntimeError('no card')"})
    package.require("2.0", digest)
    with pytest.raises(MissingEnvironment, match=r"tiny cannot be imported .*no card"):
        package.install()
    assert package.installed() == "1.0"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("uv"), reason="without uv")
def test_uv_makes_the_same_environment(package):
    package.installer = replace(package.installer, uv=shutil.which("uv") or "")
    package.install()
    assert package.installed() == "1.0" and package.environment.verify()["problem"] == ""
    package.require("3.0", digest="0" * 64)
    make_wheel(package.wheels, "3.0")
    with pytest.raises(MissingEnvironment, match="does not have the expected hash"):
        package.install()
    assert package.installed() == "1.0"


def sleeper(folder: Path, seconds: float) -> str:
    """A base Python that takes its time."""
    path = folder / "python"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *-c*) exit 0;; esac\nsleep {seconds}\ntouch "$0.end"\n'
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_an_installation_is_cancelled_in_the_middle_and_leaves_nothing(package):
    installer = Installer(sleeper(package.folder, 30), VERSION)
    with pytest.raises(CancelledError):
        package.environment.install(installer, cancelled=lambda: package.environment.path.exists())
    assert package.environment.state() == "not installed"
    assert not (package.folder / "python.end").exists(), "what it ran did not come to its end"


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_an_installation_that_is_killed_is_incomplete_and_made_anew_by_the_next(package):
    code = (
        "import sys; from pathlib import Path; from tests.unit.installing.tiny_packages import *\n"
        "p = Package(Path(sys.argv[1])); p.environment.install(Installer(sys.argv[2], VERSION))"
    )
    fake = sleeper(package.folder, 1)
    process = subprocess.Popen([sys.executable, "-c", code, str(package.folder), fake],
                               cwd=REPOSITORY)  # fmt: skip
    while not (package.environment.path / "incomplete").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert package.environment.state() == "incomplete"
    # What the killed one started goes on for a moment: the next waits for it.
    failing = Installer("/no/such/python", VERSION)
    with pytest.raises(MissingEnvironment, match="could not be started"):
        package.environment.install(failing)
    assert package.environment.state() == "not installed"


def whole(environment: Environment, base: Path) -> None:
    """Files that look like a whole environment."""
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.path / "pyvenv.cfg").write_text(f"home = {base}\n")
    (environment.path / "parts4d.json").write_text('{"requirements": "older ones"}')


def test_what_a_killed_update_had_put_aside_comes_back_when_the_next_one_fails(package):
    environment = package.environment
    old = replace(environment, path=environment.path.with_name("env.old"))
    whole(old, package.folder)
    environment.path.mkdir()
    mark(environment.path)
    with pytest.raises(MissingEnvironment):
        environment.install(Installer("/no/such/python", VERSION))
    assert environment.state() == "outdated" and old.state() == "not installed"


def test_a_missing_base_python_is_named(package):
    with pytest.raises(MissingEnvironment, match="/no/such/python could not be started"):
        package.environment.install(Installer("/no/such/python", VERSION))
    assert not package.environment.path.exists()


def test_the_space_is_asked_for_first(package):
    environment = replace(package.environment, space=2**60)
    with pytest.raises(MissingEnvironment, match=r"needs \d+\.\d GB and [\d.]+ .B are free"):
        environment.install(package.installer)
    assert not environment.path.exists()


@pytest.mark.slow
@root_on_linux
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("size=400k", r"The disk is full\. Free some space"),
        ("ro", r"cannot be written \(Read-only file system\)\. Check the permissions"),
    ],
)
def test_a_full_or_read_only_disk_is_a_sentence_with_a_remedy(package, options, sentence):
    digest = make_wheel(package.wheels, "1.0", more={"large.txt": os.urandom(250_000).hex()})
    package.require("1.0", digest)
    disk = package.folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"{options},mode=755", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        environment = replace(package.environment, path=disk / "env")
        with pytest.raises((MissingEnvironment, DownloadError), match=sentence):
            environment.install(package.installer)
        assert environment.state() == "not installed"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_is_no_environment_is_never_removed(tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "thesis.txt").write_text("precious")
    with pytest.raises(MissingEnvironment, match="is not a Parts4D environment"):
        remove_environment(tmp_path / "env")
    (tmp_path / "link").symlink_to(tmp_path / "env")
    with pytest.raises(MissingEnvironment):
        remove_environment(tmp_path / "link")
    assert (tmp_path / "env" / "thesis.txt").exists()


def test_a_python_environment_of_somebody_else_is_not_deleted(package):
    theirs = package.environment
    whole(theirs, package.folder)
    (theirs.path / "parts4d.json").unlink()
    (theirs.path / "incomplete").write_text("my list of what is still to do")
    for remove in (discard, remove_environment):
        with pytest.raises(MissingEnvironment, match="not a Parts4D environment"):
            remove(theirs.path)
    assert (theirs.path / "pyvenv.cfg").exists()


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_a_folder_that_everybody_may_change_is_not_installed_into(package):
    package.folder.chmod(0o777)
    with pytest.raises(JobError, match=r"Everybody on this machine may change .*chmod o-w"):
        package.install()


@pytest.mark.parametrize("name", ["parts4d.json", "selftest.json", "incomplete"])
def test_notes_are_not_written_through_links(package, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    environment = package.environment.path
    environment.mkdir()
    (environment / name).symlink_to(precious)
    with pytest.raises(OSError, match="link"):
        write_own(environment / name, "ours")
    mark(environment)
    assert precious.read_text() == "mine"


def test_what_is_discarded_is_gone_at_once_and_deleted_in_a_moment(package):
    environment = package.environment
    whole(environment, package.folder)
    discard(environment.path)
    assert environment.state() == "not installed"
    for _ in range(200):
        if not list(package.folder.glob("env*")):
            return
        time.sleep(0.05)
    raise AssertionError("the folder is still there")


def test_what_was_left_of_a_discarded_one_is_deleted_by_the_next_installation(package):
    left = package.folder / "env.discarded-1-1"
    left.mkdir()
    with pytest.raises(MissingEnvironment):
        package.environment.install(Installer("/no/such/python", VERSION))
    assert not left.exists()


def test_an_environment_in_use_by_another_installation_is_left_alone(package):
    with package.environment._claim():
        with pytest.raises(JobError, match="installed or removed by another process"):
            package.install()


def test_a_damaged_stamp_is_outdated(tmp_path, package):
    environment = package.environment
    whole(environment, tmp_path)
    for content in ("{", "[]", json.dumps({"requirements": "old", "python": "3.9"})):
        (environment.path / "parts4d.json").write_text(content)
        assert environment.state() == "outdated"


def test_an_environment_whose_python_was_uninstalled_is_incomplete(tmp_path, package):
    whole(package.environment, tmp_path / "gone")
    assert package.environment.state() == "incomplete"
