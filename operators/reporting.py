# SPDX-License-Identifier: GPL-3.0-or-later
"""How operators tell what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import bpy

from ..core.errors import Parts4DError
from ..core.scene.narrowing import specific

Result = set[Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]]

ops = specific(bpy.ops)  # declared as returning nothing, and without ours

if TYPE_CHECKING:  # what mixins find in the operators they are mixed into
    OperatorMixin = bpy.types.Operator
else:  # Blender's own class comes once, last
    OperatorMixin = object


class ReportsErrors(OperatorMixin):
    """Mixed into operators: `perform` is the action, and an error of ours is a sentence.

    `perform` returns the operator's result, or nothing when it is finished.
    """

    def execute(self, context: bpy.types.Context) -> Result:
        try:
            return self.perform(context) or {"FINISHED"}
        except Parts4DError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    def perform(self, context: bpy.types.Context) -> Result | None:
        raise NotImplementedError
