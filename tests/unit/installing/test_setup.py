# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import vendor_setup
from core.data_folder import data_folder
from core.installing import environments
from core.installing.environment import Environment
from core.installing.environments import PINS, backend_to_install, full_environment
from core.installing.failures import MissingEnvironment
from core.installing.pins import digest_of
from core.installing.unpacked import UnpackedWheels
from tests.unit.checkpoints.file_server import FileServer, serving
from tests.unit.installing.tiny_packages import make_wheel

CONTENT = b"weights" * 1000
OK, USAGE, INPUT, CANCELLED, FAILED = 0, 2, 3, 4, 5


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty data folder, and no Python named by the user."""
    monkeypatch.delenv("PARTS4D_PYTHON", raising=False)
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This Python has none of the libraries."""
    for name in ("MODULES", "FULL_MODULES"):
        monkeypatch.setattr(environments, name, ("no_such_module",))


def pretend(environment: Environment, backend: str = "cpu", asked: bool = False) -> None:
    """Files that look like a whole environment."""
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.path / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
    stamp = {"requirements": digest_of(environment.pins), "python": "3.11", "backend": backend}
    (environment.path / "parts4d.json").write_text(json.dumps({**stamp, "asked": asked}))


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


def test_a_python_of_the_user_without_torch_is_refused_for_models(monkeypatch):
    monkeypatch.setenv("PARTS4D_PYTHON", sys.executable)
    monkeypatch.setattr(environments, "FULL_MODULES", ("numpy", "no_such_module"))
    assert vendor_setup.worker_python(False)[0] == sys.executable
    with pytest.raises(MissingEnvironment, match="not a Python with numpy, no_such_module"):
        vendor_setup.worker_python(True)


def test_this_python_is_taken_when_it_has_the_libraries(folder):
    assert vendor_setup.embedded_python()[0] == sys.executable
    assert vendor_setup.worker_python(False)[0] == sys.executable


def test_modules_of_another_extension_do_not_count(monkeypatch, tmp_path, folder):
    monkeypatch.setattr(environments, "MODULES", ("only_in_this_process",))
    (tmp_path / "only_in_this_process.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingEnvironment, match=r"not installed\. Install .*vendor_setup"):
        vendor_setup.embedded_python()


def test_models_without_their_environment_say_how_to_get_it(monkeypatch, folder):
    nothing_here(monkeypatch)
    with pytest.raises(
        MissingEnvironment, match=r"are not installed\..*vendor_setup.py install full"
    ):
        vendor_setup.worker_python(True)


def test_the_full_environment_runs_models(monkeypatch, folder):
    nothing_here(monkeypatch)
    environment = full_environment("cpu")
    pretend(environment)
    assert vendor_setup.worker_python(True)[:2] == [str(environment.python), "-I"]
    (environment.path / "incomplete").touch()
    with pytest.raises(MissingEnvironment, match="are incomplete"):
        vendor_setup.worker_python(True)


def test_in_a_checkout_the_small_environment_is_made_by_pip(monkeypatch, folder):
    nothing_here(monkeypatch)
    environment = environments.embedded_environment()
    assert isinstance(environment, Environment)
    pretend(environment)
    assert vendor_setup.embedded_python()[0] == str(environment.python)


def test_the_wheels_of_the_zip_are_unpacked_at_first_use(monkeypatch, folder, tmp_path):
    digest = make_wheel(tmp_path / "wheels", "1.0")
    (tmp_path / "embedded.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setattr(environments, "WHEELS", tmp_path / "wheels")
    monkeypatch.setattr(environments, "PINS", tmp_path)
    monkeypatch.setattr(environments, "MODULES", ("tiny",))
    assert isinstance(environments.embedded_environment(), UnpackedWheels)
    (tmp_path / "script.py").write_text("import tiny; print(tiny.version)")
    command = [*vendor_setup.embedded_python(), str(tmp_path / "script.py")]
    assert subprocess.check_output(command, text=True).strip() == "1.0"


def test_nothing_is_unpacked_into_blenders_own_packages(folder):
    for environment in (environments.embedded_environment(), full_environment("cpu")):
        assert environment.path.is_relative_to(folder)


@pytest.mark.parametrize(
    ("platform", "backend", "version", "pins"),
    [
        ("linux", "cuda", "3.13", "torch-pypi.txt"),
        ("linux", "cpu", "3.11", "torch-pypi.txt"),
        ("linux", "cuda12", "3.11", "torch-cuda12-linux.txt"),
        ("linux", "rocm", "3.11", "torch-rocm-linux.txt"),
        ("linux", "rocm", "3.13", "torch-rocm-linux-unhashed.txt"),
        ("win32", "cuda", "3.11", "torch-cuda-windows.txt"),
        ("win32", "cuda", "3.13", "torch-cuda-windows-unhashed.txt"),
        ("win32", "cpu", "3.13", "torch-pypi.txt"),
        ("darwin", "mps", "3.13", "torch-pypi.txt"),
    ],
)
def test_every_backend_has_its_build_of_pytorch(
    monkeypatch, folder, platform, backend, version, pins
):
    monkeypatch.setattr(sys, "platform", platform)
    environment = full_environment(backend, version)
    used = [p.path.name for p in environment.pins]
    assert used == ["full.txt", pins, "full-sources.txt"] and environment.space > environment.size
    assert all((PINS / name).exists() for name in used)


def test_an_update_keeps_the_backend_that_the_user_chose(folder):
    pretend(full_environment("cuda12"), "cuda12", asked=True)
    assert backend_to_install()[0].name == "cuda12" and backend_to_install()[1]
    assert backend_to_install("cpu")[0].name == "cpu"
    assert full_environment().state() == "ready"
    assert full_environment("cpu").state() == "outdated"


@pytest.mark.skipif(sys.platform != "linux", reason="the place differs")
def test_the_data_folder_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.delenv("PARTS4D_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "parts4d"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "parts4d"


class Program:
    """`python vendor_setup.py ...` with a data folder and a server of its own."""

    def __init__(self, folder: Path, server: FileServer) -> None:
        self.folder = folder
        self.server = server

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, vendor_setup.__file__, *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            cwd=self.folder,
        )

    def lines(self, *arguments: str) -> tuple[int, list[dict[str, object]]]:
        done = self.run(*arguments, "--json")
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def program(folder: Path) -> Iterator[Program]:
    with serving(content=CONTENT) as server:
        (folder / "models").mkdir(parents=True)
        digest = hashlib.sha256(CONTENT).hexdigest()
        (folder / "models" / "checkpoints.toml").write_text(
            f'[free]\nkind = "clip"\ntitle = "Free"\nfile = "free.pt"\nlicence = "MIT"\n'
            f'url = "{server.address}/free.pt"\nsha256 = "{digest}"\n'
            f'[bound]\nkind = "clip"\ntitle = "Bound"\nfile = "bound.pt"\nlicence = "none"\n'
            f'terms = "Ask first."\n'
        )
        yield Program(folder, server)


def test_a_redirect_to_another_host_is_followed_only_with_a_word_of_consent(program):
    table = program.folder / "models" / "checkpoints.toml"
    content = table.read_text().replace("[free]", "[loose]").replace("sha256 = ", "source = ")
    table.write_text(content)
    program.server.redirect = program.server.address.replace("127.0.0.1", "localhost") + "/x.pt"
    code, lines = program.lines("fetch", "loose")
    assert code == FAILED and lines[-1]["code"] == "redirected"
    assert "redirects to another host, localhost" in str(lines[-1]["message"])
    assert program.run("fetch", "loose", "--follow").returncode == OK
    assert (program.folder / "models" / "free.pt").read_bytes() == CONTENT


def test_wrong_usage_prints_how_to_use_it(program):
    done = program.run()
    assert done.returncode == USAGE and "usage: vendor_setup.py" in done.stderr
    assert program.run("install", "everything").returncode == USAGE
    assert "--wheels" in program.run("install", "--help").stdout


def test_the_status_lists_environments_and_models(program):
    said = program.run("status").stdout
    assert "full      not installed" in said
    assert "free" in said and "Ask first." in said
    code, (status,) = program.lines("status")
    assert code == OK and status["type"] == "status"
    models = {m["name"]: m for m in status["models"]}
    assert models["free"]["state"] == "not installed" and models["free"]["downloadable"]
    assert models["bound"]["terms"] and not models["bound"]["terms_accepted"]


def test_verifying_what_is_not_installed_fails_with_a_sentence(program):
    done = program.run("verify", "embedded")
    assert done.returncode == FAILED and "is not installed. Install it." in done.stderr
    assert program.run("verify").returncode == OK
    assert program.run("verify", "nothing").returncode == INPUT


def test_models_are_fetched_verified_and_removed(program):
    code, lines = program.lines("fetch", "free")
    assert code == OK and lines[-1] == {"type": "done", "stage": "fetch free"}
    progress = [line for line in lines if line["type"] == "progress"]
    assert progress and progress[0]["total"] == len(CONTENT)
    assert (program.folder / "models" / "free.pt").read_bytes() == CONTENT
    assert "verify free: done" in program.run("verify").stdout
    assert program.run("remove-model", "free").returncode == OK
    assert not (program.folder / "models" / "free.pt").exists()


def test_errors_are_json_lines_as_well(program):
    program.server.statuses = [404]
    code, lines = program.lines("fetch", "free")
    assert code == FAILED and lines[-1]["type"] == "error" and lines[-1]["code"] == "download"
    assert "404" in lines[-1]["message"] and lines[-1]["remedy"]


def test_offline_nothing_is_downloaded(program):
    done = program.run("fetch", "free", "--offline")
    assert done.returncode == FAILED and "Allow online access" in done.stderr
    done = program.run("install", "embedded", "--offline")
    assert done.returncode == FAILED and "cannot be downloaded" in done.stderr
    assert program.server.asked == []


def test_terms_are_agreed_to_on_the_command_line(program, tmp_path):
    file = tmp_path / "from_the_authors.pt"
    file.write_bytes(CONTENT)
    done = program.run("import", "bound", str(file))
    assert done.returncode == FAILED and "Ask first. Accept them with --accept-terms" in done.stderr
    assert program.run("import", "bound", str(file), "--accept-terms").returncode == OK
    assert (program.folder / "models" / "terms.json").exists()
    assert (program.folder / "models" / "bound.pt").read_bytes() == CONTENT


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("way", ["SIGINT", "SIGTERM", "end of stdin"])
def test_a_running_command_is_cancelled_though_the_server_is_silent(program, way):
    program.server.stall = threading.Event()
    command = [sys.executable, vendor_setup.__file__, "fetch", "free", "--json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    part = program.folder / "models" / "free.pt.part"
    while not part.exists():
        assert process.poll() is None
        time.sleep(0.02)
    if way == "end of stdin":
        process.stdin.close()
    else:
        process.send_signal(getattr(signal, way))
    assert process.wait(10) == CANCELLED  # the server says nothing for longer than that
    assert json.loads(process.stdout.read().splitlines()[-1])["type"] == "cancelled"
    process.stdout.close()


def test_an_installed_environment_is_removed_by_name(program):
    environment = full_environment("cpu")
    pretend(environment)
    assert "full      ready" in program.run("status").stdout
    assert program.run("remove", "full").returncode == OK
    assert not environment.path.exists()
