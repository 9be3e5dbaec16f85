# SPDX-License-Identifier: GPL-3.0-or-later
"""The first minute of a user without any network."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

import bpy

from tests.gui.scenarios.session import PARTS, interface, labelled, press_parse, show
from tests.gui.stage import SETTLE, Stage, Steps, until

_GET_FLAGS, _UP = 0x8913, 1  # SIOCGIFFLAGS and IFF_UP of Linux
_NOBODY = ("192.0.2.1", 443)  # an address that is given to nobody, RFC 5737


def install_and_parse(stage: Stage, archive: str, blend: str) -> Steps:
    """Installs the zip, parses a character, and looks where files have appeared."""
    stage.report("network", interfaces=_interfaces_up(), error=_connect())
    before = _installed_files()
    with stage.override():
        bpy.ops.extensions.package_install_files(
            filepath=archive, repo="user_default", enable_on_install=True
        )
    yield SETTLE
    yield from show(stage, blend, "Rig")
    bpy.context.scene.parts4d.typed = PARTS
    press_parse(stage)
    yield until(labelled, "labels", 240)
    yield 2.0
    (worker,) = interface().workers.values()
    command = Path(f"/proc/{worker.pid}/cmdline").read_bytes().split(b"\0")
    after = _installed_files()
    stage.report(
        "parsed",
        labelled=labelled(),
        worker=[os.fsdecode(word) for word in command],
        changed=sorted(name for name in {*before, *after} if before.get(name) != after.get(name)),
        looked_at=len(before),
        warnings=interface().state.jobs[-1].warnings,
    )
    yield from stage.screenshot("parsed")


def _interfaces_up() -> list[str]:
    """Network interfaces that something could be sent through."""
    found = []
    with socket.socket() as any_socket:
        for _, name in socket.if_nameindex():
            answer = fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sH14x", name.encode(), 0))
            if struct.unpack("16xH14x", answer)[0] & _UP:
                found.append(name)
    return found


def _connect() -> str:
    """What comes of a connection to the outside."""
    try:
        socket.create_connection(_NOBODY, timeout=5).close()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return ""


def _installed_files() -> dict[str, list[int]]:
    """Every file of Blender and its Python -> size and time; not those of this user folder."""
    own = Path(bpy.utils.resource_path("USER"))
    extension_packages = own / "extensions" / ".local"  # where Blender installs wheels
    places = {Path(p) for p in (*sys.path, bpy.utils.resource_path("LOCAL"))}
    places |= {Path(bpy.utils.resource_path("SYSTEM")), extension_packages}
    found = {}
    for place in places:
        if place.is_dir() and (place == extension_packages or not place.is_relative_to(own)):
            for path in place.rglob("*"):
                if path.is_file():
                    facts = path.stat()
                    found[str(path)] = [facts.st_size, facts.st_mtime_ns]
    return found
