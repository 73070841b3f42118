# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with the desk itself: disk, clock, certificates, mailbox, loops that no longer turn.

Ways in: `self_check` raises and ends alarms on `findings`, `mailbox_monitor` does so for the mailbox, `watchdog`
knows which loops are alive.

May import: `notices` and every room below it.
"""
