# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the vision model that the extension ships: synthetic people, renders, training."""
