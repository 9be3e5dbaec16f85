# SPDX-License-Identifier: GPL-3.0-or-later
"""Label passes: what every pixel of a camera's image shows, for compositors and data sets."""
