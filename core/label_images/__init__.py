# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of labels as files: what is asked for, what is written, formats. Nothing needs Blender."""
