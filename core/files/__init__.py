# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are never half written, and the lock on a folder. Standard library only."""
