# SPDX-License-Identifier: EUPL-1.2
"""Elections and the cases that belong to them: opening, re-opening, clocks, what a referral still lacks.

Ways in: `elections.open_election`, `lifecycle.new_case`, `lifecycle.rejudge`, `referrals.missing_of`.

May import: `letters` and every room below it.
"""
