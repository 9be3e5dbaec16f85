# SPDX-License-Identifier: GPL-3.0-or-later
"""Between Blender's window and the session: settings, timer, what the panels draw."""
