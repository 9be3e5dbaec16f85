# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline from captured views to labels. Never imports bpy."""
