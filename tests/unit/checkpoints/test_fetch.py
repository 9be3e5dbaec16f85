# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator

import pytest

from core.checkpoints import download as download_module
from core.checkpoints.catalogue import find_checkpoint, models_folder
from core.checkpoints.download import DownloadError, OfflineError
from core.checkpoints.fetch import (
    TermsError,
    fetch_checkpoint,
    import_checkpoint,
    remove_checkpoint,
    verify_checkpoint,
)
from core.checkpoints.store import (
    MissingCheckpoint,
    checkpoint_state,
    hash_file,
    recorded_hash,
    require_checkpoint,
    stamp_file,
)
from core.checkpoints.terms import accept_terms, terms_accepted
from core.errors import CancelledError, InputError, JobError
from core.files.lock import FolderLock
from tests.unit.checkpoints.file_server import FileServer, serving

CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
TABLE = """
[base]
kind = "clip"
title = "Base"
file = "base.pt"
url = "{address}/base.pt"
size = 7000
sha256 = "{digest}"
licence = "MIT"

[open]
kind = "clip"
title = "Open"
file = "open.pt"
url = "{address}/open.pt"
licence = "MIT"

[bound]
kind = "alpha_clip"
title = "Bound"
file = "bound.pt"
url = "{address}/bound.pt"
licence = "CC-BY-NC-4.0"
terms = "Not for sale."
requires = ["base"]

[brought]
kind = "alpha_clip"
title = "Brought"
file = "brought.pt"
licence = "none published"
source = "https://example.org/brought"
terms = "Ask first."
"""


@pytest.fixture
def server(monkeypatch, tmp_path) -> Iterator[FileServer]:
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(download_module, "PAUSES", (0.0, 0.0))
    with serving(content=CONTENT) as found:
        models_folder().mkdir(parents=True)
        table = TABLE.format(address=found.address, digest=DIGEST)
        (models_folder() / "checkpoints.toml").write_text(table)
        yield found


def state(name: str) -> str:
    return checkpoint_state(find_checkpoint(name))


def yes(checkpoint: object) -> bool:
    return True


def no_questions(checkpoint: object) -> bool:
    raise AssertionError("terms were asked for twice")


def test_a_model_is_fetched_once_and_can_then_be_required(server):
    assert state("base") == "not installed"
    fetch_checkpoint("base")
    assert state("base") == "ready" and require_checkpoint("base")[1].read_bytes() == CONTENT
    assert recorded_hash(find_checkpoint("base")) == DIGEST
    fetch_checkpoint("base", online=False)
    assert len(server.asked) == 1


def test_what_a_model_is_used_with_comes_along(server):
    assert [c.name for c in fetch_checkpoint("bound", yes)] == ["base", "bound"]
    assert state("base") == state("bound") == "ready"


def test_without_agreement_nothing_is_fetched(server):
    with pytest.raises(TermsError, match=r"Not for sale\. Accept them with --accept-terms"):
        fetch_checkpoint("bound")
    assert server.asked == [] and state("base") == "not installed"


def test_an_agreement_is_recorded_with_date_and_text(server):
    fetch_checkpoint("bound", yes)
    fetch_checkpoint("bound", no_questions)
    recorded = json.loads((models_folder() / "terms.json").read_text())["bound"]
    assert recorded["terms"] == "Not for sale." and recorded["date"].startswith("20")
    assert recorded["sha256"] == hashlib.sha256(b"Not for sale.").hexdigest()


def test_other_terms_have_to_be_agreed_to_again(server):
    fetch_checkpoint("bound", yes)
    table = models_folder() / "checkpoints.toml"
    table.write_text(table.read_text().replace("Not for sale.", "Not for rent."))
    assert state("bound") == "terms not accepted"
    with pytest.raises(MissingCheckpoint, match=r'not accepted: "Not for rent".*--accept-terms'):
        require_checkpoint("bound")


def test_a_model_whose_terms_nobody_agreed_to_is_refused(server):
    path = models_folder() / "bound.pt"
    path.write_bytes(CONTENT)
    stamp_file(path, hash_file(path))
    with pytest.raises(MissingCheckpoint, match="terms that were not accepted"):
        require_checkpoint("bound")
    accept_terms(find_checkpoint("bound"))
    assert terms_accepted(find_checkpoint("bound"))
    require_checkpoint("bound")


@pytest.mark.parametrize("content", ["{", "[]", '{"bound": 1}'])
def test_a_damaged_record_of_terms_is_no_agreement(server, content):
    (models_folder() / "terms.json").write_text(content)
    assert not terms_accepted(find_checkpoint("bound"))
    accept_terms(find_checkpoint("bound"))
    assert terms_accepted(find_checkpoint("bound"))


def test_offline_only_what_is_here_can_be_had(server):
    with pytest.raises(OfflineError, match="Open cannot be downloaded"):
        fetch_checkpoint("open", online=False)


def test_a_cancelled_download_says_that_it_is_incomplete(server):
    server.cut_after = [3000]
    with pytest.raises(CancelledError):
        fetch_checkpoint("base", cancelled=lambda: len(server.asked) > 1)
    assert state("base") == "incomplete"
    with pytest.raises(MissingCheckpoint, match=r"only partly downloaded\. Fetch it"):
        require_checkpoint("base")
    fetch_checkpoint("base")
    assert state("base") == "ready"


def test_a_right_file_that_was_copied_here_by_hand_is_taken(server):
    (models_folder() / "base.pt").write_bytes(CONTENT)
    assert state("base") == "changed"
    fetch_checkpoint("base", online=False)
    assert state("base") == "ready" and server.asked == []


def test_a_wrong_file_that_was_copied_here_is_replaced(server):
    (models_folder() / "base.pt").write_bytes(b"something else")
    fetch_checkpoint("base")
    assert (models_folder() / "base.pt").read_bytes() == CONTENT


def test_wrong_content_on_the_server_does_not_become_a_model(server):
    server.content = b"x" * 7000
    with pytest.raises(DownloadError, match="Base does not have the expected hash"):
        fetch_checkpoint("base")
    assert state("base") == "not installed"


def test_a_model_without_an_address_has_to_be_brought(server):
    with pytest.raises(MissingCheckpoint, match=r"example\.org/brought.*import brought FILE"):
        fetch_checkpoint("brought", yes)


def test_a_local_file_is_imported_as_a_copy(server, tmp_path):
    file = tmp_path / "download.bin"
    file.write_bytes(CONTENT)
    with pytest.raises(TermsError, match="Ask first"):
        import_checkpoint("brought", file)
    import_checkpoint("brought", file, agree=yes)
    file.unlink()
    assert require_checkpoint("brought")[1].read_bytes() == CONTENT


def test_a_local_file_is_imported_as_a_link(server, tmp_path):
    file = tmp_path / "download.bin"
    file.write_bytes(CONTENT)
    import_checkpoint("base", file, link=True)
    assert require_checkpoint("base")[1].resolve() == file
    file.write_bytes(b"changed since")
    assert state("base") == "changed"
    remove_checkpoint("base")
    assert file.exists() and state("base") == "not installed"


def test_an_imported_file_must_be_the_right_one(server, tmp_path):
    file = tmp_path / "download.bin"
    with pytest.raises(InputError, match="is not a file"):
        import_checkpoint("base", file)
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match="has 6999 bytes, but Base has 7000"):
        import_checkpoint("base", file)
    file.write_bytes(CONTENT[::-1])
    with pytest.raises(InputError, match="is not Base: its hash is"):
        import_checkpoint("base", file)
    assert state("base") == "not installed"


def test_a_cancelled_import_leaves_nothing(server, tmp_path):
    file = tmp_path / "download.bin"
    file.write_bytes(CONTENT)
    with pytest.raises(CancelledError):
        import_checkpoint("base", file, cancelled=lambda: True)
    assert not list(models_folder().glob("*base.pt*tmp")) and state("base") == "not installed"


def test_a_damaged_model_is_found_when_its_hash_is_checked_anew(server):
    fetch_checkpoint("base")
    verify_checkpoint("base")
    path = models_folder() / "base.pt"
    path.write_bytes(CONTENT[::-1])
    stamp = json.loads((models_folder() / "base.pt.json").read_text())
    (models_folder() / "base.pt.json").write_text(
        json.dumps({**stamp, "size": 7000, "time": path.stat().st_mtime_ns})
    )
    assert state("base") == "ready"
    with pytest.raises(MissingCheckpoint, match=r"is damaged: its hash is .*remove-model base"):
        verify_checkpoint("base")
    with pytest.raises(MissingCheckpoint, match="is not installed"):
        verify_checkpoint("open")


def test_a_removed_model_leaves_nothing_but_the_agreement(server):
    fetch_checkpoint("bound", yes)
    (models_folder() / "bound.pt.part").write_bytes(b"x")
    remove_checkpoint("bound")
    remove_checkpoint("bound")
    left = {p.name for p in models_folder().iterdir() if "bound" in p.name}
    assert left == {".bound.pt.lock"} and terms_accepted(find_checkpoint("bound"))


def test_two_fetches_of_one_model_do_not_disturb_each_other(server):
    with FolderLock(models_folder() / ".base.pt.lock"):
        with pytest.raises(JobError, match="Base is being installed or removed by another"):
            fetch_checkpoint("base")
    fetch_checkpoint("base")


def test_models_that_need_each_other_are_fetched_once(server):
    table = models_folder() / "checkpoints.toml"
    table.write_text(
        table.read_text().replace('file = "base.pt"', 'file = "base.pt"\nrequires = ["bound"]')
    )
    assert [c.name for c in fetch_checkpoint("bound", yes)] == ["base", "bound"]


def replace_shipped(more: str) -> str:
    table = models_folder() / "checkpoints.toml"
    entry = '[sam_vit_b]\nkind = "sam"\ntitle = "Mine"\nfile = "mine.pt"\nlicence = "MIT"\n'
    table.write_text(table.read_text() + entry + more)
    return "sam_vit_b"


@pytest.mark.parametrize("digest", ["", DIGEST])
def test_an_entry_that_replaces_a_shipped_one_by_another_file_is_to_be_agreed_to(server, digest):
    name = replace_shipped(f'url = "{server.address}/mine.pt"\nsha256 = "{digest}"\n')
    with pytest.raises(TermsError, match=r"puts another file.*in the place of this model.*Accept"):
        fetch_checkpoint(name)
    assert not (models_folder() / "mine.pt").exists()
    fetch_checkpoint(name, yes)
    assert require_checkpoint(name)[1].read_bytes() == CONTENT


def test_an_entry_that_only_fetches_a_shipped_model_from_elsewhere_needs_no_agreement(server):
    digest = find_checkpoint("sam_vit_b").sha256
    assert find_checkpoint(replace_shipped(f'sha256 = "{digest}"\n')).terms == ""


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = " + "9" * 5000, "[a]\nb = 1\nb = 2", "\x00", "\ud800",
     "[a]\nkind = 'sam'\ntitle = 'A'\nfile = 'a'\nlicence = 'A'\nsize = -1",
     "[a]\nkind = 'sam'\ntitle = 'A'\nfile = 'terms.json'\nlicence = 'A'"],
)  # fmt: skip
def test_a_table_of_ones_own_that_is_none_is_a_sentence(server, text):
    (models_folder() / "checkpoints.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"checkpoints\.toml.*Correct or remove it"):
        find_checkpoint("sam_vit_b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_as_a_model_or_a_table_is_never_waited_for(server, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe is not a file"):
        import_checkpoint("open", tmp_path / "pipe")
    os.mkfifo(models_folder() / "open.pt")
    assert state("open") == "not installed"
    (models_folder() / "checkpoints.toml").unlink()
    os.mkfifo(models_folder() / "checkpoints.toml")
    with pytest.raises(InputError, match=r"checkpoints\.toml cannot be read"):
        find_checkpoint("sam_vit_b")
