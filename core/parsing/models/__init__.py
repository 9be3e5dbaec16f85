# SPDX-License-Identifier: GPL-3.0-or-later
"""One thin adapter per model, each behind one of the three seams."""
