# SPDX-License-Identifier: EUPL-1.2
"""Elections and their cases: opening and re-opening cases, their clocks, and what a referral lacks.

Entry points: `elections.open_election`, `lifecycle.new_case`, `lifecycle.rejudge`, `referrals.missing_of`.

May import: `letters` and every room below it.
"""
