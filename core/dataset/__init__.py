# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled images as a data set: ids, splits, cameras, the files that loaders read. No Blender."""
