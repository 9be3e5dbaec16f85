# SPDX-License-Identifier: GPL-3.0-or-later
"""The default encoder (no torch): words meet names, bones and sight in a space of their own."""
