# SPDX-License-Identifier: GPL-3.0-or-later
"""How operators tell what went wrong."""

from __future__ import annotations

import bpy

from ..core.errors import Parts4DError


class ReportsErrors:
    """Mixed into operators: `perform` is the action, and an error of ours is a sentence.

    `perform` returns the operator's result, or nothing when it is finished.
    """

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return self.perform(context) or {"FINISHED"}
        except Parts4DError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
