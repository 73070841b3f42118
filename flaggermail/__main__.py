# SPDX-License-Identifier: EUPL-1.2
"""`python -m flaggermail` is the command line."""

from flaggermail.cli import main

main()
