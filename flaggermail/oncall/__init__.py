# SPDX-License-Identifier: EUPL-1.2
"""The on-call schedule and the escalation policies: pure functions of facts, policy and an instant.

Entry points: `schedule.on_call`, `escalation.due`, `periods.period`, `pager_choice`. `reminders` acts on their results.

May import: `mail`, `record`.
"""
