# SPDX-License-Identifier: EUPL-1.2
"""A notification to a platform: what a draft must contain, and its approval code.

Entry points: `draft_policy.faults`, `approval.offer_of_code`. `commands` drafts, approves and records them.

May import: `settings` and every room below it.
"""
