# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of Parts4D that are not user interface: scene, job, parsing, worker, command line."""
