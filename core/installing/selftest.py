# SPDX-License-Identifier: GPL-3.0-or-later
"""What an environment's own Python says of it: `python -I THIS MODULES DEVICE PIN_FILE...`.

MODULES are imported; one with a `?` may fail. DEVICE is `auto` or `cpu`: with the latter no
graphics card is tried.

Prints one line of JSON: `problem` and `remedy` (empty when all is well), `versions` of what is
pinned, `without` (module that may be missing and is -> why), `seconds`; with PyTorch also `device`,
`device_name` and `compute_seconds` of a tiny forward pass there. Knows nothing of Parts4D, so that
it can be run by any Python.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

PREFIX = "selftest: "  # before the line of JSON: packages print things of their own


class Failed(Exception):
    """What is wrong, and what to do."""


def check_versions(pin_files: list[Path]) -> dict[str, str]:
    """Name -> version of what is pinned for this system. Raises Failed for another version."""
    found: dict[str, str] = {}
    for path in pin_files:
        for line in path.read_text("utf-8").splitlines():
            match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*([^\\]+))?", line)
            if not match or not _applies(match[3]):
                continue
            name, wanted = match[1], match[2]
            try:
                version = metadata.version(name)
            except metadata.PackageNotFoundError:
                raise Failed(f"{name}=={wanted} is missing", "Install it again") from None
            if version.lower() != wanted.lower():
                raise Failed(f"{name} is {version} instead of {wanted}", "Install it again")
            found[name] = version
    return found


def _applies(marker: str | None) -> bool:
    """Whether a marker holds here; one that cannot be read does not."""
    if not marker:
        return True
    try:
        from packaging.markers import Marker
    except ImportError:
        return False
    return bool(Marker(marker.strip()).evaluate())


def check_imports(modules: list[str]) -> dict[str, str]:
    """The modules that may be missing (`name?`) and are -> why.

    Raises Failed for the first other one that cannot be imported.
    """
    without = {}
    for module in modules:
        name = module.rstrip("?")
        try:
            importlib.import_module(name)
        except Exception as error:
            failure = _import_failure(name, error)
            if name == module:
                raise failure from error
            without[name] = ". ".join(failure.args)
    return without


def _import_failure(name: str, error: Exception) -> Failed:
    text = f"{error} {error.__cause__ or ''}"
    if "torchvision::" in text or ("torchvision" in name and "undefined symbol" in text):
        return Failed(
            "torch and torchvision are not compatible",
            "Remove the environment and install it again, both from the same package index",
        )
    if library := re.search(r"(lib[\w.+-]+\.so[\d.]*): cannot open shared object", text):
        return Failed(
            f"{name} needs the system library {library[1]}",
            "Install it with your system's package manager",
        )
    if "DLL load failed" in text or "WinError 126" in text or "WinError 1114" in text:
        return Failed(
            f"{name} cannot load a system library",
            "Install the Microsoft Visual C++ Redistributable (x64) and try again",
        )
    first = (str(error).splitlines() or [""])[0]
    return Failed(
        f"{name} cannot be imported ({type(error).__name__}: {first})", "Install it again"
    )


def compute(wanted: str) -> dict[str, Any]:
    """A tiny forward pass on the best device, or on the CPU if that is wanted. Raises Failed."""
    import torch
    from torchvision.ops import nms

    device = "cpu"
    if wanted == "auto" and torch.cuda.is_available():
        device = "cuda"
    elif wanted == "auto" and torch.backends.mps.is_available():
        device = "mps"
    name = torch.cuda.get_device_name() if device == "cuda" else device.upper()
    start = time.monotonic()
    try:
        with torch.inference_mode():
            images = torch.ones(1, 3, 16, 16, device=device)
            pixels = torch.nn.Conv2d(3, 8, 3).to(device)(images).flatten(2).transpose(1, 2)
            attended = torch.nn.functional.scaled_dot_product_attention(pixels, pixels, pixels)
            finite = bool(torch.isfinite(attended).all())
            boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [4, 4, 6, 6]], device=device)
            kept = nms(boxes, torch.tensor([0.9, 0.8, 0.7], device=device), 0.5).tolist()
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        raise Failed(
            f"PyTorch cannot compute on {name} ({first})",
            "Update the graphics driver; or install with --backend cpu, or cuda12 for older cards",
        ) from error
    if not finite or kept != [0, 2]:
        raise Failed(f"PyTorch computes wrong results on {name}", "Install with --backend cpu")
    seconds = round(time.monotonic() - start, 3)
    return {"device": device, "device_name": name, "compute_seconds": seconds}


def main(arguments: list[str]) -> int:
    """The program. Returns the exit status: 0 when all is well."""
    modules, wanted = arguments[0].split(","), arguments[1]
    pin_files = [Path(a) for a in arguments[2:]]
    start = time.monotonic()
    result: dict[str, Any] = {"problem": "", "remedy": "", "python": sys.version.split()[0]}
    try:
        result["versions"] = check_versions(pin_files)
        result["without"] = check_imports(modules)
        if "torch" in modules:
            result |= compute(wanted)
    except Failed as failure:
        result["problem"], result["remedy"] = failure.args
    result["seconds"] = round(time.monotonic() - start, 1)
    print(PREFIX + json.dumps(result), flush=True)
    return 1 if result["problem"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
