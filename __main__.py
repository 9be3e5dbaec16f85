# SPDX-License-Identifier: GPL-3.0-or-later
"""`python PATH/TO/parts4d COMMAND ...`: the command line under a Python with the `bpy` module."""

import sys

from core.cli.main import main
from core.job.child_side import leave
from vendor_setup import worker_python

if __name__ == "__main__":
    leave(main(sys.argv[1:], worker_python))
