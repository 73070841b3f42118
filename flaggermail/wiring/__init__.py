# SPDX-License-Identifier: EUPL-1.2
"""Connects the adapters to the ports, and opens a desk for each way in: the only room that knows both.

Entry points: `assembly` makes the services of a desk, `daemon_assembly.daemon` the daemon, `opening.DeskConnection` a
desk for the command line, `runs` what a command runs in its own process, `desk_backup` copies one.

May import: every room but `cli`.
"""
