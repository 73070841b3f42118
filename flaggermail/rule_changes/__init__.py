# SPDX-License-Identifier: EUPL-1.2
"""Changes of the rules: comparison on the archive, new sample mails, reloading, versions in force.

Entry points: `comparison` applies two rule sets to the archive, `sampling` makes a sample mail from a stored one,
`reload.RuleReloader` loads edited files while the daemon runs, `reload.note` archives each version with its period.

May import: `intake` and every room below it.
"""
