# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing labels back: onto the character's own meshes, and off again without a trace.

`apply_labels` puts a finished job's labels on the objects it names, `clear_labels` takes them
away, `show_overlay` paints the character with them. See `apply` for the story in order.
"""

from .apply import apply_labels
from .clear import clear_labels
from .ledger import labelled_objects
from .options import ClearReport, WriteOptions, WriteReport
from .overlay import show_overlay

__all__ = [
    "ClearReport",
    "WriteOptions",
    "WriteReport",
    "apply_labels",
    "clear_labels",
    "labelled_objects",
    "show_overlay",
]
