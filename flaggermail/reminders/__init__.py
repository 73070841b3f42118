# SPDX-License-Identifier: EUPL-1.2
"""Reminders and escalations, derived from the rows at each tick; the hand-over note; pages.

Ways in: `reminders.tick` is the way of one reminder, `open_clocks.waiting` what may be due, `paging` calls pagers.

May import: `notices` and every room below it; decisions come from `oncall`.
"""
