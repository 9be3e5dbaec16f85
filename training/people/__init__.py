# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigged, dressed people as figures, and the poses they take."""
