# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of one Blender session: what the panels show and what happens next. Without bpy."""
