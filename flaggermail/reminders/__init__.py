# SPDX-License-Identifier: EUPL-1.2
"""Reminders and escalations, recomputed from the rows at each tick; the hand-over note; pages.

Entry points: `escalation.due` decides by facts, policy and an instant alone; `reminders.tick` sends what is due,
`handover.open_clocks` lists what may be due, `paging` calls pagers.

May import: `matching`, `notices` and every room below them.
"""
