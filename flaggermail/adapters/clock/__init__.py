# SPDX-License-Identifier: EUPL-1.2
"""Instants, randomness and ticks.

Ways in: `clock.SystemClock`, `ticker.SchedulerTicker`; the demo's `story_clock`.

May import: `ports`.
"""
