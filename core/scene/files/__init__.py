# SPDX-License-Identifier: GPL-3.0-or-later
"""Files brought into Blender: opened, imported, joined to a sequence."""
