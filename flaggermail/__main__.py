# SPDX-License-Identifier: EUPL-1.2
"""Runs the command line with `python -m flaggermail`."""

from flaggermail.cli import main

main()
