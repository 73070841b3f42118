# SPDX-License-Identifier: EUPL-1.2
"""Clock, randomness and periodic calls.

Entry points: `clock.SystemClock`, `ticker.SchedulerTicker`.

May import: `ports`.
"""
