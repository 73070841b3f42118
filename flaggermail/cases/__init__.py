# SPDX-License-Identifier: EUPL-1.2
"""Elections, their cases and what citizens report: opening and re-opening, clocks, what a referral lacks, declining.

Entry points: `elections.open_election`, `lifecycle.new_case`, `lifecycle.rejudge`, `lifecycle.missing_of`,
`attention.trust_of`. A citizen's report is declined once a period by `erasure.decline`, unless
`citizen_criteria.doubts` finds something; `erasure.tick` erases it. `approval.tally` counts the approvals of a
notification, `approval.offer_of_code` offers a code for one by mail.

May import: `letters` and every room below it.
"""
