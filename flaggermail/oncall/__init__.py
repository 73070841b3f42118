# SPDX-License-Identifier: EUPL-1.2
"""Who is on call, and after how much silence who is told: pure functions of facts, policy and instant.

Ways in: `schedule.on_call`, `escalation.due`, `periods.period`, `pager_choice`. `reminders` acts on what they decide.

May import: `mail`, `record`.
"""
