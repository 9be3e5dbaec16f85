# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals of the embedded default, from the character itself and from sight (eq. 2)."""
