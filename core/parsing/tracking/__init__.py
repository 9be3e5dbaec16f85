# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals followed through the images (eq. 3), and what they miss (eq. 4, 5)."""
