# SPDX-License-Identifier: GPL-3.0-or-later
"""Controlled failures: masks and embeddings from ground truth, damaged at known rates, then fused.

Everything after the damage is the pipeline's own code. Models fail in ways that depend on each
other; here each failure comes alone and at a rate that is known, so that the curves tell what every
step of the fusion is good for.
"""
