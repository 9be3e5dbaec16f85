# SPDX-License-Identifier: GPL-3.0-or-later
"""pip and our own reader against a package index on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.checkpoints import download as download_module
from core.checkpoints.download import DownloadError
from core.installing.failures import MissingEnvironment
from core.installing.index import PYPI, checked_name, fetch_pinned, file_name, index_address
from tests.unit.installing.tiny_packages import Package, make_wheel


class Index:
    """A package index with one package; `cut` breaks the connection after that many bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut = 0
        self.address = ""

    def page(self) -> bytes:
        names = [p.name for p in sorted(self.folder.glob("*.whl"))]
        links = [f'<a href="/files/{n}#sha256={_digest(self.folder / n)}">{n}</a>' for n in names]
        return "<br>".join(links).encode()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    found = Index(tmp_path / "index")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/simple/tiny/":
                body = found.page()
            elif self.path.startswith("/files/"):
                body = (found.folder / self.path.split("/")[-1]).read_bytes()
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            is_file = self.path.startswith("/files/")
            self.wfile.write(body[: found.cut] if found.cut and is_file else body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}/simple"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", found.address)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setattr(download_module, "PAUSES", ())
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def package(tmp_path: Path, index: Index) -> Package:
    """Installed from the index, without pip inside the environment: that saves seconds."""
    found = Package(tmp_path)
    found.wheels = index.folder
    found.require("1.0")
    found.installer = replace(found.installer, wheels=None)
    return found


@pytest.mark.slow
def test_a_private_index_is_used(package):
    package.install()
    assert package.installed() == "1.0"
    assert any("Downloading" in p.message for p in package.told)


@pytest.mark.slow
def test_a_cut_connection_is_a_sentence_with_a_remedy(package, index):
    index.cut = 100
    with pytest.raises(MissingEnvironment) as caught:
        package.install()
    assert "connection was cut" in str(caught.value) or "the expected hash" in str(caught.value)
    assert "ry again" in caught.value.remedy and package.environment.state() == "not installed"


@pytest.mark.slow
def test_no_network_is_a_sentence_with_a_remedy(package, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(
        MissingEnvironment, match=r"not (be reached|reachable)\b.*Check the network"
    ):
        package.install()


@pytest.mark.slow
def test_a_proxy_that_is_not_there_is_a_sentence_with_a_remedy(package, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://packages.invalid/simple")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(MissingEnvironment, match=r"Check (HTTPS_PROXY|the network)"):
        package.install()


def test_the_files_of_the_pins_are_found_by_their_hash(package, index, tmp_path):
    make_wheel(index.folder, "2.0")
    found = fetch_pinned(package.requirements, tmp_path / "got", lambda name: True)
    assert [p.name for p in found] == ["tiny-1.0-py3-none-any.whl"]
    assert sorted(p.name for p in (tmp_path / "got").iterdir()) == ["tiny-1.0-py3-none-any.whl"]
    index.cut = 1
    assert fetch_pinned(package.requirements, tmp_path / "got", lambda name: True) == found


def test_a_file_that_the_index_changed_is_not_taken(package, index, tmp_path):
    (index.folder / "tiny-1.0-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(MissingEnvironment, match=r"no file of tiny==1\.0 for this system"):
        fetch_pinned(package.requirements, tmp_path / "got", lambda name: True)


def test_a_cut_download_from_the_index_is_an_error(package, index, tmp_path):
    index.cut = 100
    with pytest.raises(DownloadError, match="could not be downloaded"):
        fetch_pinned(package.requirements, tmp_path / "got", lambda name: True)


def test_without_settings_the_index_is_pypi(monkeypatch):
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    assert index_address() == PYPI
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://packages.example/simple")
    assert index_address() == "https://packages.example/simple"


@pytest.mark.parametrize(
    "name", ["..%2Fevil.whl", "a%5Cb.whl", "%2E%2E", "", "a" * 300, "a%1B.whl"]
)
def test_a_name_that_no_package_has_is_refused(name):
    with pytest.raises(MissingEnvironment, match="which no package has"):
        checked_name(f"https://index.example/files/{name}")


def test_the_name_of_a_file_is_decoded():
    assert file_name("https://x/torch-2.7.1%2Bcu128-cp311.whl") == "torch-2.7.1+cu128-cp311.whl"
