# SPDX-License-Identifier: GPL-3.0-or-later
"""The vision model that is shipped: what it is given, running it, and what it saw per element."""
