# SPDX-License-Identifier: GPL-3.0-or-later
"""Many labelled images from one file: what is asked for, the tasks that makes, running them."""
