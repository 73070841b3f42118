# SPDX-License-Identifier: EUPL-1.2
"""The one desk behind every way in: a name and a JSON object in, a JSON document or a file out.

Entry points: `desk.Desk.answer`, `desk.Desk.fetch`. The command line, scenarios and simulated nights know nothing else
of the desk; reply mail gives its commands through `commands.door`, in the transaction of the mail. `views` are what it
shows. What works without a desk that can be opened (`check`, `status`, `audit verify`, `parse`) is an inspection:
`inspections.INSPECTIONS`. `rule_comparison` tries rules on the archive, `sampling` makes a sample mail of a stored one.

May import: `commands`, `online`, `intake` and every room below them.
"""
