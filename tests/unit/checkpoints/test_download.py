# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import download as module
from core.checkpoints import web
from core.checkpoints.addresses import Trust, check_redirect
from core.checkpoints.download import DownloadError, OfflineError, Remote, download, require_online
from core.checkpoints.transfer_progress import Progress
from core.errors import CancelledError, ErrorKind
from tests.unit.checkpoints.file_server import FileServer, serving

CONTENT = bytes(range(256)) * 4000  # 1 MB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(web, "TIMEOUT", 5.0)
    web._opener.cache_clear()  # it remembers the proxies
    with serving(content=CONTENT) as found:
        yield found


def remote(server: FileServer, sha256: str = DIGEST, size: int = 0) -> Remote:
    return Remote(f"{server.address}/model.pt", "The model", size, sha256)


def leftovers(path: Path) -> list[str]:
    return sorted(p.name for p in path.parent.iterdir())


def test_a_file_is_fetched_with_progress_and_its_hash_is_returned(server, tmp_path):
    told: list[Progress] = []
    path = tmp_path / "models" / "model.pt"
    assert download(remote(server, size=len(CONTENT)), path, told.append) == DIGEST
    assert path.read_bytes() == CONTENT and leftovers(path) == ["model.pt"]
    arrived = [p.done for p in told if p.message == "Downloading The model"]
    assert arrived == sorted(arrived) and arrived[-1] == len(CONTENT)
    assert all(p.total == len(CONTENT) for p in told)


def test_a_cut_connection_is_continued_where_it_was_cut(server, tmp_path):
    server.cut_after = [300_000, 200_000]
    download(remote(server), tmp_path / "model.pt")
    assert (tmp_path / "model.pt").read_bytes() == CONTENT
    assert [a.get("Range") for a in server.asked] == [None, "bytes=300000-", "bytes=500000-"]
    assert server.asked[1]["If-Range"] == '"1"'


def test_what_arrived_before_a_failure_is_continued_by_the_next_call(server, tmp_path):
    server.cut_after = [400_000]
    server.statuses = []
    path = tmp_path / "model.pt"

    def cut_then_refuse(progress: Progress) -> None:
        if progress.done >= 400_000 and not server.cut_after:
            server.statuses[:] = [503] * 10

    with pytest.raises(DownloadError, match=r"answered 503.*the download then resumes"):
        download(remote(server), path, cut_then_refuse)
    assert (tmp_path / "model.pt.part").stat().st_size == 400_000
    server.statuses.clear()
    server.asked.clear()
    assert download(remote(server), path) == DIGEST
    assert server.asked[0]["Range"] == "bytes=400000-"


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(server, tmp_path):
    server.cut_after = [400_000]
    path = tmp_path / "model.pt"
    with pytest.raises(CancelledError):
        download(remote(server, ""), path, cancelled=lambda: len(server.asked) > 1)
    server.content, server.etag = CONTENT[::-1], '"2"'
    download(remote(server, ""), path)
    assert path.read_bytes() == CONTENT[::-1]


def test_a_server_that_does_not_say_that_the_file_changed_is_found_out_by_the_hash(
    server, tmp_path
):
    (tmp_path / "model.pt.part").write_bytes(b"x" * 1000)
    server.etag = ""
    assert download(remote(server), tmp_path / "model.pt") == DIGEST
    assert [a.get("Range") for a in server.asked] == ["bytes=1000-", None]


def test_without_hash_and_version_nothing_is_continued(server, tmp_path):
    (tmp_path / "model.pt.part").write_bytes(b"x" * 1000)
    download(remote(server, ""), tmp_path / "model.pt")
    assert "Range" not in server.asked[0]
    assert (tmp_path / "model.pt").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_the_whole_file_again(server, tmp_path):
    server.ranges = False
    server.cut_after = [500_000]
    assert download(remote(server), tmp_path / "model.pt") == DIGEST


def test_a_part_that_is_already_whole_is_taken(server, tmp_path):
    (tmp_path / "model.pt.part").write_bytes(CONTENT)
    assert download(remote(server), tmp_path / "model.pt") == DIGEST


def test_a_part_that_is_too_long_is_thrown_away(server, tmp_path):
    (tmp_path / "model.pt.part").write_bytes(CONTENT + b"more")
    assert download(remote(server), tmp_path / "model.pt") == DIGEST


def test_a_server_that_is_busy_once_is_asked_again(server, tmp_path):
    server.statuses = [503, 429]
    assert download(remote(server), tmp_path / "model.pt") == DIGEST


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_refusal_is_not_repeated(server, tmp_path, status):
    server.statuses = [status, status]
    with pytest.raises(DownloadError, match=f"not available: the server answered {status}"):
        download(remote(server), tmp_path / "model.pt")
    assert len(server.asked) == 1


def test_wrong_content_is_thrown_away(server, tmp_path):
    server.content = b"an error page"
    with pytest.raises(DownloadError, match=r"does not have the expected hash.*Try again"):
        download(remote(server), tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_size_is_noticed_before_the_content_is_fetched(server, tmp_path):
    with pytest.raises(DownloadError, match="1024000 bytes instead of 5"):
        download(remote(server, size=5), tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_shorter_than_it_said_is_a_cut_connection(server, tmp_path):
    server.said_length, server.ranges = len(CONTENT) + 1, False
    with pytest.raises(DownloadError, match="could not be downloaded"):
        download(remote(server, ""), tmp_path / "model.pt")


def test_a_server_that_cannot_be_reached_is_a_sentence(server, tmp_path):
    nowhere = Remote("http://127.0.0.1:9/model.pt", "The model")
    with pytest.raises(DownloadError, match=r"refused.*\. Check the network, or set HTTPS_PROXY"):
        download(nowhere, tmp_path / "model.pt")


def test_the_proxy_of_the_system_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    elsewhere = Remote("http://models.invalid/model.pt", "The model", follow=True)
    download(elsewhere, tmp_path / "model.pt")
    assert server.asked[0]["Host"] == "models.invalid"


def test_a_stalled_download_is_cancelled_at_once_and_keeps_what_arrived(server, tmp_path):
    server.stall = threading.Event()
    asked: list[bool] = []  # whether anything had arrived by then

    def cancelled() -> bool:
        asked.append((tmp_path / "model.pt.part").exists())
        return sum(asked) > 2

    with pytest.raises(CancelledError):
        download(remote(server), tmp_path / "model.pt", cancelled=cancelled)
    assert sum(asked) == 3, "it is asked again while nothing arrives, and stops at the first yes"
    assert (tmp_path / "model.pt.part").read_bytes() == CONTENT[:10]


def test_a_pause_between_attempts_can_be_cancelled(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAUSES", (60.0,))
    server.statuses = [503]
    questions: list[int] = []  # how many requests the server had had

    def cancelled() -> bool:
        questions.append(len(server.asked))
        return questions.count(1) > 5

    with pytest.raises(CancelledError):
        download(remote(server), tmp_path / "m", cancelled=cancelled)
    assert questions.count(1) == 6 and len(server.asked) == 1, "there was no second attempt"


def test_too_little_space_is_told_with_numbers_before_anything_is_written(
    server, tmp_path, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=5 * 2**20)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(DownloadError, match=r"needs 1 MB and 5 MB are free.*PARTS4D_DATA"):
        download(remote(server), tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"),
    reason="only the administrator of a Linux can mount a small disk",
)
def test_a_disk_that_fills_up_is_a_sentence_and_the_part_is_kept(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SPARE", -(2**30))
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(DownloadError, match=r"The disk is full.*Free some space"):
            download(remote(server), tmp_path / "model.pt")
        assert (tmp_path / "model.pt.part").exists()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match=r"file.* cannot be written"):
        download(remote(server), tmp_path / "file" / "model.pt")


def test_only_web_addresses_are_fetched(tmp_path):
    with pytest.raises(DownloadError, match="file:///etc/passwd is not a web address"):
        download(Remote("file:///etc/passwd", "The model"), tmp_path / "model.pt")


@pytest.mark.parametrize("url", ["ftp://models.example/m.pt", "https://", "https://[::1/m", "m.pt"])
def test_an_address_that_is_none_is_refused_also_when_all_is_agreed_to(tmp_path, url):
    with pytest.raises(DownloadError, match="is not a web address"):
        download(Remote(url, "The model", sha256=DIGEST, follow=True), tmp_path / "model.pt")


def test_an_unencrypted_connection_to_another_machine_is_to_be_agreed_to(tmp_path):
    with pytest.raises(
        DownloadError, match=r"models\.example is asked over an un.*--follow"
    ) as caught:
        download(Remote("http://models.example/m.pt", "M", sha256=DIGEST), tmp_path / "model.pt")
    assert caught.value.kind is ErrorKind.REDIRECTED


def test_a_redirect_to_another_host_is_followed_when_the_hash_is_known_or_it_is_agreed_to(
    server, tmp_path
):
    server.redirect = server.address.replace("127.0.0.1", "localhost") + "/other.pt"
    unknown = Remote(f"{server.address}/model.pt", "The model")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 redirects to another host, localhost"):
        download(unknown, tmp_path / "model.pt")
    assert len(server.asked) == 1 and not (tmp_path / "model.pt").exists()
    for trusted in (replace(unknown, sha256=DIGEST), replace(unknown, follow=True)):
        download(trusted, tmp_path / "model.pt")
        assert (tmp_path / "model.pt").read_bytes() == CONTENT
        (tmp_path / "model.pt").unlink()


def test_a_redirect_to_what_is_no_web_address_is_refused(server, tmp_path):
    server.redirect = "ftp://models.example/other.pt"
    for known in (Remote(f"{server.address}/m.pt", "M", follow=True), remote(server)):
        with pytest.raises(DownloadError, match="not a web address"):
            download(known, tmp_path / "model.pt")


def test_a_redirect_to_an_unencrypted_connection_is_to_be_agreed_to_whatever_the_hash():
    before, after = "https://models.example/m.pt", "http://models.example/m.pt"
    with pytest.raises(DownloadError, match="redirects to an unencrypted connection") as caught:
        check_redirect(before, after, Trust(pinned=True))
    assert caught.value.kind is ErrorKind.REDIRECTED
    check_redirect(before, after, Trust(follow=True))
    check_redirect(before, "https://models.example/other.pt", Trust())


@pytest.mark.parametrize("length", ["abc", "-1", "1.5", "9" * 5000, "\u00b2"])
def test_a_length_that_is_no_number_is_a_failure_of_the_server(
    server, tmp_path, monkeypatch, length
):
    monkeypatch.setattr(module, "PAUSES", ())
    server.said_length = length
    with pytest.raises(DownloadError, match="could not be downloaded: the server sent a length"):
        download(remote(server), tmp_path / "model.pt")


def test_disk_errors_become_sentences():
    full = module.cannot_write(Path("/x"), OSError(errno.ENOSPC, "No space left on device"))
    assert "The disk is full" in str(full)
    denied = module.cannot_write(Path("/x"), OSError(errno.EROFS, "Read-only file system"))
    assert "/x cannot be written (Read-only file system)" in str(denied)


def test_offline_is_an_error_with_the_place_of_the_setting():
    require_online(True, "The model")
    with pytest.raises(OfflineError, match="Allow online access in Blender's preferences"):
        require_online(False, "The model")
