# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a body: up, left and right, bones, its surface."""
