# SPDX-License-Identifier: GPL-3.0-or-later
"""What crosses a process border: the job folder, its spec, messages, and running it.

Standard library and numpy only: Blender, the capture process and the worker all import this.
"""
