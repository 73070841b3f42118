# SPDX-License-Identifier: EUPL-1.2
"""Self-monitoring of the desk: disk, clock, certificates, mailbox, stuck loops.

Entry points: `self_check` raises and clears alarms for `findings`, `mailbox_monitor` does so for the mailbox,
`watchdog` tracks which loops are alive, `advice` finds mistakes in settings that are valid.

May import: `notices` and every room below it.
"""
