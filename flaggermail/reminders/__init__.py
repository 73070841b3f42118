# SPDX-License-Identifier: EUPL-1.2
"""Reminders and escalations, recomputed from the rows at each tick; the hand-over note; pages.

Entry points: `due_steps.due` decides by facts, policy and an instant alone; `sending.tick` sends what is due,
`open_clocks.open_clocks` lists what may be due, `paging` calls pagers.

May import: `matching`, `notices` and every room below them.
"""
