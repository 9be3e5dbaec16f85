# SPDX-License-Identifier: GPL-3.0-or-later
"""From embeddings and words to a label for every element (eq. 6, 7 and the lifting)."""
