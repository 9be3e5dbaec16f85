# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts4D: labels the parts of animated characters from typed names."""

from __future__ import annotations

from . import operators, panels
from .core.interface import pump, settings, translation
from .vendor_setup import worker_python


def register() -> None:
    translation.register()
    settings.register()
    operators.register()
    panels.register()
    pump.register(worker_python)


def unregister() -> None:
    pump.unregister()
    panels.unregister()
    operators.unregister()
    settings.unregister()
    translation.unregister()
