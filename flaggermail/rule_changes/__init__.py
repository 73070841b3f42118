# SPDX-License-Identifier: EUPL-1.2
"""What a change of the rules involves: trying it on the archive, new samples, reloading, versions in force.

Ways in: `comparison` judges the archive by two rule sets, `sampling` makes a sample mail of a stored one,
`reload.Renewal` takes edited files while the daemon runs, `versions` archives each version with its period.

May import: `intake` and every room below it.
"""
