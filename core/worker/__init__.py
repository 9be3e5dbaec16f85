# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that runs the parsing stages in a Python of its own, outside Blender."""
