# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.installing import installer
from core.installing.failures import MissingEnvironment
from core.installing.installer import Installer, choose_installer, version_of
from core.installing.pins import PinFile

VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "pins.txt"
    path.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    return path


def command_of(installer: Installer, pins: PinFile) -> str:
    run: list[str] = []
    installer.install(Path("/env/python"), pins, run.extend)
    return " ".join(run)


@pytest.mark.parametrize("uv", ["", "/bin/uv"])
def test_only_wheels_with_the_pinned_hashes_are_installed(pins, uv):
    command = command_of(Installer(sys.executable, VERSION, uv), PinFile(pins))
    assert "--only-binary :all: --require-hashes --no-deps" in command
    assert str(Path("/env/python")) in command and "--no-index" not in command
    assert ("/bin/uv" in command) == bool(uv)


def test_sources_are_built_with_the_packages_of_the_environment(pins):
    command = command_of(Installer(sys.executable, VERSION), PinFile(pins, sources=True))
    assert "--no-build-isolation --require-hashes --no-deps" in command
    assert "--only-binary" not in command


def test_an_index_of_its_own_is_asked_besides_the_usual_one(pins):
    other = PinFile(pins, index="https://packages.example/whl")
    assert "--extra-index-url https://packages.example/whl" in command_of(
        Installer(sys.executable, VERSION), other
    )
    assert "--index https://packages.example/whl" in command_of(
        Installer(sys.executable, VERSION, "uv"), other
    )


def test_pins_without_hashes_still_bring_no_other_packages(tmp_path):
    path = tmp_path / "pins.txt"
    path.write_text("torch==2.7.1+cu128\n")
    command = command_of(
        Installer(sys.executable, VERSION), PinFile(path, index="https://packages.example/whl")
    )
    assert "--no-deps" in command and "--require-hashes" not in command


@pytest.mark.parametrize("uv", ["", "/bin/uv"])
def test_from_a_folder_no_index_is_asked(pins, tmp_path, uv):
    installer = Installer(sys.executable, VERSION, uv, wheels=tmp_path)
    command = command_of(installer, PinFile(pins, index="https://packages.example/whl"))
    assert f"--no-index --find-links {tmp_path}" in command and "packages.example" not in command


def test_settings_for_pip_also_reach_uv(monkeypatch, tmp_path):
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL",
                 "SSL_CERT_FILE", "PIP_CERT"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://one.example")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://two.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/certificates.pem")
    found = Installer("python", VERSION, "uv").variables(tmp_path)
    assert found["UV_DEFAULT_INDEX"] == "https://one.example"
    assert found["UV_INDEX"] == "https://two.example"
    assert found["SSL_CERT_FILE"] == "/certificates.pem"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://three.example")
    assert "UV_DEFAULT_INDEX" not in Installer("python", VERSION, "uv").variables(tmp_path)


def test_certificates_for_all_programs_also_reach_pip(monkeypatch, tmp_path):
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/certificates.pem")
    found = Installer("python", VERSION).variables(tmp_path)
    assert found["PIP_CERT"] == "/certificates.pem" and found["SAM2_BUILD_CUDA"] == "0"
    assert found["TMPDIR"] == str(tmp_path)


def test_a_named_python_is_taken(monkeypatch):
    monkeypatch.setattr(installer.shutil, "which", lambda name: None)
    found = choose_installer(sys.executable)
    assert (found.python, found.version, found.uv) == (sys.executable, VERSION, "")
    with pytest.raises(MissingEnvironment, match="/no/such could not be started"):
        choose_installer("/no/such")


def test_without_uv_the_running_python_is_the_base(monkeypatch):
    monkeypatch.setattr(installer.shutil, "which", lambda name: None)
    found = choose_installer()
    assert version_of(found.python) == VERSION and not found.uv


def test_uv_brings_its_own_python(monkeypatch, tmp_path):
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho {sys.executable}\n")
    uv.chmod(0o755)
    monkeypatch.setattr(installer.shutil, "which", lambda name: str(uv))
    found = choose_installer()
    assert (found.python, found.uv) == (sys.executable, str(uv))
    uv.write_text("#!/bin/sh\nexit 2\n")
    assert choose_installer(wheels=tmp_path).python != ""


def test_a_python_without_packages_is_refused_with_a_remedy(monkeypatch):
    monkeypatch.setattr(installer, "version_of", lambda python: "3.9")
    with pytest.raises(MissingEnvironment, match=r"is Python 3\.9.*--python, or install uv"):
        choose_installer("/usr/bin/python3")


def test_a_folder_of_wheels_must_be_there(tmp_path):
    with pytest.raises(MissingEnvironment, match="is not a folder"):
        choose_installer(wheels=tmp_path / "none")
