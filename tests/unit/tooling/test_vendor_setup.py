# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import vendor_setup
from vendor_environment import Environment, remove_environment
from vendor_pip import MissingEnvironment, explain_failure, pinned, run_tool


def make_wheel(folder: Path, version: str) -> str:
    """A package `tiny` with one module; returns the sha256 of its file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Package:
    """Requirements on the local wheel, and the environment that is made from them."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.requirements = folder / "requirements.txt"
        self.said: list[str] = []
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.environment = Environment(
            folder / "env", self.requirements, ("tiny",), sys.executable, version, 1
        )
        self.require("1.0")

    def require(self, version: str, digest: str = "") -> None:
        digest = digest or make_wheel(self.wheels, version)
        self.requirements.write_text(
            f"--no-index\n--find-links {self.wheels.as_uri()}\n"
            f"tiny=={version} \\\n    --hash=sha256:{digest}\n"
        )

    def install(self, **options: bool) -> None:
        self.environment.install(self.said.append, **options)

    def installed(self) -> str:
        code = "import tiny; print(tiny.version)"
        return run_tool([str(self.environment.python), "-I", "-c", code])[0]


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path)


@pytest.mark.slow
def test_an_environment_is_installed_replaced_repaired_and_removed(package):
    environment = package.environment
    assert environment.state() == "not installed"
    package.install()
    assert environment.state() == "ready" and package.installed() == "1.0"
    environment.verify()

    package.said.clear()
    package.install()
    assert package.said == []

    package.require("2.0")
    assert environment.state() == "outdated"
    package.install()
    assert package.installed() == "2.0"

    package.require("3.0", digest="0" * 64)
    make_wheel(package.wheels, "3.0")
    with pytest.raises(MissingEnvironment, match="not the one that was expected"):
        package.install()
    assert environment.state() == "outdated" and package.installed() == "2.0"

    package.require("1.0")
    package.install(in_place=True)
    assert environment.state() == "ready" and package.installed() == "1.0"

    (environment.path / "incomplete").touch()
    assert environment.state() == "incomplete"
    package.install()
    assert environment.state() == "ready" and package.installed() == "1.0"

    run_tool([*environment._pip(), "uninstall", "--yes", "tiny"])
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


def test_a_missing_base_python_is_named(package):
    environment = Environment(
        package.environment.path, package.requirements, ("tiny",), "/no/such/python", "3.11", 1
    )
    with pytest.raises(MissingEnvironment, match="/no/such/python could not be started"):
        environment.install(package.said.append)
    assert not environment.path.exists()


def test_the_space_is_asked_for_first(package):
    environment = Environment(
        package.environment.path, package.requirements, ("tiny",), sys.executable, "3.11", 2**60
    )
    with pytest.raises(MissingEnvironment, match=r"MB but \d+ are free"):
        environment.install(package.said.append)
    assert package.said == []


def test_a_folder_that_is_no_environment_is_never_removed(tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "thesis.txt").write_text("precious")
    with pytest.raises(MissingEnvironment, match="is not an environment"):
        remove_environment(tmp_path / "env")
    (tmp_path / "link").symlink_to(tmp_path / "env")
    with pytest.raises(MissingEnvironment):
        remove_environment(tmp_path / "link")
    assert (tmp_path / "env" / "thesis.txt").exists()


def test_an_environment_in_use_by_another_installation_is_left_alone(package):
    package.environment.path.parent.mkdir(exist_ok=True)
    with package.environment._lock():
        with pytest.raises(MissingEnvironment, match="installed by another process"):
            package.install()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space",
            "disk is full",
        ),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one"),
        ("NewConnectionError(...): Failed to establish a new connection", "not be reached"),
        ("SSLError(SSLCertVerificationError(CERTIFICATE_VERIFY_FAILED", "SSL_CERT_FILE"),
        ("ERROR: No matching distribution found for scipy==1.17.1", "Python 3.11 or 3.13"),
        ("/usr/bin/python3: No module named pip", "python3-venv"),
        ("something else.", "something else"),
    ],
)
def test_what_pip_says_becomes_a_sentence(line, sentence):
    error = explain_failure(["Collecting scipy", line, ""])
    assert sentence in str(error) and error.remedy and "Traceback" not in str(error)


def test_pinned_reads_names_and_versions(tmp_path):
    path = tmp_path / "r.txt"
    path.write_text("# a==1\n--no-index\nNumPy==2.2.6 \\\n    --hash=sha256:00\ncv==4\n")
    assert pinned(path) == ["numpy==2.2.6", "cv==4"]


def test_every_package_of_the_worker_is_pinned_with_hashes():
    text = vendor_setup.REQUIREMENTS.read_text("utf-8")
    assert [p.split("==")[0] for p in pinned(vendor_setup.REQUIREMENTS)] == [
        "numpy", "opencv-python-headless", "scipy",
    ]  # fmt: skip
    assert text.count("--hash=sha256:") >= 3 * 3


def test_the_variable_comes_first(monkeypatch):
    monkeypatch.setenv("PARTS4D_PYTHON", sys.executable)
    command = vendor_setup.embedded_python()
    assert command[0] == sys.executable
    done = subprocess.run([*command, "-c", "import numpy, scipy, cv2"], check=False)
    assert done.returncode == 0


def test_a_wrong_variable_is_an_error_not_a_fallback(monkeypatch):
    monkeypatch.setenv("PARTS4D_PYTHON", "/no/such/python")
    with pytest.raises(MissingEnvironment, match="Correct the variable or unset it"):
        vendor_setup.embedded_python()


def test_this_python_is_taken_when_it_has_the_libraries(monkeypatch):
    monkeypatch.delenv("PARTS4D_PYTHON", raising=False)
    assert vendor_setup.embedded_python()[0] == sys.executable


def test_modules_of_another_extension_do_not_count(monkeypatch, tmp_path):
    monkeypatch.delenv("PARTS4D_PYTHON", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(vendor_setup, "MODULES", ("only_in_this_process",))
    (tmp_path / "only_in_this_process.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingEnvironment, match=r"not installed\. Install them: .*vendor_setup"):
        vendor_setup.embedded_python()


@pytest.mark.skipif(sys.platform != "linux", reason="the place differs")
def test_the_data_folder_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert vendor_setup.data_folder() == tmp_path / "parts4d"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert vendor_setup.data_folder() == Path.home() / ".local" / "share" / "parts4d"


def test_the_program_answers_in_sentences(tmp_path):
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    program = [sys.executable, vendor_setup.__file__]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *arguments], env=environment, capture_output=True, text=True, cwd=tmp_path
        )

    assert run("status").stdout.rstrip().endswith(": not installed")
    verify = run("verify")
    assert verify.returncode == 3 and "not installed. Install it." in verify.stderr
    assert run().returncode == 2


def test_a_damaged_stamp_is_outdated(tmp_path, package):
    environment = package.environment
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    for content in ("{", "[]", json.dumps({"requirements": "old", "python": "3.9"})):
        (environment.path / "parts4d.json").write_text(content)
        assert environment.state() == "outdated"
