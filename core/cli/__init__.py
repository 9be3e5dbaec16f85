# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `blender -b FILE --command parts4d ...` and `python -m core ...` alike."""
