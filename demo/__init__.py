# SPDX-License-Identifier: GPL-3.0-or-later
"""A clothed, walking character made by a script: the project's demo and test fixture.

`demo.character.build()` makes it in the current Blender file, `python -m demo OUT.blend` saves one.
"""
