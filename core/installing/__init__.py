# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's Pythons and their packages: made, tested, removed. Standard library only."""
