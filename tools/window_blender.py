# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Blender that opens windows, for the tests of the interface.

    python tools/window_blender.py                  makes it, or says why it cannot
    python tools/window_blender.py blender --version    and runs a program beside it

Blender as a Python module has no windows, and Debian's Blender needs Debian's libraries. So this is
a small Debian in a folder, with Blender and a virtual display, but without the parsing libraries,
which the extension brings. It needs Linux, root, and once the network. Programs in it run in mount
and process namespaces of their own: whatever is mounted for them is gone with the last of them,
however they end.

PARTS4D_BLENDER names an installed Blender to be used instead; Xvfb and ImageMagick's `import` must
then be installed too.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tools")]

from setup_env import DEFAULT_ROOT

from core.errors import ErrorKind, JobError, Parts4DError
from core.files.lock import FolderLock

SUITE = "trixie"  # has Blender 4.3
MIRROR = os.environ.get("PARTS4D_DEBIAN_MIRROR", "http://deb.debian.org/debian")
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = (
    "blender",
    "imagemagick",
    "libegl1",
    "libgl1-mesa-dri",
    "python3-numpy",  # Blender's own needs it
    "xvfb",
)
SPACE = 4 * 2**30  # bytes, with the downloaded packages
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Report = Callable[[str], None]


class NoWindowBlender(Parts4DError):
    """There is none here, and it could not be made."""

    kind = ErrorKind.ENVIRONMENT


@dataclass(frozen=True)
class WindowBlender:
    """A Blender and a Python, in this system or in a folder that is the root of another."""

    blender: str
    python: str  # has the standard library at least
    root: Path | None = None  # None: this system

    def command(
        self,
        program: Sequence[str],
        variables: Mapping[str, str] | None = None,
        readable: Iterable[Path] = (),
        writable: Iterable[Path] = (),
        network: bool = True,
    ) -> list[str]:
        """The command line that runs `program` with these environment variables and folders.

        The folders exist and keep their paths. In a root of its own the program sees no other
        folders and no other variables, its /tmp is empty, and when the command ends all processes
        it has started end with it. There `network` says whether it has one; without it has not
        even a loopback interface.
        """
        settings = [f"{name}={value}" for name, value in (variables or {}).items()]
        if self.root is None:
            return ["env", *settings, *program]
        inside = ["env", "-i", f"PATH={SYSTEM_PATH}", "LANG=C.UTF-8", "HOME=/tmp"]
        script = [f"export PATH={SYSTEM_PATH}", *_mounts(self.root, readable, writable)]
        script.append(shlex.join(["exec", "chroot", str(self.root), *inside, *settings, *program]))
        namespaces = [*_NAMESPACES, *([] if network else ["--net"])]
        return [*namespaces, "sh", "-euc", "\n".join(script)]


# The program is the first process of its own process namespace: with it end all others.
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")


def _mounts(root: Path, readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    lines = [
        f"mount -t proc proc {shlex.quote(str(root / 'proc'))}",
        f"mount --bind /sys {shlex.quote(str(root / 'sys'))}",
        f"mount --rbind /dev {shlex.quote(str(root / 'dev'))}",
        f"mount -t tmpfs -o mode=1777 tmpfs {shlex.quote(str(root / 'tmp'))}",
    ]
    modes = {path.absolute(): "ro" for path in readable}
    modes.update({path.absolute(): "rw" for path in writable})
    for path in sorted(modes, key=lambda p: len(p.parts)):  # a folder before those inside it
        source = shlex.quote(str(path))
        target = shlex.quote(str(root / path.relative_to("/")))
        lines.append(f"mkdir -p {target}")
        lines.append(f"mount --bind {source} {target}")
        if modes[path] == "ro":
            lines.append(f"mount -o remount,bind,ro {target}")
    return lines


@dataclass(frozen=True)
class Debian:
    """The small Debian with Blender in it.

    While it is being made it holds a file `incomplete`; afterwards `parts4d.json` says what it was
    made from.
    """

    path: Path = DEFAULT_ROOT / "window-blender"

    @property
    def root(self) -> Path:
        return self.path / "root"

    @property
    def blender(self) -> WindowBlender:
        return WindowBlender("/usr/bin/blender", "/usr/bin/python3", self.root)

    def state(self) -> str:
        """not installed, incomplete, outdated or ready."""
        if not self.path.exists():
            return "not installed"
        if (self.path / "incomplete").exists():
            return "incomplete"
        try:
            stamp = json.loads((self.path / "parts4d.json").read_text("utf-8"))
        except (OSError, ValueError):
            return "incomplete"
        return "ready" if stamp == _stamp() else "outdated"

    def install(self, report: Report = print) -> None:
        """Makes it unless it is ready; what an interruption left is made anew.

        Raises NoWindowBlender.
        """
        if self.state() == "ready":
            return
        lock = FolderLock(self.path.with_name(f"{self.path.name}.lock"))
        try:
            lock.__enter__()
        except JobError as error:
            raise NoWindowBlender(
                f"{self.path} is being made by another process", "Wait for it and try again"
            ) from error
        try:
            if self.state() != "ready":  # another process may have made it meanwhile
                self._make(report, lock)
        finally:
            lock.__exit__()

    def _make(self, report: Report, lock: FolderLock) -> None:
        report(f"Blender with windows: 2 GB in {self.path} ({self.state()})")
        try:
            remove(self.path)
            self.path.mkdir(parents=True)
            (self.path / "incomplete").touch()
        except OSError as error:
            raise NoWindowBlender(
                f"{self.path} cannot be written ({error.strerror})", "Check the permissions"
            ) from error
        _check_space(self.path)
        bootstrap = ["debootstrap", "--variant=minbase", "--force-check-gpg", f"--keyring={KEYS}"]
        # In a mount namespace, for it mounts /proc in the new folder.
        _run([*_NAMESPACES, *bootstrap, SUITE, str(self.root), MIRROR], report, lock)
        apt = ["apt-get", "--yes", "--quiet", "-o", "Acquire::Retries=3"]
        # A half-written folder is made anew, so nothing needs to reach the disk at once.
        apt += ["-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-unsafe-io"]
        self._inside([*apt, "install", "--no-install-recommends", *PACKAGES], report, lock)
        self._inside([*apt, "clean"], report, lock)
        (self.root / "etc" / "mtab").symlink_to("/proc/self/mounts")  # Blender reads it
        self._inside(["blender", "--version"], report, lock)
        self._inside(["python3", "-c", "import numpy"], report, lock)
        (self.path / "parts4d.json").write_text(json.dumps(_stamp()), "utf-8")
        (self.path / "incomplete").unlink()
        report("Blender with windows: ready")

    def _inside(self, program: Sequence[str], report: Report, lock: FolderLock) -> None:
        proxies = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
        variables = {"DEBIAN_FRONTEND": "noninteractive", **proxies}
        _run(self.blender.command(program, variables), report, lock)


def set_up(report: Report = print) -> WindowBlender:
    """The Blender for window tests, ready to use. Raises NoWindowBlender with what to do."""
    if sys.platform != "linux":
        raise NoWindowBlender("A virtual display needs Linux", "Run these tests there")
    chosen = os.environ.get("PARTS4D_BLENDER")
    if chosen:
        return _find_installed(chosen)
    _check_rights()
    debian = Debian()
    if debian.state() != "ready":
        _ensure_debootstrap(report)
    debian.install(report)
    return debian.blender


def remove(path: Path) -> None:
    """Deletes what `Debian` made. Raises NoWindowBlender for another folder, or with mounts."""
    if not path.exists():
        return
    ours = any((path / name).exists() for name in ("incomplete", "parts4d.json"))
    if path.is_symlink() or not (ours or not any(path.iterdir())):
        raise NoWindowBlender(f"{path} was not made by Parts4D", "Move it away")
    inside = mounts_in(path)
    if inside:  # deleting would go on in the system's own /dev
        raise NoWindowBlender(
            f"{inside[0]} is mounted", f"Unmount it: umount --recursive {inside[0]}"
        )
    (path / "incomplete").touch()
    shutil.rmtree(path)


def mounts_in(folder: Path) -> list[Path]:
    """What is mounted below a folder, seen from this process."""
    resolved = folder.resolve()
    points = []
    for line in Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines():
        name = line.split(" ")[1]
        for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            name = name.replace(code, character)
        points.append(Path(name))
    return [point for point in points if point.is_relative_to(resolved)]


def _find_installed(chosen: str) -> WindowBlender:
    blender = shutil.which(chosen)
    if blender is None:
        raise NoWindowBlender(
            f"PARTS4D_BLENDER is {chosen}, which is no program", "Correct the variable or unset it"
        )
    for program, package in (("Xvfb", "xvfb"), ("import", "imagemagick")):
        if shutil.which(program) is None:
            raise NoWindowBlender(f"{program} is not installed", f"Install {package}")
    return WindowBlender(str(Path(blender).absolute()), sys.executable)


def _check_rights() -> None:
    remedy = "Become root, or set PARTS4D_BLENDER to an installed Blender"
    if os.geteuid() != 0:
        raise NoWindowBlender("Only root may make a Blender with windows", remedy)
    try:
        done = subprocess.run([*_NAMESPACES, "true"], capture_output=True, text=True)
    except OSError as error:
        raise NoWindowBlender("unshare is not installed", "Install util-linux") from error
    if done.returncode:
        said = done.stderr.strip().removeprefix("unshare: ")
        raise NoWindowBlender(f"This container may not mount folders ({said})", remedy)


def _ensure_debootstrap(report: Report) -> None:
    if shutil.which("debootstrap", path=SYSTEM_PATH) and Path(KEYS).exists():
        return
    packages = ["debootstrap", "debian-archive-keyring"]
    if shutil.which("apt-get") is None:
        raise NoWindowBlender("debootstrap is not installed", f"Install {' and '.join(packages)}")
    apt = ["apt-get", "--yes", "--quiet"]
    _run([*apt, "update"], report)
    _run([*apt, "install", "--no-install-recommends", *packages], report)


def _check_space(place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < SPACE:
        raise NoWindowBlender(
            f"{place} needs {SPACE / 2**30:.0f} GB but {free / 2**30:.1f} are free",
            "Free some space",
        )


def _stamp() -> dict[str, object]:
    return {"suite": SUITE, "packages": list(PACKAGES)}


def _run(command: Sequence[str], report: Report, lock: FolderLock | None = None) -> None:
    """Reports now and then. The lock is inherited: a child may outlive a parent that is killed."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={"DEBIAN_FRONTEND": "noninteractive", **os.environ, "PATH": SYSTEM_PATH},
        pass_fds=lock.inheritable if lock else (),
    )
    assert process.stdout is not None
    lines = []
    with process:
        for number, line in enumerate(process.stdout):
            lines.append(line.strip())
            if number % 100 == 0:
                report(f"  {lines[-1][:100]}")
    if process.returncode:
        said = [line for line in lines if line.startswith(("E:", "W:"))] or lines[-1:]
        raise NoWindowBlender(
            f"{_name_of(command)} failed: {' '.join(said)[-300:]}".rstrip("."),
            "Check the network, or set PARTS4D_DEBIAN_MIRROR, and try again",
        )


def _name_of(command: Sequence[str]) -> str:
    known = ("debootstrap", "apt-get", "blender", "python3")
    words = " ".join(command).split()
    return next((word for word in words if word in known), command[0])


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    try:
        blender = set_up(lambda line: print(line, file=sys.stderr))
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    if arguments:
        return subprocess.call(blender.command(arguments, readable=[REPOSITORY]))
    print(blender.blender if blender.root is None else f"{blender.blender} in {blender.root}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
