# SPDX-License-Identifier: GPL-3.0-or-later
"""The program behind vendor_setup.py: arguments in, exit status out."""

from __future__ import annotations

import argparse
import os
import signal
import stat
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.catalogue import Checkpoint, known_checkpoints
from ..checkpoints.download import require_online
from ..checkpoints.fetch import (
    Agree,
    fetch_checkpoint,
    import_checkpoint,
    remove_checkpoint,
    verify_checkpoint,
)
from ..checkpoints.store import checkpoint_path, checkpoint_state
from ..checkpoints.terms import terms_accepted
from ..checkpoints.transfer_progress import Cancelled, as_size
from ..errors import (
    CANCELLED,
    INTERNAL,
    OK,
    CancelledError,
    Parts4DError,
    exit_status,
)
from .backend import BACKENDS, choose_backend
from .console import Console
from .environment import Environment
from .environments import (
    backend_to_install,
    embedded_environment,
    full_environment,
    full_path,
)
from .folders import read_stamp
from .index import fetch_pinned
from .installer import Installer, choose_installer
from .processes import run_tool
from .unpacked import UnpackedWheels

ENVIRONMENTS = ("full", "embedded")


@dataclass(frozen=True)
class Session:
    """What every command needs."""

    arguments: argparse.Namespace
    console: Console
    cancelled: Cancelled


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns the exit status.

    0 done; 1 internal error; 2 wrong usage; 3 something in the input; 4 cancelled; 5 failed.
    """
    try:
        chosen = make_parser().parse_args(arguments)
    except SystemExit as leaving:  # argparse has printed help or what is wrong
        return int(leaving.code or 0)
    console = Console(chosen.json)
    try:
        COMMANDS[chosen.command](Session(chosen, console, _watch_for_cancel(chosen.json)))
    except KeyboardInterrupt:
        console.failure(CancelledError())
        return CANCELLED
    except Parts4DError as error:
        console.failure(error)
        return exit_status(error)
    except BrokenPipeError:  # whoever read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERNAL
    except Exception as error:
        traceback.print_exc()
        name = f"{type(error).__name__}: {error}".splitlines()[0]
        console.failure(Parts4DError(f"Internal error ({name})", "Report it to the maintainers"))
        return INTERNAL
    return OK


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vendor_setup.py", description="The worker's packages and the models of Parts4D."
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="progress as JSON lines on stdout")
    shared.add_argument("--offline", action="store_true", help="download nothing")
    terms = argparse.ArgumentParser(add_help=False)
    terms.add_argument("--accept-terms", action="store_true", help="accept the terms of the model")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared, *parents])

    add("status", "Show what is installed.")
    install = add("install", "Create or update an environment.")
    install.add_argument("environment", nargs="?", choices=ENVIRONMENTS, default="full")
    install.add_argument(
        "--backend", choices=BACKENDS, default="", help="default: what fits this system"
    )
    install.add_argument("--wheels", type=Path, help="install from this folder, without network")
    install.add_argument("--python", default="", help="the Python to create it with")
    verify = add("verify", "Verify environments and models; default: all that are installed.")
    verify.add_argument("what", nargs="*", help="full, embedded, or the names of models")
    remove = add("remove", "Delete an environment.")
    remove.add_argument("environment", choices=ENVIRONMENTS)
    collect = add("download", "Download the packages of the full environment, for --wheels.")
    collect.add_argument("folder", type=Path)
    collect.add_argument("--backend", choices=BACKENDS, default="")
    collect.add_argument("--python", default="")
    fetch = add("fetch", "Download models and the models they depend on.", terms)
    fetch.add_argument("names", nargs="+", metavar="MODEL")
    fetch.add_argument(
        "--follow",
        action="store_true",
        help="also from another host than the address says, and over an unencrypted connection",
    )
    bring = add("import", "Import a local file as a model.", terms)
    bring.add_argument("name", metavar="MODEL")
    bring.add_argument("file", type=Path)
    bring.add_argument("--link", action="store_true", help="link to the file instead of copying it")
    drop = add("remove-model", "Delete a model's file.")
    drop.add_argument("names", nargs="+", metavar="MODEL")
    return parser


def status(session: Session) -> None:
    environments = [_environment_status("embedded", embedded_environment())]
    environments.append(
        _environment_status("full", full_environment())
        if full_path().exists()
        else {"name": "full", "state": "not installed", "path": str(full_path())}
    )
    models = [_model_status(checkpoint) for checkpoint in known_checkpoints().values()]
    session.console.result({"environments": environments, "models": models})
    for found in environments:
        session.console.say(f"{found['name']:<10}{found['state']:<16}{found['path']}")
        test = found.get("self_test")
        if test:
            session.console.say(" " * 10 + _test_line(test))
    for model in models:
        size = as_size(model["size"]) if model["size"] else "?"
        terms = "" if not model["terms"] else f"; {model['terms']}"
        session.console.say(
            f"{model['name']:<20}{model['state']:<20}{size:>8}  {model['licence']}{terms}"
        )


def install(session: Session) -> None:
    chosen, console = session.arguments, session.console
    if chosen.environment == "embedded":
        environment = embedded_environment()
        if isinstance(environment, UnpackedWheels):
            environment.install(console.progress, session.cancelled)
            environment.verify(console.progress, session.cancelled)
        else:
            python = chosen.python or getattr(sys, "_base_executable", "") or sys.executable
            _install(session, environment, choose_installer(python, chosen.wheels))
    else:
        installer = choose_installer(chosen.python, chosen.wheels)
        backend, asked = backend_to_install(chosen.backend)
        console.say(f"PyTorch for {backend.name}: {backend.reason}")
        environment = full_environment(backend.name, installer.version, asked)
        _install(session, environment, installer)
    console.say(_test_line(environment.self_test()))
    console.done(f"install {chosen.environment}")


def _install(session: Session, environment: Environment, installer: Installer) -> None:
    if environment.state() != "ready" and not installer.wheels:
        require_online(not session.arguments.offline, "The packages")
    environment.install(installer, session.console.progress, session.cancelled)


def verify(session: Session) -> None:
    known = known_checkpoints()
    for name in session.arguments.what or _list_installed(known):
        if name == "full":
            _verify_environment(session, full_environment())
        elif name == "embedded":
            _verify_environment(session, embedded_environment())
        else:
            verify_checkpoint(name, session.console.progress, session.cancelled)
        session.console.done(f"verify {name}")


def _list_installed(known: dict[str, Checkpoint]) -> list[str]:
    found = ["full"] if full_path().exists() else []
    if embedded_environment().state() != "not installed":
        found.append("embedded")
    return found + [name for name, c in known.items() if checkpoint_path(c).is_file()]


def _verify_environment(session: Session, environment: Environment | UnpackedWheels) -> None:
    result = environment.verify(session.console.progress, session.cancelled)
    session.console.say(_test_line(result))


def remove(session: Session) -> None:
    name = session.arguments.environment
    environment: Environment | UnpackedWheels = embedded_environment()
    if name == "full":
        environment = full_environment(str(read_stamp(full_path()).get("backend") or "cpu"))
    environment.remove()
    session.console.done(f"remove {name}")


def download(session: Session) -> None:
    """The wheels by pip, which knows what fits this system; the sources by their hashes."""
    chosen, report = session.arguments, session.console.progress
    require_online(not chosen.offline, "The packages")
    installer = choose_installer(chosen.python)
    backend = choose_backend(chosen.backend).name
    folder = chosen.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for pins in full_environment(backend, installer.version).pins:
        if pins.sources:
            fetch_pinned(pins.path, folder, lambda name: True, report, session.cancelled)
        else:
            session.console.say(f"Downloading {pins.path.name}")
            command = installer.download_command(pins, folder)
            run_tool(command, session.console.tool_line, session.cancelled)
    session.console.done(f"download {folder}")


def fetch(session: Session) -> None:
    for name in session.arguments.names:
        fetch_checkpoint(
            name,
            _agree(session),
            session.console.progress,
            session.cancelled,
            not session.arguments.offline,
            session.arguments.follow,
        )
        session.console.done(f"fetch {name}")


def bring(session: Session) -> None:
    chosen = session.arguments
    report = session.console.progress
    import_checkpoint(
        chosen.name, chosen.file, chosen.link, _agree(session), report, session.cancelled
    )
    session.console.done(f"import {chosen.name}")


def remove_models(session: Session) -> None:
    for name in session.arguments.names:
        remove_checkpoint(name)
        session.console.done(f"remove-model {name}")


def _agree(session: Session) -> Agree:
    return (lambda checkpoint: True) if session.arguments.accept_terms else session.console.agree


COMMANDS: dict[str, Callable[[Session], None]] = {
    "status": status,
    "install": install,
    "verify": verify,
    "remove": remove,
    "download": download,
    "fetch": fetch,
    "import": bring,
    "remove-model": remove_models,
}


def _environment_status(name: str, environment: Environment | UnpackedWheels) -> dict[str, Any]:
    return {
        "name": name,
        "state": environment.state(),
        "path": str(environment.path),
        "backend": environment.backend,
        "self_test": environment.self_test(),
    }


def _model_status(checkpoint: Checkpoint) -> dict[str, Any]:
    path = checkpoint_path(checkpoint)
    return {
        "name": checkpoint.name,
        "title": checkpoint.title,
        "state": checkpoint_state(checkpoint),
        "size": path.stat().st_size if path.is_file() else checkpoint.size,
        "licence": checkpoint.licence,
        "terms": checkpoint.terms,
        "terms_accepted": terms_accepted(checkpoint),
        "downloadable": bool(checkpoint.url),
        "path": str(path),
    }


def _test_line(test: dict[str, Any]) -> str:
    if not test:
        return "not tested yet"
    if test.get("problem"):
        return f"self-test failed: {test['problem']}. {test['remedy']}."
    versions = test.get("versions", {})
    named = [f"{name} {versions[name]}" for name in ("torch", "numpy") if name in versions]
    where = [test["device_name"]] if "device_name" in test else []
    said = ", ".join([f"Python {test.get('python', '?')}", *named, *where])
    lacking = [f"; without {name}: {why}" for name, why in test.get("without", {}).items()]
    return f"self-test passed in {test.get('seconds', '?')} s: {said}{''.join(lacking)}"


def _watch_for_cancel(as_json: bool) -> Cancelled:
    """Ctrl-C and SIGTERM ask to stop; so does the end of stdin, where a program is behind it."""
    asked = threading.Event()

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)

    def read_until_end() -> None:
        # Not by sys.stdin: it could not be closed at the exit while this thread waits in it.
        while os.read(0, 4096):
            pass
        asked.set()

    if as_json and _stdin_is_pipe():
        threading.Thread(target=read_until_end, daemon=True).start()
    return asked.is_set


def _stdin_is_pipe() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:  # closed
        return False
