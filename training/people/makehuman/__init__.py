# SPDX-License-Identifier: GPL-3.0-or-later
"""People made from MakeHuman's base body, shapes, skins and clothes."""

from .kit import Kit
from .sampling import bare_person, child_shape, sample_person
from .shapes import Shape

__all__ = ["Kit", "Shape", "bare_person", "child_shape", "sample_person"]
