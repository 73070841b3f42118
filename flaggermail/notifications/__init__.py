# SPDX-License-Identifier: EUPL-1.2
"""A notification to a platform: what a draft must contain, its approval code, its clocks and its latency.

Entry points: `draft_policy.faults`, `approval.offer_of_code`, `clocks.judge`. `commands` drafts, approves
and records them.

May import: `settings` and every room below it.
"""
