# SPDX-License-Identifier: GPL-3.0-or-later
"""The character looked at from all sides: views, element maps, facts. A process of its own."""
