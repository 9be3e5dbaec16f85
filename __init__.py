# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts4D: labels the parts of animated characters from typed names."""

from __future__ import annotations

from . import operators, panels

_MODULES = (operators, panels)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
