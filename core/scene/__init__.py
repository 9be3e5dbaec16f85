# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that talks to Blender: characters, cameras, capture, writing labels back."""
