# SPDX-License-Identifier: GPL-3.0-or-later
"""Trained weights: which there are, where they lie, how they are fetched. Standard library only."""
