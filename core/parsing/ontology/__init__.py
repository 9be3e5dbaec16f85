# SPDX-License-Identifier: GPL-3.0-or-later
"""What words mean: garments, body parts and how they relate; names in files read as words."""
